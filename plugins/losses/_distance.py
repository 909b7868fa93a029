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


def size(map_: Any) -> dict[str, Any]:
    """Sums over the positions of what is compared with: of its square, and of its elements.

    In float32, also of maps in low precision, where squares overflow.
    """
    import tensorflow as tf

    return {"norm": tf.reduce_sum(tf.square(tf.cast(map_, tf.float32))), "elements": tf.cast(tf.size(map_), tf.float32)}


def squared_difference(map_: Any, reference: Any) -> Any:
    """The sum of the squared differences, in float32: in low precision those of a part in 256 are lost."""
    import tensorflow as tf

    return tf.reduce_sum(tf.math.squared_difference(tf.cast(map_, tf.float32), tf.cast(reference, tf.float32)))


def normalised(distance: Any, size: dict[str, Any], formula: Formula, least: float = TINY) -> Any:
    """A squared distance divided as the formula says. `relative` divides by at least `least` an element."""
    import tensorflow as tf

    if formula == "relative":
        return distance / tf.maximum(size["norm"], least * size["elements"])
    if formula == "gatys":
        return distance / 2
    return distance / (size["elements"] * (4 if formula == "course" else 1))
