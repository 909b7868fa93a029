"""Checks everything that an optimizer must do."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from ..api import Definition, Evaluation, Optimizer, Parametrization, Stepper
from .common import called, check_dump, checking, require, same
from .samples import pictures

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

    from ..objective.base import Objective
    from ..objective.problem import PictureProblem

SIZE = (20, 23)
"""The picture's height and width."""

STEPS = 20
"""How many steps the optimizer is told of."""

MANY = 1000
"""So many that no optimizer holds more pictures after them: a part of them may take no memory before it is written to."""

BEFORE, AFTER = 3, 2
"""How many steps a run does before it is broken off, and after it is resumed."""


def check_optimizer(optimizer: Optimizer) -> None:
    """Raise an `AssertionError` that says what is broken, unless an optimizer does all that a run relies on.

        nstk.testing.check_optimizer(MyOptimizer(size=2))

    It is put to work on a squared distance to another picture, as large as nstk's losses are: near 1, with gradients of 1e-3.
    It survives being written to a recipe and read again; it lowers the loss, by compiled steps as by others; it leaves the
    picture within 0..255; a step returns what the objective was before it moved; the state is in the `variables` of its
    stepper, so that a new stepper with their values goes on as if nothing had been; it heeds the parametrization; it begins at
    a scale of another size; after `recover` its steps are finite; it holds no more pictures than `pictures` says.
    """
    check_dump(optimizer)
    with checking(called(optimizer), optimizer):
        _check_descent(optimizer)
        _check_steps(optimizer)
        _check_resumed(optimizer)
        _check_recovery(optimizer)
        _check_memory(optimizer)


class _Distance:
    """The objective: the squared distance to a picture that is partly beyond 0..255, 10 at the start; NaN on demand."""

    def __init__(self, start: np.ndarray, wanted: np.ndarray):
        import numpy as np
        import tensorflow as tf

        self.wanted = tf.constant(wanted[None], tf.float32)
        self.losses = {"distance": None}
        self.factor = 10 / float(np.sum(np.square(start - wanted)))
        self.spoiled = tf.Variable(0.0)
        """NaN where the objective is to be NaN, otherwise 0."""

    def value_and_grad(self, image: Any) -> tuple[Evaluation, Any]:
        import tensorflow as tf

        difference = image - self.wanted + self.spoiled
        loss = self.factor * tf.reduce_sum(tf.square(difference))
        return Evaluation(loss, {"distance": loss}), 2 * self.factor * difference

    def evaluate(self, image: Any) -> Evaluation:
        return self.value_and_grad(image)[0]


class _Cool(Parametrization):
    """Red moves less readily than green and blue."""

    name = "cool"

    def operator(self, height: int, width: int) -> Callable[[Any], Any]:
        return lambda change: change * [0.25, 1.0, 1.0]


class _Plain(Parametrization):
    """The unknowns are the pixels."""

    name = "plain"

    def operator(self, height: int, width: int) -> Callable[[Any], Any]:
        return lambda change: change


class _Work:
    """An optimizer at work on a picture."""

    def __init__(
        self,
        optimizer: Optimizer,
        size: tuple[int, int] = SIZE,
        parametrization: Definition | None = None,
        before: Stepper | None = None,
    ):
        import numpy as np
        import tensorflow as tf

        from ..objective.problem import PictureProblem

        self.who = called(optimizer)
        start = pictures(size).content.astype(np.float64)
        self.distance = _Distance(start, 1.5 * pictures(size, seed=1).content - 60)
        self.image = tf.Variable(start[None], dtype=tf.float32)
        operator, objective = cast(Parametrization, parametrization or _Plain()), cast("Objective", self.distance)
        self.problem: PictureProblem = PictureProblem(self.image, objective, operator, STEPS)
        self.stepper = optimizer.start(self.problem, before)
        who = f"{self.who}: start() returned {self.stepper!r}"
        require(isinstance(self.stepper, Stepper), f"{who}: return an nstk.Stepper")
        strange = [it for it in self.stepper.variables if not isinstance(it, tf.Variable)]
        require(not strange, f"{self.who} has {strange[:1]} among its stepper's `variables`: keep the state in tf.Variables")
        good = self.stepper.good
        require(
            good is None or any(it is good for it in self.stepper.variables),
            f"{self.who}: its stepper's `good` is not among its `variables`, so that a resumed run would not have it",
        )

    def step(self, move: Callable[[], Evaluation] | None = None) -> float:
        """Move the picture once, and hold what the step returns against the objective before it."""
        before = float(self.distance.evaluate(self.image).loss)
        evaluation = (move or self.stepper.step)()
        what = f"{self.who}: step() returned {evaluation!r}"
        require(isinstance(evaluation, Evaluation), f"{what}, not the Evaluation that the problem gave it")
        told = float(evaluation.loss)
        require(
            math.isclose(told, before, rel_tol=1e-3) or not math.isfinite(before),
            f"{self.who}: step() returned a loss of {told:.6g}, but it was {before:.6g} before the move",
        )
        return told

    def check_picture(self) -> None:
        import numpy as np

        picture = np.asarray(self.image)
        require(bool(np.isfinite(picture).all()), f"{self.who} made a picture with NaN or infinity in it")
        low, high = float(picture.min()), float(picture.max())
        require(low >= 0 and high <= 255, f"{self.who} made pixels of {low:.4g} to {high:.4g}: move by `problem.move`")


def _compiled(work: _Work) -> Callable[[], Any]:
    """A step as a run compiles it, with whether the optimizer has stalled."""
    import tensorflow as tf

    def move() -> tuple[Evaluation, tf.Tensor]:
        evaluation = work.stepper.step()
        return evaluation, tf.convert_to_tensor(work.stepper.stalled())

    compiled = tf.function(move, autograph=False)
    return lambda: compiled()[0]


def _check_descent(optimizer: Optimizer) -> None:
    """The loss falls, whatever lies between the unknowns and the pixels."""
    work = _Work(optimizer)
    move = _compiled(work)
    first = work.step(move)
    for _ in range(STEPS - 1):
        work.step(move)
        work.check_picture()
    work.stepper.finish()
    work.check_picture()
    last = float(work.distance.evaluate(work.image).loss)
    require(last < first, f"{work.who} does not lower the loss: it is {first:.4g} at first, and {last:.4g} after {STEPS} steps")


def _check_steps(optimizer: Optimizer) -> None:
    """Steps are the same compiled, and shaped by the parametrization."""
    import numpy as np

    moved = []
    for compile_, parametrization in ((False, None), (True, None), (False, _Cool())):
        work = _Work(optimizer, parametrization=parametrization)
        move = _compiled(work) if compile_ else None
        for _ in range(BEFORE):
            work.step(move)
        moved.append(np.asarray(work.image))
    plain, compiled, cool = moved
    what = f"{called(optimizer)} makes another picture when its steps are compiled"
    require(_alike(plain, compiled), f"{what}: use tensors only, Python's own values are frozen when it is compiled")
    require(
        not _alike(plain, cool),
        f"{called(optimizer)} ignores the parametrization: ask for `problem.value_and_grad()`, and move by `problem.move`",
    )


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two pictures differ by a few hundredths of a level at most, which rounding may add up to."""
    return same(one, other, 1e-4)


def _check_resumed(optimizer: Optimizer) -> None:
    """A new stepper that is given the values of the variables goes on as the old one does."""
    import numpy as np

    work, again = _Work(optimizer), _Work(optimizer)
    for _ in range(BEFORE):
        work.step()
    kept = [np.asarray(variable) for variable in (work.image, *work.stepper.variables)]
    others = [again.image, *again.stepper.variables]
    require(
        [tuple(it.shape) for it in others] == [tuple(it.shape) for it in (work.image, *work.stepper.variables)],
        f"{work.who}: two steppers for pictures of one size have other variables, so that a run cannot be resumed",
    )
    for variable, value in zip(others, kept, strict=True):
        variable.assign(value)
    for _ in range(AFTER):
        work.step()
        again.step()
    require(
        _alike(np.asarray(work.image), np.asarray(again.image)),
        f"{work.who} makes another picture in a run that is resumed: all of its state has to be in its stepper's `variables`",
    )
    finer = _Work(optimizer, (SIZE[0] + 9, SIZE[1] + 11), before=work.stepper)
    finer.step()
    finer.check_picture()


def _check_recovery(optimizer: Optimizer) -> None:
    """After NaN, what `recover` promises must hold."""
    import numpy as np

    work = _Work(optimizer)
    for _ in range(BEFORE):
        work.step()
    good = np.asarray(work.image)
    work.distance.spoiled.assign(math.nan)
    work.stepper.step()
    work.distance.spoiled.assign(0.0)
    work.image.assign(good if work.stepper.good is None else work.stepper.good)
    recovers = work.stepper.recover()
    require(isinstance(recovers, bool), f"{work.who}: recover() returned {recovers!r}, neither True nor False")
    if recovers:
        work.stepper.step()
        what = f"{work.who}: recover() said that it can go on, but the step after it made NaN or infinity"
        require(bool(np.isfinite(np.asarray(work.image)).all()), f"{what}: keep them out of its variables")


def _check_memory(optimizer: Optimizer) -> None:
    """What a run plans its memory by must be true."""
    import numpy as np

    work, who = _Work(optimizer), called(optimizer)
    held = sum(np.asarray(it).size for it in work.stepper.variables if it is not work.stepper.good)
    count, told = held / np.asarray(work.image).size, optimizer.pictures(MANY)
    require(isinstance(told, int) and told >= 0, f"{who}: pictures() returned {told!r}, not a number of pictures")
    require(count <= told + 0.5, f"{who} holds {count:.1f} pictures in its variables, but pictures() says {told}")
    smaller = optimizer.within(1)
    require(isinstance(smaller, Optimizer), f"{who}: within() returned {smaller!r}: return an optimizer, or `self`")
    require(
        smaller.pictures(MANY) <= told,
        f"{who}: within(1) returned an optimizer of {smaller.pictures(MANY)} pictures, more than its own {told}",
    )
