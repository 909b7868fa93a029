"""The weighted sum of the losses: its value, its gradient with respect to the picture, and each loss's share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from .api import Evaluation, Features, Loss, References
from .errors import RunError
from .events import SCOPE, blaming, code
from .features import Network, seen, seen_references
from .precision import FLOAT16, FLOAT32
from .scaling import LossScale


class Objective:
    """What one scale of a run minimises. Targets are computed here, once.

    `dtype` is that of the activations: gradients that pass through float16 need loss scaling.
    """

    def __init__(self, net: Network, losses: Mapping[str, Loss], refs: References, dtype: str = FLOAT32):
        self.net = net
        self.loss_scale = LossScale() if dtype == FLOAT16 else None
        self.losses = {label: loss for label, loss in losses.items() if loss.weight > 0}
        self.targets: dict[str, Any] = {}
        for label, loss in self.losses.items():
            with blaming(f"loss `{label}`, in target,", loss):
                self.targets[label] = loss.target(seen_references(loss, refs))

    def evaluate(self, image: tf.Tensor) -> Evaluation:
        """The objective at a picture `[1, height, width, 3]`."""
        features = self.net(tf.convert_to_tensor(image))
        losses = {label: loss.weight * self._term(label, loss, features) for label, loss in self.losses.items()}
        return Evaluation(tf.add_n(list(losses.values())), losses)

    def value_and_grad(self, image: tf.Tensor) -> tuple[Evaluation, tf.Tensor]:
        """The objective and its gradient with respect to the picture."""
        pixels = tf.convert_to_tensor(image)
        if self.loss_scale is None:
            return self._differentiate(pixels)
        return self.loss_scale(lambda factor: self._differentiate(pixels, factor), pixels, list(self.losses))

    def _differentiate(self, pixels: tf.Tensor, factor: tf.Tensor | None = None) -> tuple[Evaluation, tf.Tensor]:
        """The objective, and its gradient times `factor`."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(pixels)
            evaluation = self.evaluate(pixels)
        gradient = tape.gradient(evaluation.loss, pixels, output_gradients=factor)
        if gradient is None:
            raise RunError(f"none of the losses ({', '.join(self.losses)}) depends on the picture: there is no gradient")
        return evaluation, gradient

    def faulty(self, image: tf.Tensor) -> str:
        """The label of a loss whose gradient at a picture is NaN or infinite; empty if there is none."""
        pixels = tf.convert_to_tensor(image)
        factor = self.loss_scale.factor if self.loss_scale else None
        for label, loss in self.losses.items():
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(pixels)
                value = loss.weight * self._term(label, loss, self.net(pixels))
            gradient = tape.gradient(value, pixels, output_gradients=factor)
            if gradient is not None and not tf.reduce_all(tf.math.is_finite(gradient)):
                return label
        return ""

    def _term(self, label: str, loss: Loss, features: Features) -> tf.Tensor:
        with blaming(f"loss `{label}`", loss), tf.name_scope(SCOPE.format(label)):
            made = loss(seen(loss, features), self.targets[label])
            value = None if made is None else tf.convert_to_tensor(made)
            if value is not None and value.shape.rank == 0:
                return tf.cast(value, tf.float32)
        file, line = (code(loss, "__call__", "score") or [("?", 0)])[0]
        what = "nothing: is a `return` missing?" if value is None else f"a tensor of shape {value.shape}: return a scalar"
        hint = "" if value is None else ", with tf.reduce_mean for example"
        raise RunError(f"loss `{label}` ({type(loss).__name__}) returned {what}{hint} ({Path(file).name}:{line})")
