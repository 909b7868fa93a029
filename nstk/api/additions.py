"""Additions in one order, so that the same picture has the same loss and the same gradient to the last bit.

Where three tensors or more are added, TensorFlow makes one operation of it, which adds them in an order that depends on which
of their buffers is free at that moment, and another order rounds to another sum. So it is with `a + b + c`, and with the
gradients of a tensor that is read three times. Two tensors have only one sum.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def total(terms: Iterable[Any]) -> Any:
    """The sum of tensors of one shape, added from the first to the last."""
    sum_, *others = terms
    for term in others:
        sum_ = unjoined(sum_) + term
    return sum_


def in_turn(map_: Any, count: int) -> list[Any]:
    """A tensor for so many readers, whose gradient is the first reader's plus the sum of the others', which is added in turn.

    Gradients of a tensor that is read twice need no turns.
    """
    maps = []
    for _ in range(count - 1):
        mine, map_ = _forked(map_)
        maps.append(mine)
    return [*maps, map_]


def unjoined(sum_: Any) -> Any:
    """A tensor unchanged, but such that TensorFlow does not join the additions before it with those after it."""
    import tensorflow as tf

    if tf.executing_eagerly():
        return sum_
    same = tf.raw_ops.PlaceholderWithDefault(input=sum_, shape=tf.TensorShape(None))
    same.set_shape(sum_.shape)
    return same


def _forked(map_: Any) -> tuple[Any, Any]:
    """A tensor twice: for one reader, and for the readers after it."""
    import tensorflow as tf

    def gradient(one: Any, others: Any) -> Any:
        return one + unjoined(others)

    return tf.custom_gradient(lambda map_: ((tf.identity(map_), tf.identity(map_)), gradient))(map_)  # type: ignore[no-any-return]
