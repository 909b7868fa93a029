"""Hypercolumns: the activations of several layers above one point of a picture, as one row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import nstk
from nstk.plugins.losses._matching import Sampled
from nstk.plugins.losses._positions import divided, drawn, gathered

LAYERS = [
    "image",
    "block1_conv1",
    "block1_conv2",
    "block2_conv1",
    "block2_conv2",
    "block3_conv1",
    "block3_conv2",
    "block3_conv3",
    "block4_conv3",
    "block5_conv3",
]
"""Those of STROTSS, whose network is VGG-16."""


class Hypercolumns(Sampled):
    """A loss that compares hypercolumns at points of the pictures."""

    samples: int = nstk.Field(
        2048,
        ge=16,
        le=65536,
        description="How many points are compared at most, of the picture and of all paintings; drawn with the seed.",
    )

    layers: nstk.Layers

    def points(self, features: nstk.Features, samples: int) -> Any:
        """Points drawn from the grid of the finest layer, as fractions of height and width: `[points, 2]`."""
        import tensorflow as tf

        height, width = max(([*features[layer].shape[1:3]] for layer in self.layers), key=lambda size: size[0] * size[1])
        at = drawn(height * width, samples)
        at = tf.range(height * width) if at is None else at
        place = tf.stack([at // width, at % width], axis=1)
        return (tf.cast(place, tf.float32) + 0.5) / tf.constant([height, width], tf.float32)

    def columns(self, features: nstk.Features, points: Any) -> Any:
        """The hypercolumns at some points: each layer's activations times its weight, side by side."""
        import tensorflow as tf

        return tf.concat([weight * between(features[layer], points) for layer, weight in self.layers.items()], axis=1)

    def of_styles(self, styles: Mapping[str, nstk.Features]) -> Any:
        """The hypercolumns of all paintings, of each as many as its share is."""
        import tensorflow as tf

        counts = divided(self.samples, styles)
        return tf.concat([self.columns(styles[label], self.points(styles[label], count)) for label, count in counts], axis=0)

    def painted(self, features: nstk.Features, points: Any) -> Any:
        """The hypercolumns of the picture, at the points that were drawn for the scale or, with `redraw`, at new ones."""
        return self.columns(features, self.points(features, self.samples) if self.redraw else points)


def between(activations: Any, points: Any) -> Any:
    """A layer's activations at some points, in float32: of the four positions around a point, by their nearness to it."""
    import tensorflow as tf

    size = tf.constant([*activations.shape[1:3]])
    place = tf.clip_by_value(points * tf.cast(size, tf.float32) - 0.5, 0.0, tf.cast(size - 1, tf.float32))
    first = tf.cast(place, tf.int32)
    share = place - tf.cast(first, tf.float32)
    after = tf.minimum(first + 1, size - 1)
    down, across = (tf.stack(pair, axis=1) for pair in ((first[:, 0], after[:, 0]), (first[:, 1], after[:, 1])))
    below, right = (tf.stack([1 - share[:, axis], share[:, axis]], axis=1) for axis in (0, 1))
    four = gathered(activations, tf.repeat(down, 2, axis=1), tf.tile(across, [1, 2]))
    near = tf.repeat(below, 2, axis=1) * tf.tile(right, [1, 2])
    return tf.einsum("pk,pkc->pc", near, four)
