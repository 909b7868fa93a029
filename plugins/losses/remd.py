"""Style loss: how far the picture's activations have to be moved to become the painting's (relaxed earth mover's distance).

Kolkin, Salavon and Shakhnarovich, "Style Transfer by Relaxed Optimal Transport and Self-Similarity" (STROTSS), CVPR 2019,
equations 2 to 5. With the hypercolumns x_i at M points of the picture and y_j at K points of the painting:

    d(x, y) = 1 - cos(x, y)                                     `distance: cosine`
    d(x, y) = 1 - cos(x, y) + |x - y|                           `distance: colour`, the paper's palette

    L = max(1/M sum over i of min over j of d(x_i, y_j), 1/K sum over j of min over i of d(x_i, y_j))

A hypercolumn holds the activations of all `layers` above one point, each layer's times its weight. For `distance: colour` it
holds the colour of a pixel: luminance and two differences of colours (YUV), where black is 0 and white 1.

nstk differs from the paper in three things: the network may be VGG-19; the points are drawn once a scale, where the paper draws
them at each step (`redraw: true`); and the painting's points are those of a scale, where the paper draws five times a thousand.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

import nstk
from nstk.plugins.losses._chunks import cosine_distance, nearest, picked
from nstk.plugins.losses._hypercolumns import LAYERS, Hypercolumns
from nstk.plugins.losses._positions import directions, least_length

YUV = ((0.299, 0.587, 0.114), (-0.147, -0.289, 0.436), (0.615, -0.515, -0.1))
"""Luminance and two differences of colours, of red, green and blue."""

DARK = 0.05
"""The length of the coordinate that a colour gets before its direction is taken: darker ones have hardly any hue."""

TINY = 1e-12
"""The least squared distance that a root is taken of: the gradient of a root is infinite at 0."""


class Remd(Hypercolumns):
    """Relaxed earth mover's distance between hypercolumns of the picture and of the painting, or between their colours."""

    name = "remd"

    layers: nstk.Layers = nstk.Field(
        LAYERS, description="Layers of a hypercolumn: a list, or layer: factor of its activations."
    )
    distance: Literal["cosine", "colour"] = nstk.Field(
        "cosine",
        description="What a hypercolumn's distance is: cosine, or colour (for `layers: [image]`: the palette).",
    )

    @model_validator(mode="after")
    def _colours_of_pixels(self) -> Remd:
        if self.distance == "colour" and [*self.layers] != [nstk.IMAGE]:
            raise ValueError("says `distance: colour`, which compares pixels: write `layers: [image]` beside it")
        return self

    def target(self, refs: nstk.References) -> Any:
        columns = self.of_styles(refs.styles)
        least = least_length(columns)
        return {"rows": self._form(columns, least), "least": least, "points": self.points(refs.content, self.samples)}

    def __call__(self, features: nstk.Features, target: Any) -> Any:
        import tensorflow as tf

        ours, theirs = self._form(self.painted(features, target["points"]), target["least"]), target["rows"]
        wanted = tf.gather(theirs, nearest(ours, theirs, self._matrix))
        taken = picked(ours, nearest(theirs, ours, self._matrix))
        return tf.maximum(self._mean(ours, wanted), self._mean(taken, theirs))

    def _form(self, columns: Any, least: Any) -> Any:
        """Rows that can be compared: directions, and for colours the colours beside their directions."""
        import tensorflow as tf

        if self.distance == "cosine":
            return directions(columns, least)
        colours = tf.matmul(columns / (255.0 * self.layers[nstk.IMAGE]), tf.constant(YUV), transpose_b=True)
        return tf.concat([directions(colours, DARK), colours], axis=1)

    def _matrix(self, rows: Any, columns: Any) -> Any:
        """The distance of each row from each column."""
        import tensorflow as tf

        if self.distance == "cosine":
            return cosine_distance(rows, columns)
        (turned, colours), (other, others) = (tf.split(it, [4, 3], axis=1) for it in (rows, columns))
        squares = [tf.reduce_sum(tf.square(it), axis=1) for it in (colours, others)]
        apart = squares[0][:, None] + squares[1][None, :] - 2 * tf.matmul(colours, others, transpose_b=True)
        return cosine_distance(turned, other) + tf.sqrt(tf.maximum(apart, TINY))

    def _mean(self, rows: Any, others: Any) -> Any:
        """The mean distance of each row from the other one of its pair."""
        import tensorflow as tf

        if self.distance == "cosine":
            return 1.0 - tf.reduce_mean(tf.reduce_sum(rows * others, axis=1))
        (turned, colours), (other, others) = (tf.split(it, [4, 3], axis=1) for it in (rows, others))
        apart = tf.reduce_sum(tf.math.squared_difference(colours, others), axis=1)
        return 1.0 - tf.reduce_mean(tf.reduce_sum(turned * other, axis=1)) + tf.reduce_mean(tf.sqrt(tf.maximum(apart, TINY)))


@nstk.hookimpl
def nstk_losses() -> list[type[nstk.Loss]]:
    return [Remd]
