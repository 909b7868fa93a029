"""Sums over windows of 3 x 3 positions that lie in a map, and what their gradient is made of."""

from __future__ import annotations

from typing import Any

SHARED = 2
"""By how many rows and columns the parts of a map have to overlap, so that each window lies in one part."""


def box_sums(map_: Any) -> Any:
    """The sum over each window of a map `[1, height, width, ...]`: the result is two rows and columns smaller."""
    rows = map_[:, :-2] + map_[:, 1:-1] + map_[:, 2:]
    return rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]


def spread(map_: Any) -> Any:
    """The sum, at each position, over the windows that hold the position: the transpose of `box_sums`."""
    return box_sums(widened(map_))


def widened(map_: Any) -> Any:
    """A map with two rows and columns of zeros around it.

    A symmetric kernel, summed over the windows of the widened map, is the gradient of its sum over the windows of a map.
    """
    import tensorflow as tf

    return tf.pad(map_, [[0, 0], [2, 2], [2, 2], *[[0, 0]] * (len(map_.shape) - 3)])
