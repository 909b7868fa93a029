"""Style loss: how many activations of the painting have one in the picture that is like them, and like no other.

Mechrez, Talmi and Zelnik-Manor, "The Contextual Loss for Image Transformation with Non-Aligned Data", ECCV 2018, equations 1 to
6. With the activations x_i of a layer of the picture and y_j of the painting (K positions), each without the painting's mean:

    d_ij = (1 - cos(x_i, y_j)) / 2        e_ij = d_ij / (min over k of d_ik + 1e-5)        w_ij = exp((1 - e_ij) / h)

    CX = 1/K sum over j of max over i of (w_ij / sum over k of w_ik)        L = sum over layers of w (-log CX)

nstk differs from the paper in two things: positions beyond `samples` are drawn at random (its code takes at most 65 x 65), and
the matrices are computed some rows at a time.
"""

from __future__ import annotations

from typing import Any

import nstk
from nstk.plugins.losses._chunks import best_rows, cosine_distance, summed
from nstk.plugins.losses._matching import Layerwise
from nstk.plugins.losses._positions import directions, least_length

NEAR = 1e-5
"""What is added to the least distance, by which the others are divided: 0 for an activation that is one of the painting's."""


class Contextual(Layerwise):
    """How much of the painting is not found in the picture: minus the logarithm of the contextual similarity."""

    name = "contextual"

    layers: nstk.Layers = nstk.Field(
        ["block3_conv2", "block4_conv2"],
        description="Layers to compare: a list (equal weights that sum to 1) or layer: weight.",
    )
    samples: int = nstk.Field(
        2048,
        ge=16,
        le=65536,
        description="How many positions of a layer are compared at most, of the picture and of all paintings. They are drawn.",
    )
    bandwidth: float = nstk.Field(
        0.5, gt=0, le=10, description="The paper's h: the smaller, the more an activation has to stand out to be like another."
    )

    def goal(self, painting: Any, content: Any) -> Any:
        import tensorflow as tf

        mean = tf.reduce_mean(painting, axis=0)
        least = least_length(painting - mean)
        return {"wanted": directions(painting - mean, least), "mean": mean, "least": least}

    def distance(self, rows: Any, goal: Any) -> Any:
        import tensorflow as tf

        ours, wanted = directions(rows - goal["mean"], goal["least"]), goal["wanted"]
        best = best_rows(self._similarity, ours, wanted)

        def share(part: Any, wanted: Any, number: Any) -> Any:
            mine = tf.cast(tf.equal(number, best[None, :]), tf.float32)
            return tf.reduce_sum(self._similarity(part, wanted) * mine, axis=1)

        number = tf.range(ours.shape[0])[:, None]
        return -tf.math.log(summed(share, ours, wanted, [number]) / float(wanted.shape[0]))

    def _similarity(self, rows: Any, columns: Any) -> Any:
        """The contextual similarity of each row to each column."""
        import tensorflow as tf

        distance = tf.maximum(cosine_distance(rows, columns), 0.0) / 2
        relative = distance / (tf.reduce_min(distance, axis=1, keepdims=True) + NEAR)
        return tf.nn.softmax((1.0 - relative) / self.bandwidth, axis=1)


@nstk.hookimpl
def nstk_losses() -> list[type[nstk.Loss]]:
    return [Contextual]
