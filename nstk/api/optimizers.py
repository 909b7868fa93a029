"""Optimizers: what moves the picture, and the problem that one works on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from .definition import Definition

if TYPE_CHECKING:
    import tensorflow as tf


class Evaluation(NamedTuple):
    """The objective at one picture, as scalar tensors; `losses` are by label, weighted, and sum to `loss`."""

    loss: Any
    losses: dict[str, Any]


class Problem(Protocol):
    """What an optimizer works on: a picture, and the objective to make small.

    It sees the picture through the recipe's `parametrization`: a linear and symmetric operator `shape` from changes of the
    unknowns, which the optimizer decides on, to changes of the pixels. An optimizer that asks for `value_and_grad()` and
    answers with `move(change)` works under every parametrization, and its pixels stay in 0..255.
    """

    image: tf.Variable
    """The picture, `[1, height, width, 3]`, 0..255."""
    steps: int
    """How many times it will be moved."""

    def value_and_grad(self) -> tuple[Evaluation, Any]:
        """The objective at the picture, and its gradient with respect to the unknowns, `[1, height, width, 3]`."""

    def move(self, change: Any) -> None:
        """Move the picture by a change of the unknowns, and clip it to 0..255."""

    def pixel_gradient(self) -> tuple[Evaluation, Any]:
        """The objective, and its gradient with respect to the pixels; for an optimizer that assigns `image` itself."""

    def evaluate(self) -> Evaluation:
        """The objective at the picture, without a gradient."""

    def shape(self, change: Any) -> Any:
        """The parametrization's operator: from a change of the unknowns to one of the pixels, and (it is symmetric) from a
        gradient with respect to the pixels to one with respect to the unknowns."""


class Stepper:
    """An optimizer at work on one picture."""

    variables: Sequence[Any] = ()
    """The `tf.Variable`s that hold its state, all of it: a run that is resumed puts their values into those of a new stepper.

    They are the same ones in the same order whenever a stepper is made for a scale of that size.
    """

    good: Any = None
    """The `tf.Variable` of a picture to go back to where the numbers go wrong, if it is among its variables; else the run
    keeps the last picture from which a step was finite."""

    def step(self) -> Evaluation:
        """Move the picture once. Returns the objective as it was before the move.

        It is compiled with `tf.function` unless the recipe says `run_eagerly: true`, so it works on tensors only.
        """
        raise NotImplementedError

    def stalled(self) -> Any:
        """Whether no step can make progress any more, as a boolean tensor or a bool; compiled with `step`."""
        return False

    def recover(self) -> bool:
        """Make the next moves smaller: one led to a picture whose objective or gradient is NaN or infinite.

        The image is the last good picture again. Asked once a scale, and not compiled; False: it cannot, and the run ends.
        """
        return False

    def finish(self) -> None:
        """Called after the last step of a scale: leave in the image the picture to keep."""


class Optimizer(Definition):
    """Moves the picture."""

    def start(self, problem: Problem, before: Stepper | None = None) -> Stepper:
        """Begin on a picture. After the first scale, `before` is the stepper of the scale before, whose state may serve.

        A run that is resumed has none, and then puts back what the new stepper's `variables` held.
        """
        raise NotImplementedError

    def pictures(self, steps: int) -> int:
        """How many pictures in float32 its stepper holds at most in so many steps, for the estimate of memory.

        Without the picture itself, its gradient and the last good one.
        """
        return 6

    def within(self, pictures: int) -> Optimizer:
        """An optimizer that holds about so many pictures at most, where memory is short: itself if it can do no other."""
        return self
