"""Content loss: how far the likeness of each two points of the picture is from that of the same points of the content.

Kolkin, Salavon and Shakhnarovich, "Style Transfer by Relaxed Optimal Transport and Self-Similarity" (STROTSS), CVPR 2019,
equation 7. With the cosine distances D of the picture's hypercolumns at each two of M points, and E of the content's:

    L = 1/M sum over j of sum over i of |D_ij / sum over k of D_kj - E_ij / sum over k of E_kj|

The picture may take on any colours and strokes, as long as what is alike in the photograph is alike in it.

nstk differs from the paper in three things: L is M times the paper's, which has 1/M^2, so that it is between 0 and 2 for any
number of points; the network may be VGG-19; and the points are drawn once a scale, where the paper draws them at each step
(`redraw: true`).
"""

from __future__ import annotations

from typing import Any

import nstk
from nstk.plugins.losses._chunks import cosine_distance, summed
from nstk.plugins.losses._hypercolumns import LAYERS, Hypercolumns
from nstk.plugins.losses._positions import directions, least_length

TINY = 1e-6
"""The least sum of distances that is divided by: a flat picture has none."""


class SelfSimilarity(Hypercolumns):
    """Difference of the picture's and the content's patterns of likeness between points."""

    name = "self_similarity"

    layers: nstk.Layers = nstk.Field(
        LAYERS, description="Layers of a hypercolumn: a list, or layer: factor of its activations."
    )

    @property
    def sees_style(self) -> bool:
        return False

    def target(self, refs: nstk.References) -> Any:
        points = self.points(refs.content, self.samples)
        content = self.columns(refs.content, points)
        least = least_length(content)
        if self.redraw:
            return {"content": {layer: refs.content[layer] for layer in self.layers}, "least": least}
        return {"rows": directions(content, least), "least": least, "points": points}

    def __call__(self, features: nstk.Features, target: Any) -> Any:
        import tensorflow as tf

        least = target["least"]
        points = self.points(features, self.samples) if self.redraw else target["points"]
        ours = directions(self.columns(features, points), least)
        theirs = directions(self.columns(target["content"], points), least) if self.redraw else target["rows"]

        def difference(some: Any, all_: Any, same: Any) -> Any:
            return tf.reduce_sum(tf.abs(shares(some, all_) - shares(same, theirs)), axis=1)

        return summed(difference, ours, ours, [theirs]) / float(ours.shape[0])


def shares(rows: Any, columns: Any) -> Any:
    """The distance of each row from each column, as a share of the row's distances from all columns."""
    import tensorflow as tf

    distance = cosine_distance(rows, columns)
    return distance / tf.maximum(tf.reduce_sum(distance, axis=1, keepdims=True), TINY)


@nstk.hookimpl
def nstk_losses() -> list[type[nstk.Loss]]:
    return [SelfSimilarity]
