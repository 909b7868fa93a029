"""The first two moments of activations, as sums over positions: what losses that compare distributions are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import nstk


def channel_sums(activations: Any) -> dict[str, Any]:
    """The sum of each channel over all positions, and the number of positions, in float32."""
    import tensorflow as tf

    positions = tf.cast(tf.size(activations) // activations.shape[-1], tf.float32)
    return {"sum": tf.reduce_sum(tf.cast(activations, tf.float32), axis=[0, 1, 2]), "positions": positions}


def blended(styles: Mapping[str, Any], layer: str, part: str) -> Any:
    """One raw moment of several styles at a layer: the mean of what each has for a position, by the styles' shares."""
    return nstk.blend(styles, lambda style: style[layer][part] / style[layer]["positions"])


def covariance(mean: Any, square: Any) -> Any:
    """The covariances of channels, from their means and the mean products of each pair of them."""
    import tensorflow as tf

    column = mean[:, None]
    return square - tf.matmul(column, column, transpose_b=True)
