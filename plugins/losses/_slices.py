"""Projections of activations on some directions, and how their values are distributed: sums over positions, of any picture.

Values are counted in bins whose edges are the same for all pictures, layers and networks: eight bins to each doubling of a
value plus `FINEST`, on both sides of 0. A value counts for the two edges around it, for the nearer one more. So what is counted
changes smoothly with the values, and their mean is kept.
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
"""How many bins there are to each doubling, of equal width."""

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
    """The edges of all bins, from the least to the largest, as a numpy array in float64."""
    import numpy as np

    within = 1 + np.arange(PER_DOUBLING) / PER_DOUBLING
    above = np.concatenate([within * 2.0**power for power in range(DOUBLINGS)] + [[2.0**DOUBLINGS]]) * FINEST - FINEST
    return np.concatenate([-above[:0:-1], above])


def counts_below(activations: Any, directions: Any) -> Any:
    """How many projections lie below the upper edge of each bin: `[directions, bins]`, in float32, a sum over positions.

    Those within a bin count by the share of its width that they lie below the upper edge. None lies in the last bin, so the
    last number is how many positions there are. The gradient of a projection comes from its own bin alone.
    """
    import tensorflow as tf

    onto = tf.constant(directions)
    wide = onto.shape[1], len(edges()) - 1
    upward = tf.constant(edges()[1:] - edges()[:-1], tf.float32)

    @tf.custom_gradient
    def count(rows: Any) -> tuple[Any, Callable[[Any], Any]]:
        def below(part: Any) -> Any:
            bins, share = _places(tf.matmul(tf.cast(part, tf.float32), onto))
            there, moved = (tf.reshape(it, wide) for it in (_counted(bins), _counted(bins, share)))
            return tf.cumsum(there, axis=1) - moved / STEPS

        def gradient(upstream: Any) -> Any:
            slopes = tf.reshape(-upstream / upward, [-1])

            def pulled(part: Any) -> Any:
                bins, _ = _places(tf.matmul(tf.cast(part, tf.float32), onto))
                return tf.cast(tf.matmul(tf.gather(slopes, bins), onto, transpose_b=True), part.dtype)

            return _mapped(pulled, rows, wide[0])

        return _summed(below, rows, wide), gradient

    def _counted(bins: Any, weights: Any = None) -> Any:
        size, bins = wide[0] * wide[1], tf.reshape(bins, [-1])
        weights = tf.ones(tf.shape(bins)) if weights is None else tf.reshape(weights, [-1])
        if tf.config.list_logical_devices("GPU"):  # where `bincount` takes no weights
            return tf.math.unsorted_segment_sum(weights, bins, size)
        return tf.raw_ops.DenseBincount(input=bins, size=size, weights=weights)  # `tf.math.bincount` asks for what XLA has not

    return count(tf.reshape(activations, [-1, activations.shape[-1]]))


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
