"""The optimizers, held against numpy, and one that a third party adds."""

from __future__ import annotations

import inspect
import textwrap

import numpy as np
import pytest
import tensorflow as tf
from pydantic import TypeAdapter

import nstk
from nstk import testing
from nstk.api.hookspecs import Hooks
from nstk.objective.problem import PictureProblem
from nstk.plugins.optimizers._keras import LearningRate
from nstk.plugins.optimizers.adam import Adam
from nstk.plugins.optimizers.sgd import Sgd
from nstk.plugins.parametrizations.pixels import Pixels

START = testing.pictures((6, 5)).content.astype(np.float64)
WANTED = testing.pictures((6, 5), seed=1).content.astype(np.float64) * 1.5 - 60
"""Where the pull goes: partly beyond 0..255, so that pixels are clipped."""


def pull(image):
    """Half the squared distance to WANTED, and its gradient."""
    difference = image - tf.constant(WANTED[None], tf.float32)
    loss = tf.reduce_sum(tf.square(difference)) / 2
    return nstk.Evaluation(loss, {"pull": loss}), difference


class Given:
    """An objective that is a function of the picture, which returns an evaluation and a gradient."""

    def __init__(self, value_and_grad):
        self.value_and_grad = value_and_grad

    def evaluate(self, image):
        return self.value_and_grad(image)[0]


def begin(optimizer, value_and_grad=pull, steps=20, start=START, parametrization=None, before=None):
    image = tf.Variable(start[None], dtype=tf.float32)
    problem = PictureProblem(image, Given(value_and_grad), parametrization or Pixels(), steps)
    return image, optimizer.start(problem, before)


def numpy_adam(picture, steps, rate, beta_1, beta_2, epsilon):
    """Kingma and Ba in the order of section 2's last paragraph, as Keras has it: epsilon is added to the uncorrected root."""
    m = v = np.zeros_like(picture)
    for t in range(1, steps + 1):
        g = picture - WANTED
        m, v = beta_1 * m + (1 - beta_1) * g, beta_2 * v + (1 - beta_2) * g**2
        step = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        picture = np.clip(picture - step * m / (np.sqrt(v) + epsilon), 0, 255)
    return picture


@pytest.mark.parametrize(
    ("rate", "beta_1", "beta_2", "epsilon"), [(2.0, 0.9, 0.999, 1e-7), (25.0, 0.9, 0.999, 1e-7), (5.0, 0.5, 0.8, 1.0)]
)
def test_adam_is_adam(rate, beta_1, beta_2, epsilon):
    image, stepper = begin(Adam(learning_rate=rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon))
    for _ in range(12):
        stepper.step()
    expected = numpy_adam(START, 12, rate, beta_1, beta_2, epsilon)
    np.testing.assert_allclose(image[0], expected, atol=2e-2)
    if rate == 25:
        assert (expected == 0).any() or (expected == 255).any()  # the clipping took part


@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_has_momentum(nesterov):
    image, stepper = begin(Sgd(learning_rate=0.1, momentum=0.8, nesterov=nesterov))
    picture, momentum = START, np.zeros_like(START)
    for _ in range(8):
        stepper.step()
        move = -0.1 * (picture - WANTED)
        momentum = 0.8 * momentum + move
        picture = np.clip(picture + (0.8 * momentum + move if nesterov else momentum), 0, 255)
    np.testing.assert_allclose(image[0], picture, atol=1e-2)


def test_a_step_returns_the_objective_before_its_move():
    image, stepper = begin(Adam())
    before = float(pull(image)[0].loss)
    evaluation = stepper.step()
    assert float(evaluation.loss) == before
    assert float(pull(image)[0].loss) < before


def rates(learning_rate, steps):
    """The rate of each step: with a gradient of 1 and no momentum it is how far a pixel moves."""
    image, stepper = begin(
        Sgd(learning_rate=learning_rate, momentum=0), lambda image: (nstk.Evaluation(0.0, {}), tf.ones_like(image)), steps
    )
    image.assign(tf.fill(image.shape, 255.0))
    levels = [255.0]
    for _ in range(steps):
        stepper.step()
        levels.append(float(image[0, 0, 0, 0]))
    return -np.diff(levels)


@pytest.mark.parametrize("constant", [3.0, 3, {"start": 3}, {"use": "constant", "start": 3}])
def test_a_constant_rate(constant):
    np.testing.assert_allclose(rates(constant, 4), [3, 3, 3, 3], rtol=1e-4)


def test_an_exponential_rate():
    made = rates({"use": "exponential", "start": 8, "decay": 0.5, "every": 2}, 6)
    np.testing.assert_allclose(made, [8 * 0.5 ** (step / 2) for step in range(6)], rtol=1e-4)


def test_a_cosine_rate_goes_from_start_to_end():
    made = rates({"use": "cosine", "start": 10, "end": 2}, 5)
    np.testing.assert_allclose(made, [2 + 8 * (1 + np.cos(np.pi * step / 4)) / 2 for step in range(5)], rtol=1e-4)
    assert made[0] == pytest.approx(10)
    assert made[-1] == pytest.approx(2, rel=1e-4)
    np.testing.assert_allclose(rates({"use": "cosine", "start": 10}, 1), [10], rtol=1e-4)


@pytest.mark.parametrize("wrong", [0, -1, {"use": "linear", "start": 1}, {"use": "cosine"}, {"use": "constant", "start": 0}])
def test_a_wrong_rate_is_refused(wrong):
    with pytest.raises(ValueError, match="validation error"):
        TypeAdapter(LearningRate).validate_python(wrong)


@pytest.mark.parametrize("optimizer", [Adam(), Adam(learning_rate={"use": "cosine", "start": 5}), Sgd(learning_rate=0.1)])
def test_the_state_is_in_variables_that_can_be_put_back(optimizer):
    image, stepper = begin(optimizer)
    for _ in range(3):
        stepper.step()
    everything = [image, *stepper.variables]
    assert all(isinstance(variable, tf.Variable) for variable in everything)
    kept = [variable.numpy() for variable in everything]

    def two_more():
        stepper.step()
        stepper.step()
        return image.numpy()

    straight_on = two_more()
    assert not np.array_equal(two_more(), straight_on)
    for variable, was in zip(everything, kept, strict=True):
        variable.assign(was)
    np.testing.assert_array_equal(two_more(), straight_on)


def test_nan_is_not_remembered_and_then_moves_are_half_as_long():
    """A gradient of NaN makes the picture NaN, for the engine to see; the optimizer has not seen it."""

    def straight(image):
        return nstk.Evaluation(tf.constant(bad["loss"]), {}), tf.fill(image.shape, bad["gradient"])

    for bad in ({"loss": np.nan, "gradient": 1.0}, {"loss": 1.0, "gradient": np.inf}):
        good, wrong = {"loss": 1.0, "gradient": 1.0}, bad
        image, stepper = begin(Adam(learning_rate=2), straight, start=np.full((4, 4, 3), 200.0))
        bad = good
        stepper.step()
        before, kept = image.numpy(), [variable.numpy() for variable in stepper.variables]
        bad = wrong
        stepper.step()
        assert np.isnan(image).all()
        for variable, was in zip(stepper.variables, kept, strict=True):
            np.testing.assert_array_equal(variable, was)
        image.assign(before)
        assert stepper.recover()
        bad = good
        stepper.step()
        np.testing.assert_allclose(image, before - 1, atol=1e-3)


def test_the_example_of_the_hook_is_an_optimizer_that_works(tmp_path):
    doc = inspect.getdoc(Hooks.nstk_optimizers)
    code = textwrap.dedent(doc[doc.index("    import nstk") :])
    (tmp_path / "sign.py").write_text(code, encoding="utf-8")
    settings = {"plugins": [str(tmp_path / "sign.py")], "optimizer": {"use": "sign", "size": 4}, "steps": 1}
    result = testing.run_recipe(tmp_path, **settings)
    moved = result.picture.astype(int) - nstk.read_picture(tmp_path / "content.png").astype(int)
    assert set(np.unique(np.abs(moved[(result.picture > 0) & (result.picture < 255)]))) <= {0, 4}
    assert (np.abs(moved) == 4).mean() > 0.8
    assert sum(result.losses.values()) < result.history[0]["loss"]


BROKEN = """
class Odd(nstk.Optimizer):
    \"\"\"Broken in a chosen way.\"\"\"
    name = "odd"
    way: str = ""

    def start(self, problem, before=None):
        if self.way == "start":
            raise ValueError("cannot begin")
        stepper = nstk.Stepper()
        def step():
            if self.way == "step":
                raise ValueError("cannot move")
            evaluation, gradient = problem.value_and_grad()
            if self.way == "nan":
                problem.image.assign(problem.image * np.nan)
            return None if self.way == "none" else evaluation
        stepper.step = step
        return stepper

@nstk.hookimpl
def nstk_optimizers():
    return [Odd]
"""


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("start", r"optimizer `odd` failed: ValueError: cannot begin \(mine.py:13\)"),
        ("step", r"optimizer `odd`,? failed: ValueError: cannot move \(mine.py:17\)"),
        ("none", r"optimizer `odd`: step\(\) returned None, not the Evaluation"),
        ("nan", r"the move of optimizer `odd` is NaN or infinite at step 1, scale 0 \(48 x 36\)"),
    ],
)
@pytest.mark.parametrize("run_eagerly", [False, True])
def test_a_broken_optimizer_is_named(way, message, run_eagerly, tmp_path, plugin):
    with pytest.raises(nstk.RunError, match=message):
        testing.run_recipe(tmp_path, plugins=[plugin(BROKEN)], optimizer={"use": "odd", "way": way}, run_eagerly=run_eagerly)
