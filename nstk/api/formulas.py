"""A squared distance between two maps as sums over positions, and the four normalisations of it that a recipe may name.

A loss that compares maps position by position takes them from here, so that `formula` means the same in every loss:

    formula: nstk.Formula = "relative"

    def statistic(self, features, maps):
        return nstk.squared_difference(features["image"], maps)

    def score(self, statistic, goal):                # `goal` is `nstk.size_of` what is compared with
        return nstk.normalised(statistic, goal, self.formula)
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

Formula = Annotated[
    Literal["relative", "gatys", "course", "mean"],
    Field(
        description="Normalisation of the squared distance: relative (divided by the content's own squared norm), gatys "
        "(half the sum), course (a quarter of the mean) or mean."
    ),
]
"""The type of a field `formula`."""

TINY = 1e-12
"""A lower bound that keeps `relative` finite where the content's own norm is zero: in a flat picture, or in a layer that never
fires."""


def size_of(map_: Any) -> dict[str, Any]:
    """The size of a map that is compared with: `norm` is the sum of its squares, and `elements` the number of its elements.

    Both are scalars in float32, also for maps in low precision, whose squares overflow. They add up over parts of a picture.
    """
    import tensorflow as tf

    return {"norm": tf.reduce_sum(tf.square(tf.cast(map_, tf.float32))), "elements": tf.cast(tf.size(map_), tf.float32)}


def squared_difference(map_: Any, reference: Any) -> Any:
    """The sum of the squared differences of two maps, in float32: low precision loses differences of a part in 256."""
    import tensorflow as tf

    return tf.reduce_sum(tf.math.squared_difference(tf.cast(map_, tf.float32), tf.cast(reference, tf.float32)))


def normalised(distance: Any, size: dict[str, Any], formula: str, least: float = TINY) -> Any:
    """A squared distance, a scalar, divided as the formula says. `relative` divides by at least `least` an element.

    With D the distance, `gatys` is D / 2 as in Gatys, Ecker and Bethge (CVPR 2016), equation 1, and `course` is D /
    (4 x elements) as in the deeplearning.ai course. `relative` and `mean` are nstk's own.
    """
    import tensorflow as tf

    if formula == "relative":
        return distance / tf.maximum(size["norm"], least * size["elements"])
    if formula == "gatys":
        return distance / 2
    return distance / (size["elements"] * (4 if formula == "course" else 1))
