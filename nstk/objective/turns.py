"""Gradients that meet are added in one order, so that the same picture has the same gradient to the last bit.

The network, the Gram matrix of the colours and the total variation all look at the pixels, which had four different gradients
at 200 x 150 pixels (`nstk.api.additions` says why). So the readers of a map take turns: the gradient of each reader is added to
the sum of the later readers' gradients, by an addition that TensorFlow does not join with the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from ..api import IMAGE, Loss
from ..api.additions import in_turn, unjoined
from .features import Network


class Turns:
    """The activations of a picture `[1, height, width, 3]`, for each loss a copy of its own. The network comes last."""

    def __init__(self, pixels: tf.Tensor, net: Network, losses: Mapping[str, Loss]):
        readers = {
            layer: [label for label, loss in reversed([*losses.items()]) if layer in loss.reads()]
            for layer in dict.fromkeys(layer for loss in losses.values() for layer in loss.reads())
        }
        *first, last = in_turn(pixels, len(readers.get(IMAGE, ())) + 1)
        features = net(last)
        self._maps = {
            layer: dict(zip(labels, first if layer == IMAGE else in_turn(_apart(features[layer]), len(labels)), strict=True))
            for layer, labels in readers.items()
        }

    def of(self, label: str) -> dict[str, Any]:
        """The activations that one loss reads, by layer."""
        return {layer: maps[label] for layer, maps in self._maps.items() if label in maps}


def _apart(map_: tf.Tensor) -> tf.Tensor:
    """A map whose gradient TensorFlow does not join with the sum that the gradient is added to."""
    return tf.custom_gradient(lambda map_: (tf.identity(map_), unjoined))(map_)
