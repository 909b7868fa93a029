"""The last pictures of some kind, such as an optimizer's moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class History:
    """Room for `length` pictures, each a variable of its own. At first, all are `nothing`, a picture of zeros.

    One variable for all pictures would be copied as a whole whenever it is read, once a part of it has been written to.
    """

    def __init__(self, length: int, nothing: Any):
        import tensorflow as tf

        self.variables: Sequence[Any] = [tf.Variable(nothing) for _ in range(length)]

    def products(self, picture: Any) -> Any:
        """The inner product of each picture of the history with a picture: `[length]`, float64."""
        import tensorflow as tf

        made: list[Any] = []
        for variable in self.variables:
            with tf.control_dependencies(made[-1:]):  # at once, all pictures in between would be held
                made.append(_by_row(variable, picture))
        return tf.reduce_sum(tf.cast(tf.stack(made), tf.float64), axis=[1, 2, 3])

    def add_to(self, picture: Any, weights: Any) -> None:
        """Add all pictures of the history, each times its weight, to a picture that is a variable."""
        import tensorflow as tf

        for weight, variable in zip(tf.unstack(tf.cast(weights, tf.float32)), self.variables, strict=True):
            picture.assign_add(weight * variable)

    def forget(self) -> None:
        """Set all pictures of the history back to zeros."""
        import tensorflow as tf

        nothing = tf.zeros_like(self.variables[0])
        for variable in self.variables:
            variable.assign(nothing)


def keep_each(index: Any, pairs: Sequence[tuple[History, Any]]) -> None:
    """Write a picture over the one at an index, a scalar tensor, in each of several histories of one length."""
    import tensorflow as tf

    def write(row: int) -> bool:
        for history, picture in pairs:
            history.variables[row].assign(picture)
        return True

    rows = range(len(pairs[0][0].variables))
    tf.switch_case(index, [lambda row=row: write(row) for row in rows])


def inner(one: Any, other: Any) -> Any:
    """The inner product of two pictures `[1, height, width, 3]`, computed without holding their product as a third picture."""
    import tensorflow as tf

    return tf.cast(tf.reduce_sum(tf.cast(_by_row(one, other), tf.float64)), tf.float32)


def _by_row(one: Any, other: Any) -> Any:
    """The inner products of the rows of two pictures: `[height, 1, 1]`."""
    import tensorflow as tf

    _, height, width, channels = one.shape
    rows, others = (tf.reshape(it, [height, 1, width * channels]) for it in (one, other))
    return tf.matmul(rows, others, transpose_b=True)
