"""Activations as rows, one for each position or small patch, of all positions or of some that are drawn at random."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import nstk

LEAST = 1e-4
"""The length of the coordinate that every row gets before its direction is taken, as a share of the painting's mean length."""

TINY = 1e-6
"""A lower bound of that length, for a layer of the painting that never fires."""


def drawn(positions: int, samples: int) -> Any:
    """The indices of so many positions, one drawn from each of as many stretches of equal length; None for all of them.

    Positions are numbered row by row, and none is drawn twice.
    """
    import tensorflow as tf

    if positions <= samples:
        return None
    bounds = [positions * at // samples for at in range(samples + 1)]
    first, length = tf.constant(bounds[:-1]), tf.constant([b - a for a, b in pairwise(bounds)])
    share = tf.random.get_global_generator().uniform([samples])
    return first + tf.minimum(tf.cast(share * tf.cast(length, tf.float32), tf.int32), length - 1)


def divided(samples: int, styles: Mapping[str, Any]) -> list[tuple[str, int]]:
    """How many of the samples are drawn from each painting, by label: so many as its share is, and one at least."""
    return [(label, max(1, int(samples * share))) for label, share in nstk.Styles.of(styles).shares.items()]


def places(activations: Any, edge: int = 1) -> int:
    """How many patches of `edge` x `edge` positions a layer has."""
    height, width = activations.shape[1:3]
    return int((height - edge + 1) * (width - edge + 1))


def rows_of(activations: Any, at: Any = None, edge: int = 1) -> Any:
    """The patches of `edge` x `edge` positions as rows `[patches, edge * edge * channels]`, in float32.

    `at` are the indices of some of them, from `drawn`.
    """
    import tensorflow as tf

    channels = activations.shape[-1]
    if at is None and edge == 1:
        return tf.cast(tf.reshape(activations, [-1, channels]), tf.float32)
    columns = activations.shape[2] - edge + 1
    at = tf.range(places(activations, edge)) if at is None else at
    within = tf.range(edge * edge)
    down, across = at[:, None] // columns + within // edge, at[:, None] % columns + within % edge
    return tf.reshape(gathered(activations, down, across), [-1, edge * edge * channels])


def gathered(activations: Any, down: Any, across: Any) -> Any:
    """The activations at the positions (`down`, `across`), in float32: of their shape, and channels.

    The gradient is summed in float32 as well: in lower precision, what overlapping patches add would be rounded away.
    """
    import tensorflow as tf

    at = tf.stack([tf.zeros_like(down), down, across], axis=-1)

    @tf.custom_gradient
    def gather(activations: Any) -> tuple[Any, Callable[[Any], Any]]:
        def gradient(upstream: Any) -> Any:
            return tf.cast(tf.scatter_nd(at, upstream, activations.shape), activations.dtype)

        return tf.cast(tf.gather_nd(activations, at), tf.float32), gradient

    return gather(activations)


def least_length(rows: Any) -> Any:
    """The length of the coordinate that `directions` adds, for the rows of a painting."""
    import tensorflow as tf

    return tf.maximum(LEAST * tf.sqrt(tf.reduce_mean(tf.reduce_sum(tf.square(rows), axis=1))), TINY)


def directions(rows: Any, least: Any) -> Any:
    """The rows with a coordinate `least` added, divided by their length. Their products are cosines.

    The coordinate is too small to be seen in them, but for rows of (nearly) zero: these have a direction, and a gradient.
    """
    import tensorflow as tf

    rows = tf.concat([rows, tf.fill([rows.shape[0], 1], least)], axis=1)
    return rows * tf.math.rsqrt(tf.reduce_sum(tf.square(rows), axis=1, keepdims=True))


def centred(rows: Any) -> Any:
    """The rows without their mean."""
    import tensorflow as tf

    return rows - tf.reduce_mean(rows, axis=0)
