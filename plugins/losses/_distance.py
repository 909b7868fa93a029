"""A squared distance between two maps as sums over positions, and its four normalisations."""

from __future__ import annotations

from typing import Any, Literal

Formula = Literal["relative", "gatys", "course", "mean"]

DISTANCE = (
    "Normalisation of the squared distance: relative (divided by the content's own squared norm), gatys (half the sum), "
    "course (a quarter of the mean) or mean."
)

TINY = 1e-12
"""Keeps `relative` finite where the content's own norm is zero: a flat picture, or a layer that never fires."""


def statistic(map_: Any, other: Any, norm_of: Any) -> dict[str, Any]:
    """Sums over positions: of the squared difference, of the square of `norm_of`, and of the number of elements.

    In float32, also of maps in low precision: there differences of a part in 256 are lost, and squares overflow.
    """
    import tensorflow as tf

    map_, other, norm_of = (tf.cast(it, tf.float32) for it in (map_, other, norm_of))
    return {
        "distance": tf.reduce_sum(tf.math.squared_difference(map_, other)),
        "norm": tf.reduce_sum(tf.square(norm_of)),
        "elements": tf.cast(tf.size(norm_of), tf.float32),
    }


def distance(sums: dict[str, Any], formula: Formula, least: float = TINY) -> Any:
    """The normalised squared distance. `relative` divides by at least `least` an element."""
    import tensorflow as tf

    if formula == "relative":
        return sums["distance"] / tf.maximum(sums["norm"], least * sums["elements"])
    if formula == "gatys":
        return sums["distance"] / 2
    return sums["distance"] / (sums["elements"] * (4 if formula == "course" else 1))
