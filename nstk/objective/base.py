"""The weighted sum of the losses: its value, its gradient with respect to the picture, and each loss's share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tensorflow as tf

from ..api import Evaluation, Loss, total
from ..api.losses import weights
from ..errors import RunError
from ..machine.precision import FLOAT16
from ..registry.blame import SCOPE, code
from .calling import calling
from .loss_scale import LossScale

Remember = Callable[[Any, Callable[[], Any]], Any]
"""Takes a key and a function that computes a value, and returns the value, perhaps the one computed for an earlier picture."""


def anew(key: Any, compute: Callable[[], Any]) -> Any:
    """A `Remember` that remembers nothing: it computes every value."""
    return compute()


class Objective(ABC):
    """What one scale of a run makes small. A subclass computes the `targets`, once, and says how a picture is evaluated.

    `losses` are the recipe's losses that have a weight, by label. `dtype` is the number type of the activations: gradients
    that pass through float16 need loss scaling.
    """

    targets: dict[str, Any]
    """What each loss compares the picture with, by label."""

    def __init__(self, losses: Mapping[str, Loss], dtype: str):
        self.losses = losses
        self.loss_scale = LossScale() if dtype == FLOAT16 else None

    @abstractmethod
    def _evaluate(self, pixels: tf.Tensor, losses: Mapping[str, Loss]) -> Evaluation:
        """Some of the losses at a picture, weighted, and their sum."""

    @abstractmethod
    def _differentiate(
        self, pixels: tf.Tensor, losses: Mapping[str, Loss], factor: tf.Tensor | None
    ) -> tuple[Evaluation, tf.Tensor | None]:
        """Some of the losses at a picture, and the gradient of their sum times `factor`; None where there is no gradient."""

    def seen(self, pixels: Any) -> Any:
        """The picture that the losses see where this one, `[1, height, width, 3]`, is moved."""
        return pixels

    def evaluate(self, image: tf.Tensor) -> Evaluation:
        """The objective at a picture `[1, height, width, 3]`."""
        return self._evaluate(tf.convert_to_tensor(image), self.losses)

    def value_and_grad(self, image: tf.Tensor) -> tuple[Evaluation, tf.Tensor]:
        """The objective and its gradient with respect to the picture."""
        pixels = tf.convert_to_tensor(image)
        if self.loss_scale is None:
            return self._with_gradient(pixels)
        return self.loss_scale(lambda factor: self._with_gradient(pixels, factor), pixels, list(self.losses))

    def gradient(self, image: tf.Tensor, losses: Mapping[str, Loss]) -> tuple[Evaluation, tf.Tensor | None]:
        """Some of the losses at a picture, and the gradient of their sum; None where there is no gradient."""
        pixels = tf.convert_to_tensor(image)
        if self.loss_scale is None:
            return self._differentiate(pixels, losses, None)
        return self.loss_scale(lambda factor: self._gradient(pixels, losses, factor), pixels, list(losses))

    def _gradient(self, pixels: tf.Tensor, losses: Mapping[str, Loss], factor: tf.Tensor) -> tuple[Evaluation, tf.Tensor]:
        evaluation, gradient = self._differentiate(pixels, losses, factor)
        return evaluation, tf.zeros_like(pixels) if gradient is None else gradient

    def reweigh(self, by: Mapping[str, float]) -> None:
        """Multiply the weights of losses, by label. Each loss has one weight."""
        self.losses = reweighed(self.losses, by)

    def faulty(self, image: tf.Tensor) -> str:
        """The label of a loss whose gradient at a picture is NaN or infinite; empty if there is none."""
        pixels = tf.convert_to_tensor(image)
        factor = self.loss_scale.factor if self.loss_scale else None
        for label, loss in self.losses.items():
            _, gradient = self._differentiate(pixels, {label: loss}, factor)
            if gradient is not None and not tf.reduce_all(tf.math.is_finite(gradient)):
                return label
        return ""

    @property
    def target_tensors(self) -> list[tf.Tensor]:
        """The tensors in the targets. A compiled step takes them as inputs, so that the step serves another picture too."""
        return [leaf for leaf in tf.nest.flatten(self.targets) if isinstance(leaf, tf.Tensor)]

    @property
    def other_targets(self) -> list[Any]:
        """What the targets hold besides tensors. A compiled step has it in its graph."""
        return [leaf for leaf in tf.nest.flatten(self.targets) if not isinstance(leaf, tf.Tensor)]

    @contextmanager
    def compared_with(self, tensors: Sequence[tf.Tensor]) -> Iterator[None]:
        """Inside, the targets hold these tensors in the places of their own ones."""
        own, others = self.targets, iter(tensors)
        leaves = [next(others) if isinstance(leaf, tf.Tensor) else leaf for leaf in tf.nest.flatten(own)]
        self.targets = tf.nest.pack_sequence_as(own, leaves)
        try:
            yield
        finally:
            self.targets = own

    def _with_gradient(self, pixels: tf.Tensor, factor: tf.Tensor | None = None) -> tuple[Evaluation, tf.Tensor]:
        evaluation, gradient = self._differentiate(pixels, self.losses, factor)
        if gradient is None:
            raise RunError(f"none of the losses ({', '.join(self.losses)}) depends on the picture: there is no gradient")
        return evaluation, gradient


def reweighed(losses: Mapping[str, Loss], by: Mapping[str, float]) -> dict[str, Loss]:
    """Losses of one scale with their weights multiplied, by label."""
    return {
        label: loss.model_copy(update={"weight": by[label] * weights(loss, 1)[0]}) if label in by else loss
        for label, loss in losses.items()
    }


def weighted(losses: Mapping[str, Loss], value: Callable[[str, Loss], Any]) -> Evaluation:
    """The losses times their weights, of which each has one, and their sum; `value` computes one loss without its weight."""
    terms = {label: weights(loss, 1)[0] * _scalar(label, loss, value) for label, loss in losses.items()}
    return Evaluation(total(terms.values()), terms)


def _scalar(label: str, loss: Loss, value: Callable[[str, Loss], Any]) -> tf.Tensor:
    with calling(loss, label), tf.name_scope(SCOPE.format(label)):
        made = value(label, loss)
        tensor = None if made is None else tf.convert_to_tensor(made)
        if tensor is not None and tensor.shape.rank == 0:
            return tf.cast(tensor, tf.float32)
    file, line = (code(loss, "__call__", "score") or [("?", 0)])[0]
    what = "nothing: is a `return` missing?" if tensor is None else f"a tensor of shape {tensor.shape}: return a scalar"
    hint = "" if tensor is None else ", with tf.reduce_mean for example"
    raise RunError(f"loss `{label}` ({type(loss).__name__}) returned {what}{hint} ({Path(file).name}:{line})")
