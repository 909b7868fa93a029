"""One forward pass: from a picture to the activations that the losses read."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import tensorflow as tf

from .api import IMAGE, Backbone, Features, Loss, Pictures, References

Network = Callable[[tf.Tensor], Features]
"""From a picture `[1, height, width, 3]`, 0..255 RGB, to its activations by layer; `"image"` is the picture itself."""


def network(backbone: Backbone, losses: Iterable[Loss]) -> Network:
    """The part of `backbone` that `losses` read."""
    wanted = {layer for loss in losses for layer in loss.reads()} - {IMAGE}
    layers = [layer.name for layer in backbone.layers if layer.name in wanted]  # in the network's order
    forward = backbone.build(layers) if layers else lambda image: {}

    def features(image: tf.Tensor) -> Features:
        return {IMAGE: image, **forward(image)}

    return features


def batch(picture: np.ndarray) -> tf.Tensor:
    """height x width x 3 -> `[1, height, width, 3]`, float32."""
    return tf.convert_to_tensor(picture[np.newaxis], tf.float32)


def references(net: Network, pictures: Pictures) -> References:
    """The activations of the content and of each style at one scale."""
    return References(
        content=net(batch(pictures.content)),
        styles={label: net(batch(picture)) for label, picture in pictures.styles.items()},
    )
