"""The weighted sum of the losses: its value, its gradient with respect to the picture, and each loss's share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from ..api import Evaluation, Loss, References
from ..errors import RunError
from ..machine.precision import FLOAT16, FLOAT32
from ..registry.blame import SCOPE, blaming, code
from .features import Network, seen, seen_references
from .loss_scale import LossScale


class Objective:
    """What one scale of a run minimises. Targets are computed here, once.

    `dtype` is that of the activations: gradients that pass through float16 need loss scaling.
    """

    def __init__(self, net: Network, losses: Mapping[str, Loss], refs: References, dtype: str = FLOAT32):
        self._begin(net, losses, dtype)
        for label, loss in self.losses.items():
            with blaming(f"loss `{label}`, in target,", loss):
                self.targets[label] = loss.target(seen_references(loss, refs))

    def _begin(self, net: Network, losses: Mapping[str, Loss], dtype: str) -> None:
        self.net = net
        self.losses: Mapping[str, Loss] = {label: loss for label, loss in losses.items() if loss.weight > 0}
        self.loss_scale = LossScale() if dtype == FLOAT16 else None
        self.targets: dict[str, Any] = {}

    def evaluate(self, image: tf.Tensor) -> Evaluation:
        """The objective at a picture `[1, height, width, 3]`."""
        return self._evaluate(tf.convert_to_tensor(image), self.losses)

    def value_and_grad(self, image: tf.Tensor) -> tuple[Evaluation, tf.Tensor]:
        """The objective and its gradient with respect to the picture."""
        pixels = tf.convert_to_tensor(image)
        if self.loss_scale is None:
            return self._with_gradient(pixels)
        return self.loss_scale(lambda factor: self._with_gradient(pixels, factor), pixels, list(self.losses))

    def faulty(self, image: tf.Tensor) -> str:
        """The label of a loss whose gradient at a picture is NaN or infinite; empty if there is none."""
        pixels = tf.convert_to_tensor(image)
        factor = self.loss_scale.factor if self.loss_scale else None
        for label, loss in self.losses.items():
            _, gradient = self._differentiate(pixels, {label: loss}, factor)
            if gradient is not None and not tf.reduce_all(tf.math.is_finite(gradient)):
                return label
        return ""

    def _with_gradient(self, pixels: tf.Tensor, factor: tf.Tensor | None = None) -> tuple[Evaluation, tf.Tensor]:
        evaluation, gradient = self._differentiate(pixels, self.losses, factor)
        if gradient is None:
            raise RunError(f"none of the losses ({', '.join(self.losses)}) depends on the picture: there is no gradient")
        return evaluation, gradient

    def _differentiate(
        self, pixels: tf.Tensor, losses: Mapping[str, Loss], factor: tf.Tensor | None
    ) -> tuple[Evaluation, tf.Tensor | None]:
        """The sum of some losses, and its gradient times `factor`; None where there is no gradient."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(pixels)
            evaluation = self._evaluate(pixels, losses)
        return evaluation, tape.gradient(evaluation.loss, pixels, output_gradients=factor)

    def _evaluate(self, pixels: tf.Tensor, losses: Mapping[str, Loss]) -> Evaluation:
        features = self.net(pixels)
        return weighted(losses, lambda label, loss: loss(seen(loss, features), self.targets[label]))


def weighted(losses: Mapping[str, Loss], value: Callable[[str, Loss], Any]) -> Evaluation:
    """The losses times their weights, and their sum; `value` computes one without its weight."""
    terms = {label: loss.weight * _scalar(label, loss, value) for label, loss in losses.items()}
    return Evaluation(tf.add_n(list(terms.values())), terms)


def _scalar(label: str, loss: Loss, value: Callable[[str, Loss], Any]) -> tf.Tensor:
    with blaming(f"loss `{label}`", loss), tf.name_scope(SCOPE.format(label)):
        made = value(label, loss)
        tensor = None if made is None else tf.convert_to_tensor(made)
        if tensor is not None and tensor.shape.rank == 0:
            return tf.cast(tensor, tf.float32)
    file, line = (code(loss, "__call__", "score") or [("?", 0)])[0]
    what = "nothing: is a `return` missing?" if tensor is None else f"a tensor of shape {tensor.shape}: return a scalar"
    hint = "" if tensor is None else ", with tf.reduce_mean for example"
    raise RunError(f"loss `{label}` ({type(loss).__name__}) returned {what}{hint} ({Path(file).name}:{line})")
