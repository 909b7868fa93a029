"""`check_optimizer`: it finds each kind of broken optimizer, and passes a good one."""

from __future__ import annotations

import math

import pytest
import tensorflow as tf

import nstk
from nstk import testing
from tests.testing.samples import broken, found

STARTED = []
"""The steppers of the test that counts them."""


class Mover(nstk.Stepper):
    """Gradient descent with momentum."""

    def __init__(self, problem):
        self.problem = problem
        self.mean = tf.Variable(tf.zeros(problem.image.shape))
        self.variables = [self.mean]

    def step(self):
        evaluation, gradient = self.problem.value_and_grad()
        self.mean.assign(0.9 * self.mean + gradient)
        self.problem.move(-100 * self.mean)
        return evaluation


class Good(nstk.Optimizer):
    """Gradient descent with momentum."""

    name = "good"
    stepper: str = nstk.Field("Mover", description="None.")

    def start(self, problem, before=None):
        return Mover(problem)

    def pictures(self, steps):
        return 1


def with_stepper(**members):
    """An optimizer like `Good` whose stepper has other `members`."""
    stepper = type("Stepper", (Mover,), members)
    return broken(Good, start=lambda self, problem, before=None: stepper(problem))


def uphill(self):
    evaluation, gradient = self.problem.value_and_grad()
    self.problem.move(100 * gradient)
    return evaluation


def afterwards(self):
    Mover.step(self)
    return self.problem.evaluate()


def by_pixels(self):
    evaluation, gradient = self.problem.pixel_gradient()
    self.problem.image.assign(tf.clip_by_value(self.problem.image - 2000 * gradient, 0, 255))
    return evaluation


def unclipped(self):
    evaluation, gradient = self.problem.value_and_grad()
    self.problem.image.assign(self.problem.image - 3000 * self.problem.shape(gradient))
    return evaluation


def counted(self):
    self.count = getattr(self, "count", 0) + 1
    evaluation, gradient = self.problem.value_and_grad()
    self.problem.move(-100 * self.count * gradient)
    return evaluation


def hidden(self, problem):
    Mover.__init__(self, problem)
    self.variables = []


def growing(self, problem):
    Mover.__init__(self, problem)
    STARTED.append(self)
    self.variables = [self.mean, *(tf.Variable(0.0) for _ in STARTED)]


def with_good(self, problem):
    Mover.__init__(self, problem)
    self.good = tf.Variable(problem.image)


def crash(self):
    raise ValueError("no such thing")


def once(self, problem, before=None):
    if before:
        raise ValueError("only one scale")
    return Mover(problem)


BROKEN = {
    "an exception": (with_stepper(step=crash), r"optimizer `broken` failed: ValueError: no such thing \(test_optimizers"),
    "nothing": (with_stepper(step=lambda s: None), r"step\(\) returned None, not the Evaluation"),
    "the wrong direction": (with_stepper(step=uphill), "does not lower the loss: it is 10 at first, and"),
    "the loss after the move": (with_stepper(step=afterwards), r"step\(\) returned a loss of .* before the move"),
    "pixels beyond 255": (with_stepper(step=unclipped), "made pixels of .*: move by `problem.move`"),
    "no parametrization": (with_stepper(step=by_pixels), "ignores the parametrization: ask for"),
    "a count of its own": (with_stepper(step=counted), "when its steps are compiled: use tensors only"),
    "a hidden state": (with_stepper(__init__=hidden), "all of its state has to be in its stepper's `variables`"),
    "other variables each time": (with_stepper(__init__=growing), "two steppers for pictures of one size have other variables"),
    "arrays in variables": (
        with_stepper(variables=property(lambda s: [1.0], lambda s, v: None)),
        "keep the state in tf.Variables",
    ),
    "a good picture that is hidden": (with_stepper(__init__=with_good), "`good` is not among its `variables`"),
    "a promise that NaN breaks": (with_stepper(recover=lambda s: True), "the step after it made NaN or infinity"),
    "a recovery that says nothing": (with_stepper(recover=lambda s: None), r"recover\(\) returned None, neither True nor"),
    "a picture that ends as NaN": (
        with_stepper(finish=lambda s: s.problem.image.assign(s.problem.image * math.nan)),
        "made a picture with NaN or infinity",
    ),
    "no stepper": (broken(Good, start=lambda s, p, before=None: 3), r"start\(\) returned 3: return an nstk.Stepper"),
    "only one scale": (broken(Good, start=once), "failed: ValueError: only one scale"),
    "too little memory": (
        broken(Good, pictures=lambda s, n: 0),
        r"holds 1.0 pictures in its variables, but pictures\(\) says 0",
    ),
    "memory in words": (broken(Good, pictures=lambda s, n: "few"), r"pictures\(\) returned 'few', not a number"),
    "nothing within": (broken(Good, within=lambda s, n: None), r"within\(\) returned None: return an optimizer, or `self`"),
    "more within": (broken(Good, within=lambda s, n: type(s).__mro__[2]()), "returned an optimizer of 6 pictures, more than"),
}


def test_a_good_optimizer_passes():
    testing.check_optimizer(Good())


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_optimizer_is_told_why(what):
    found(testing.check_optimizer, *BROKEN[what])
