"""Projections of activations on some directions, and how their values are distributed: sums over positions, of any picture.

Values are counted below edges that are the same for all pictures, layers and networks: eight to each doubling of a value plus
`FINEST`, on both sides of 0. A value near an edge counts by a share that grows smoothly, as its gradient does: gradients that
jump at edges would spoil what an optimizer learns about curvature.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

SEED = 2021
"""Of the directions. They are the same for every run, scale, picture and tile: their sums would not add up otherwise."""

FINEST = 2.0**-6
"""Below this value, bins are as wide as those that begin at it."""

DOUBLINGS = 24
"""How many times `FINEST` may be doubled: values beyond 2^18 count as that."""

PER_DOUBLING = 8
"""How many edges there are to each doubling, equally far apart."""

MANTISSA = 23
"""How many bits of a float32 tell where it lies between a power of 2 and the next one."""

STEPS = 2**9
"""In how many steps a value moves from one edge of a bin to the other. Counts of steps are whole numbers: their sum has the
same bits in any order."""

MOST_ROWS = 2**15
"""How many positions are counted at a time: as many times `STEPS` as a float32 counts exactly."""

AT_A_TIME = 2**21
"""How many projections are held at a time. A computation makes some ten copies of them, of 8 MB each."""


@lru_cache(maxsize=64)
def directions(channels: int, count: int) -> Any:
    """So many directions of length 1, `[channels, count]`, as a numpy array. Each block of `channels` is orthonormal."""
    import numpy as np

    draw = np.random.default_rng(SEED)
    blocks = [np.linalg.qr(draw.standard_normal((channels, channels)))[0] for _ in range(-(-count // channels))]
    return np.concatenate(blocks, axis=1)[:, :count].astype(np.float32)


@lru_cache(maxsize=1)
def edges() -> Any:
    """All edges, from the least to the largest, as a numpy array in float64."""
    import numpy as np

    within = 1 + np.arange(PER_DOUBLING) / PER_DOUBLING
    above = np.concatenate([within * 2.0**power for power in range(DOUBLINGS)] + [[2.0**DOUBLINGS]]) * FINEST - FINEST
    return np.concatenate([-above[:0:-1], above])


@lru_cache(maxsize=1)
def reach() -> Any:
    """Half of how far apart the two edges beside each edge are, as a numpy array in float64."""
    import numpy as np

    padded = np.pad(edges(), 1, mode="edge")
    return (padded[2:] - padded[:-2]) / 2


def counts_below(activations: Any, directions: Any) -> Any:
    """How many projections lie below each edge: `[directions, edges]`, in float32, a sum over positions.

    A projection counts for the two edges around it by a share: all of it lies below an edge when it is at the edge before, none
    when it is at the edge after. All lie below the last edge. With u where it lies between two edges, from 0 to 1, its gradient
    is (1 - u) of what moves it at the lower edge and u of what moves it at the upper one.
    """
    import tensorflow as tf

    onto = tf.constant(directions)
    count, bins = onto.shape[1], len(edges()) - 1
    lower, upper = (tf.constant(share, tf.float32) for share in _shares())

    @tf.custom_gradient
    def below(rows: Any) -> tuple[Any, Callable[[Any], Any]]:
        def summed(part: Any) -> Any:
            at, steps = _places(tf.matmul(tf.cast(part, tf.float32), onto))
            weights = tf.ones_like(steps), steps, tf.round(tf.square(steps) / STEPS)
            there, first, second = (tf.reshape(_counted(at, it, count * bins), [count, bins]) for it in weights)
            near_lower = lower * (there - (2 * first - second) / STEPS)
            near_upper = tf.cumsum(there, axis=1) - upper * (second / STEPS)
            return tf.pad(near_lower, [[0, 0], [0, 1]]) + tf.pad(near_upper, [[0, 0], [1, 0]])

        def gradient(upstream: Any) -> Any:
            slopes = -upstream / tf.constant(reach(), tf.float32)
            lines = tf.reshape(tf.stack([slopes[:, :-1], slopes[:, 1:] - slopes[:, :-1]], axis=2), [-1, 2])

            def pulled(part: Any) -> Any:
                at, steps = _places(tf.matmul(tf.cast(part, tf.float32), onto))
                line = tf.gather(lines, at)
                slope = line[..., 0] + line[..., 1] * (steps / STEPS)
                return tf.cast(tf.matmul(slope, onto, transpose_b=True), part.dtype)

            return _mapped(pulled, rows, count)

        return _summed(summed, rows, (count, bins + 1)), gradient

    return below(tf.reshape(activations, [-1, activations.shape[-1]]))


def _shares() -> tuple[Any, Any]:
    """How wide each bin is, as a share of twice the reach of the edge below it, and of that of the edge above it."""
    import numpy as np

    widths, both = np.diff(edges()), 2 * reach()
    return widths / both[:-1], widths / both[1:]


def _counted(at: Any, weights: Any, size: int) -> Any:
    """The sum of the weights that are at each of so many places."""
    import tensorflow as tf

    at, weights = tf.reshape(at, [-1]), tf.reshape(weights, [-1])
    if tf.config.list_logical_devices("GPU"):  # where `bincount` takes no weights
        return tf.math.unsorted_segment_sum(weights, at, size)
    return tf.raw_ops.DenseBincount(input=at, size=size, weights=weights)  # `tf.math.bincount` asks for what XLA has not


def _places(values: Any) -> tuple[Any, Any]:
    """The bin of each value, numbered on through the directions, and the steps from the bin's lower edge, a whole number.

    Between two powers of 2, the bits of a float32, read as a whole number, are a linear function of its value.
    """
    import tensorflow as tf

    half, last = DOUBLINGS * PER_DOUBLING, 2 * DOUBLINGS * PER_DOUBLING
    bits = tf.cast(tf.bitcast(tf.abs(values) + FINEST, tf.int32), tf.float32)
    place = tf.sign(values) * ((bits - _first()) * (PER_DOUBLING / 2**MANTISSA)) + half
    place = tf.clip_by_value(place, 0.0, last - 1.0)
    bins = tf.maximum(tf.cast(place, tf.int32), 0)  # where the value is no number, the steps are none either
    steps = tf.round((place - tf.cast(bins, tf.float32)) * STEPS)
    return bins + last * tf.range(values.shape[1]), steps


def _first() -> float:
    """The bits of `FINEST`, read as a whole number."""
    import numpy as np

    return float(np.float32(FINEST).view(np.int32))


def _at_a_time(columns: int) -> int:
    return max(1, min(MOST_ROWS, AT_A_TIME // columns))


def _summed(function: Callable[[Any], Any], rows: Any, shape: tuple[int, int]) -> Any:
    """The sum of what `function` makes of some rows at a time, of a shape whose first number is how wide it makes a row."""
    import tensorflow as tf

    size = _at_a_time(shape[0])
    whole, rest = _divided(rows, size)
    sum_ = tf.zeros(shape)
    if _may_be_some(whole):

        def step(at: Any, sum_: Any) -> tuple[Any, Any]:
            return at + 1, sum_ + function(_part(rows, at, size))

        _, sum_ = tf.while_loop(lambda at, _: at < whole, step, (tf.constant(0), sum_), parallel_iterations=1)
    return sum_ + function(rows[whole * size :]) if _may_be_some(rest) else sum_


def _mapped(function: Callable[[Any], Any], rows: Any, columns: int) -> Any:
    """What `function` makes of each row, some rows at a time. It makes them so many columns wide between."""
    import tensorflow as tf

    size = _at_a_time(columns)
    whole, rest = _divided(rows, size)
    made = []
    if _may_be_some(whole):
        spec = tf.TensorSpec([size, rows.shape[1]], rows.dtype)
        parts = tf.map_fn(
            lambda at: function(_part(rows, at, size)), tf.range(whole), fn_output_signature=spec, parallel_iterations=1
        )
        made.append(tf.reshape(parts, [whole * size, rows.shape[1]]))
    if _may_be_some(rest):
        made.append(function(rows[whole * size :]))
    return tf.concat(made, axis=0) if len(made) > 1 else made[0] if made else rows


def _divided(rows: Any, size: int) -> tuple[Any, Any]:
    """How many times so many rows there are, and how many are left: tensors while a graph is traced for any number of rows."""
    import tensorflow as tf

    count = tf.shape(rows)[0] if rows.shape[0] is None else rows.shape[0]
    return count // size, count % size


def _may_be_some(count: Any) -> bool:
    return not isinstance(count, int) or count > 0


def _part(rows: Any, at: Any, size: int) -> Any:
    import tensorflow as tf

    part = tf.slice(rows, [at * size, 0], [size, rows.shape[1]])
    part.set_shape([size, rows.shape[1]])
    return part
