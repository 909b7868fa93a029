"""The weighted sum of the losses: its value, its gradient with respect to the picture, and each loss's share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from .api import Evaluation, Features, Loss, References
from .errors import NstkError, RunError
from .features import Network
from .registry import blame


class Objective:
    """What one scale of a run minimises. Targets are computed here, once."""

    def __init__(self, net: Network, losses: Mapping[str, Loss], refs: References):
        self.net = net
        self.losses = {label: loss for label, loss in losses.items() if loss.weight > 0}
        self.targets = {label: _blamed(label, "target", loss.target, refs) for label, loss in self.losses.items()}

    def evaluate(self, image: tf.Tensor) -> Evaluation:
        """The objective at a picture `[1, height, width, 3]`."""
        features = self.net(tf.convert_to_tensor(image))
        losses = {label: loss.weight * self._term(label, loss, features) for label, loss in self.losses.items()}
        return Evaluation(tf.add_n(list(losses.values())), losses)

    def value_and_grad(self, image: tf.Tensor) -> tuple[Evaluation, tf.Tensor]:
        """The objective and its gradient with respect to the picture."""
        pixels = tf.convert_to_tensor(image)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(pixels)
            evaluation = self.evaluate(pixels)
        gradient = tape.gradient(evaluation.loss, pixels)
        if gradient is None:
            raise RunError(f"none of the losses ({', '.join(self.losses)}) depends on the picture: there is no gradient")
        return evaluation, gradient

    def _term(self, label: str, loss: Loss, features: Features) -> tf.Tensor:
        value = tf.convert_to_tensor(_blamed(label, "__call__", loss, features, self.targets[label]))
        if value.shape.rank != 0:
            raise RunError(f"loss `{label}` ({type(loss).__name__}) returned a tensor of shape {value.shape}: return a scalar")
        return tf.cast(value, tf.float32)


def _blamed(label: str, event: str, function: Any, *args: Any) -> Any:
    """Call a part of a loss; what it raises is told with the loss's label and the line."""
    try:
        return function(*args)
    except NstkError:
        raise
    except KeyError as error:
        hint = "a loss sees only the layers that its reads() names"
        raise RunError(f"loss `{label}` failed in {event}: {blame(error)}: {hint}") from error
    except Exception as error:
        raise RunError(f"loss `{label}` failed in {event}: {blame(error)}") from error
