"""Optimizers: parts that move the picture, and the problem that they work on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from .definition import Definition

if TYPE_CHECKING:
    import tensorflow as tf


class Evaluation(NamedTuple):
    """The objective at one picture, as scalar tensors. `losses` are weighted, by label, and sum to `loss`."""

    loss: Any
    losses: dict[str, Any]


class Problem(Protocol):
    """What an optimizer works on: a picture, and the objective to make small.

    The optimizer sees the picture through the recipe's `parametrization`. This is a linear and symmetric operator `shape` from
    changes of the unknowns, which the optimizer decides on, to changes of the pixels. An optimizer that asks for
    `value_and_grad()` and answers with `move(change)` works under every parametrization, and the pixels stay in 0..255.
    """

    image: tf.Variable
    """The picture, `[1, height, width, 3]`, 0..255."""
    steps: int
    """How many times the picture will be moved."""

    @property
    def labels(self) -> Sequence[str]:
        """The labels of the losses, in the order in which an evaluation has them."""

    def value_and_grad(self) -> tuple[Evaluation, Any]:
        """The objective at the picture, and its gradient with respect to the unknowns, `[1, height, width, 3]`."""

    def move(self, change: Any) -> None:
        """Move the picture by a change of the unknowns, and clip it to 0..255."""

    def pixel_gradient(self) -> tuple[Evaluation, Any]:
        """The objective, and its gradient with respect to the pixels. It is for an optimizer that assigns `image` itself."""

    def evaluate(self) -> Evaluation:
        """The objective at the picture, without a gradient."""

    def shape(self, change: Any) -> Any:
        """The parametrization's operator. It takes a change of the unknowns to a change of the pixels.

        Because it is symmetric, it also takes a gradient with respect to the pixels to one with respect to the unknowns.
        """


class Stepper:
    """An optimizer at work on one picture."""

    variables: Sequence[Any] = ()
    """The `tf.Variable`s that hold the whole state. A resumed run puts their values into the variables of a new stepper.

    Every stepper that is made for a scale of one size has equal variables in the same order.
    """

    good: Any = None
    """The variable, among `variables`, that holds the picture to go back to when the numbers go wrong.

    Where it is None, the run itself keeps the last picture from which a step was finite.
    """

    def step(self) -> Evaluation:
        """Move the picture once. Returns the objective as it was before the move.

        `step` is compiled with `tf.function` unless the recipe says `run_eagerly: true`, so it works on tensors only.
        """
        raise NotImplementedError

    def stalled(self) -> Any:
        """Whether no step can make progress any more, as a boolean tensor or a bool. It is compiled with `step`."""
        return False

    def recover(self) -> bool:
        """Make the next moves smaller, because one led to a picture whose objective or gradient is NaN or infinite.

        The image is the last good picture again. `recover` is called once a scale, and not compiled. Where it returns False,
        the optimizer cannot make smaller moves and the run ends.
        """
        return False

    def finish(self) -> None:
        """Leave in the image the picture to keep. It is called after the last step of a scale."""


class Optimizer(Definition):
    """Moves the picture."""

    def start(self, problem: Problem, before: Stepper | None = None) -> Stepper:
        """Begin on a picture. After the first scale, `before` is the stepper of the scale before, whose state may serve.

        A run that is resumed gives no `before`, and puts the values of its checkpoint into the new stepper's `variables`.
        """
        raise NotImplementedError

    def pictures(self, steps: int) -> int:
        """How many pictures in float32 the stepper holds at most in so many steps, for the estimate of memory.

        The picture itself, its gradient and the last good picture are not counted.
        """
        return 6

    def within(self, pictures: int) -> Optimizer:
        """An optimizer that holds about so many pictures at most, for when memory is short; itself if it cannot hold fewer."""
        return self
