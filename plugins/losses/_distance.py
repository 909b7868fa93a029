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


def reference(map_: Any) -> dict[str, Any]:
    """What `statistic` compares with, and what stays the same from step to step: its squared norm, its number of elements.

    The norm is a float32 also of a map in low precision, where squares overflow.
    """
    import tensorflow as tf

    norm = tf.reduce_sum(tf.square(tf.cast(map_, tf.float32)))
    return {"map": map_, "norm": norm, "elements": tf.cast(tf.size(map_), tf.float32)}


def statistic(map_: Any, reference: dict[str, Any]) -> dict[str, Any]:
    """Sums over positions: of the squared difference, of the reference's square, and of the number of elements.

    In float32, also of maps in low precision: there differences of a part in 256 are lost.
    """
    import tensorflow as tf

    difference = tf.math.squared_difference(tf.cast(map_, tf.float32), tf.cast(reference["map"], tf.float32))
    return {"distance": tf.reduce_sum(difference), "norm": reference["norm"], "elements": reference["elements"]}


def distance(sums: dict[str, Any], formula: Formula, least: float = TINY) -> Any:
    """The normalised squared distance. `relative` divides by at least `least` an element."""
    import tensorflow as tf

    if formula == "relative":
        return sums["distance"] / tf.maximum(sums["norm"], least * sums["elements"])
    if formula == "gatys":
        return sums["distance"] / 2
    return sums["distance"] / (sums["elements"] * (4 if formula == "course" else 1))
