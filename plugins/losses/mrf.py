"""Style loss: how far each small patch of the picture's activations is from the one of the painting that is most like it.

Li and Wand, "Combining Markov Random Fields and Convolutional Neural Networks for Image Synthesis", CVPR 2016, equations 2 and
3. With the patches p_i of 3 x 3 positions of a layer of the picture, all N channels of them, and q_j of the painting:

    NN(i) = argmax over j of p_i . q_j / (|p_i| |q_j|)        D = sum over i of |p_i - q_NN(i)|^2

    L = sum over layers of w D, normalised

`formula` chooses the normalisation: `relative` D / (M mean |q|^2), for M patches of the picture, so that a layer counts by its
weight at every size; `mean` D / (9 N M); `paper` D.

nstk differs from the paper in two things: patches beyond `samples` are drawn at random, where the paper takes all, or every
second or so; and the painting's patches are taken at one size and angle, where the paper takes seven sizes and five angles
too: a recipe names such copies as further paintings. In a layer that is smaller than 3 x 3 the patches are as small as it is.
"""

from __future__ import annotations

from typing import Any, Literal

import nstk
from nstk.plugins.losses._chunks import nearest
from nstk.plugins.losses._matching import Layerwise
from nstk.plugins.losses._positions import TINY, directions, least_length


class Mrf(Layerwise):
    """Squared distance of each patch of the picture's activations from the nearest patch of the painting."""

    name = "mrf"
    edge = 3

    layers: nstk.Layers = nstk.Field(
        ["block3_conv1", "block4_conv1"],
        description="Layers to compare: a list (equal weights that sum to 1) or layer: weight.",
    )
    formula: Literal["relative", "mean", "paper"] = nstk.Field(
        "relative",
        description="Normalisation of the squared distance: relative (divided by the painting's own squared patches), mean or "
        "paper (the sum).",
    )

    def goal(self, painting: Any, content: Any) -> Any:
        import tensorflow as tf

        least = least_length(painting)
        size = tf.maximum(tf.reduce_mean(tf.reduce_sum(tf.square(painting), axis=1)), TINY**2)
        return {"patches": painting, "directions": directions(painting, least), "least": least, "size": size}

    def distance(self, rows: Any, goal: Any) -> Any:
        import tensorflow as tf

        wanted = tf.gather(goal["patches"], nearest(directions(rows, goal["least"]), goal["directions"]))
        distance = tf.reduce_sum(tf.math.squared_difference(rows, wanted), axis=1)
        if self.formula == "paper":
            return tf.reduce_sum(distance)
        return tf.reduce_mean(distance) / (goal["size"] if self.formula == "relative" else float(rows.shape[1]))


@nstk.hookimpl
def nstk_losses() -> list[type[nstk.Loss]]:
    return [Mrf]
