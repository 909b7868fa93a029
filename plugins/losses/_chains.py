"""Products of a layer's activations with those of a deeper layer, at the deeper layer's positions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any


def pairs(layers: Mapping[str, float]) -> dict[tuple[str, str], float]:
    """Each layer with the next one, and the mean of their weights."""
    return {(one, other): (layers[one] + layers[other]) / 2 for one, other in pairwise(layers)}


def chained(one: Any, other: Any) -> dict[str, Any]:
    """Sums over positions of two layers' activations F and H: of F_i H_j, of F_i and of H_j, in float32.

    The finer layer is averaged over the square that a position of the coarser layer belongs to. That mean times the coarser
    activation is the mean of the products with the coarser layer enlarged by repeating its activations. So parts of a picture
    that hold whole squares add up, as tiles do. The gradient is written out, so that each layer has one.
    """
    import tensorflow as tf

    @tf.custom_gradient
    def sums(one: Any, other: Any) -> tuple[Any, Callable[..., Any]]:
        rows, columns = (tf.reshape(it, [-1, it.shape[-1]]) for it in (one, other))

        def gradient(gram: Any, row: Any, column: Any) -> tuple[Any, Any]:
            first = tf.matmul(columns, gram, transpose_b=True) + row
            second = tf.matmul(rows, gram) + column
            return tf.reshape(first, tf.shape(one)), tf.reshape(second, tf.shape(other))

        made = tf.matmul(rows, columns, transpose_a=True), tf.reduce_sum(rows, axis=0), tf.reduce_sum(columns, axis=0)
        return made, gradient

    one, other = _of_one_size(tf.cast(one, tf.float32), tf.cast(other, tf.float32))
    gram, row, column = sums(one, other)
    return {"gram": gram, "sums": [row, column], "positions": tf.cast(tf.size(one) // one.shape[-1], tf.float32)}


def _of_one_size(one: Any, other: Any) -> tuple[Any, Any]:
    """Two maps, of which the finer is averaged over the squares that belong to one position of the coarser.

    The side of a square is a power of two, as far as poolings have made the coarser map smaller. Rows and columns that fill no
    square are left out, or fill a square of their own where the network's poolings do that (`pool_padding: same`).
    """
    import tensorflow as tf

    def averaged(fine: Any, size: Any) -> Any:
        side = 1
        while any(length // side > coarse for length, coarse in zip(fine.shape[1:3], size, strict=True)):
            side *= 2
        return fine if side == 1 else tf.nn.avg_pool2d(fine, side, side, "SAME")[:, : size[0], : size[1]]

    if one.shape[1] * one.shape[2] < other.shape[1] * other.shape[2]:
        return one, averaged(other, one.shape[1:3])
    return averaged(one, other.shape[1:3]), other
