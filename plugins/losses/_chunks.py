"""Every row compared with every other: a matrix that is too large to be held, computed some rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

AT_A_TIME = 2**23
"""How many numbers of a matrix are held at a time. A computation makes a few copies of them, of 32 MB each."""


def cosine_distance(rows: Any, columns: Any) -> Any:
    """1 minus the cosine of each row with each column, for rows and columns of length 1: `[rows, columns]`."""
    import tensorflow as tf

    return 1.0 - tf.matmul(rows, columns, transpose_b=True)


def nearest(rows: Any, columns: Any, distance: Callable[[Any, Any], Any] = cosine_distance) -> Any:
    """For each row the index of its nearest column, the first of several that are. It has no gradient."""
    import tensorflow as tf

    @tf.custom_gradient
    def search(rows: Any, columns: Any) -> tuple[Any, Callable[..., Any]]:
        def among(part: Any) -> Any:
            return tf.argmin(distance(part, columns), axis=1, output_type=tf.int32)

        (parts,), _ = _parted([rows], columns.shape[0])
        if parts.shape[0] == 1:
            found = among(parts[0])
        else:
            spec = tf.TensorSpec([parts.shape[1]], tf.int32)
            found = tf.reshape(tf.map_fn(among, parts, fn_output_signature=spec, parallel_iterations=1), [-1])
        return found[: rows.shape[0]], lambda *_: (None, None)

    return search(tf.stop_gradient(rows), tf.stop_gradient(columns))


def best_rows(likeness: Callable[[Any, Any], Any], rows: Any, columns: Any) -> Any:
    """For each column the index of the row that is most like it, the first of several that are. It has no gradient."""
    import tensorflow as tf

    @tf.custom_gradient
    def search(rows: Any, columns: Any) -> tuple[Any, Callable[..., Any]]:
        (parts,), valid = _parted([rows], columns.shape[0])
        count, size = valid.shape

        def step(at: Any, most: Any, best: Any) -> tuple[Any, Any, Any]:
            found = likeness(parts[at], columns) * valid[at][:, None]
            more = tf.reduce_max(found, axis=0)
            first = at * size + tf.argmax(found, axis=0, output_type=tf.int32)
            return at + 1, tf.maximum(most, more), tf.where(more > most, first, best)

        width = columns.shape[0]
        begin = tf.constant(0), tf.fill([width], -1.0), tf.zeros([width], tf.int32)
        _, _, best = tf.while_loop(lambda at, *_: at < count, step, begin, parallel_iterations=1)
        return best, lambda *_: (None, None)

    return search(tf.stop_gradient(rows), tf.stop_gradient(columns))


def picked(rows: Any, at: Any) -> Any:
    """Some of the rows. The gradient adds up in one order where a row is picked several times."""
    import tensorflow as tf

    @tf.custom_gradient
    def pick(rows: Any) -> tuple[Any, Callable[[Any], Any]]:
        return tf.gather(rows, at), lambda upstream: tf.scatter_nd(at[:, None], upstream, rows.shape)

    return pick(rows)


def summed(part: Callable[..., Any], rows: Any, whole: Any, beside: Sequence[Any] = ()) -> Any:
    """The sum of `part(rows, whole, *beside)` over some rows at a time, a scalar, with a gradient for `rows` and `whole`.

    `part` gets some of the `rows`, the same rows of all that is `beside` them, and the `whole`. It returns one number for each
    row. The gradient is computed together with the value, so that nothing of the matrix is held until it is asked for.
    """
    import tensorflow as tf

    @tf.custom_gradient
    def total(rows: Any, whole: Any) -> tuple[Any, Callable[[Any], Any]]:
        parts, valid = _parted([rows, *beside], whole.shape[0])
        count, size = valid.shape

        def step(at: Any, sum_: Any, along: Any, pulls: Any) -> tuple[Any, Any, Any, Any]:
            mine, *others = (it[at] for it in parts)
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([mine, whole])
                value = tf.reduce_sum(part(mine, whole, *others) * valid[at])
            pull, more = tape.gradient(value, [mine, whole], unconnected_gradients="zero")
            return at + 1, sum_ + value, along + more, pulls.write(at, pull)

        pulls = tf.TensorArray(tf.float32, count, element_shape=[size, rows.shape[1]])
        begin = tf.constant(0), tf.constant(0.0), tf.zeros_like(whole), pulls
        _, sum_, along, pulls = tf.while_loop(lambda at, *_: at < count, step, begin, parallel_iterations=1)
        across = tf.reshape(pulls.stack(), [-1, rows.shape[1]])[: rows.shape[0]]
        return sum_, lambda upstream: (upstream * across, upstream * along)

    return total(rows, whole)


def _parted(tensors: Sequence[Any], columns: int) -> tuple[list[Any], Any]:
    """Tensors of as many rows in parts of equal length, filled up with zeros, and which rows are valid: 1, or 0.

    A part is so long that a matrix of its rows and so many `columns` is no larger than `AT_A_TIME`.
    """
    import tensorflow as tf

    count = tensors[0].shape[0]
    parts = -(-count * columns // AT_A_TIME)
    size = -(-count // parts)
    parts = -(-count // size)

    def parted(tensor: Any) -> Any:
        padded = tf.pad(tensor, [[0, parts * size - count], *([[0, 0]] * (len(tensor.shape) - 1))])
        return tf.reshape(padded, [parts, size, *tensor.shape[1:]])

    return [*map(parted, tensors)], parted(tf.ones([count]))
