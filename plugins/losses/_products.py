"""The product F^T F of activations of any precision, in float32."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import tensorflow as tf

PART = 512
"""How many positions are multiplied together in bfloat16."""

LEAST_PARTS = 64
"""From how many parts on their rounding averages out: the sum differs from float32's by 1e-4 to 2e-4 of its norm, with four
times as many by half of that."""


def gram_matrix(activations: Any) -> Any:
    """F^T F in float32, `[channels, channels]`, for activations `[..., channels]`, F: positions x channels.

    TensorFlow's products of bfloat16 or float16 have the type of their factors. bfloat16 rounds to 8 bits, which hides how far
    apart two nearly equal matrices are; float16 is infinite above 65504. So F is multiplied in float32, and the copy of F lives
    for one product only; but many positions of bfloat16 are multiplied part by part, and the parts are added in float32. The
    gradient is one product too, F (D + D^T) for the gradient D of the matrix; TensorFlow's takes two.
    """
    import tensorflow as tf

    @tf.custom_gradient
    def gram(flat: Any) -> tuple[Any, Callable[[Any], Any]]:
        def gradient(upstream: Any) -> Any:
            # Each entry is a sum over channels. bfloat16, which has float32's range, can hold it; float16 cannot.
            inner = tf.bfloat16 if flat.dtype == tf.bfloat16 else tf.float32
            both = tf.cast(upstream + tf.transpose(upstream), inner)
            return tf.cast(tf.matmul(tf.cast(flat, inner), both), flat.dtype)

        return _product(flat), gradient

    return gram(tf.reshape(activations, [-1, activations.shape[-1]]))


def _product(flat: tf.Tensor) -> tf.Tensor:
    """F^T F of `[positions, channels]`, in float32 or added up in float32 from parts."""
    import tensorflow as tf

    parts = (flat.shape[0] or 0) // PART
    if flat.dtype == tf.bfloat16 and parts >= LEAST_PARTS:
        split = tf.reshape(flat[: parts * PART], [parts, PART, flat.shape[1]])
        products = tf.matmul(split, split, transpose_a=True)
        return tf.reduce_sum(tf.cast(products, tf.float32), axis=0) + _product(tf.cast(flat[parts * PART :], tf.float32))
    wide = tf.cast(flat, tf.float32)
    return tf.matmul(wide, wide, transpose_a=True)
