"""The formula `scaled`: a squared distance divided by the absolute one, sum d^2 / (sum |d| + 1e-8).

crowsonkb/style-transfer-pytorch compared activations and Gram matrices in this way in 2021. The sizes of the derivatives with
respect to d sum up to about 1 whatever d is, so a weight means the same for a layer of any size, a picture of any size, and
pixels of any range. The denominator is part of the function: the gradient goes through it too.
"""

from __future__ import annotations

from typing import Any

TINY = 1e-8
"""What is added to the sum of |d|, so that a distance of zero is no division by zero."""


def sums_of(difference: Any) -> dict[str, Any]:
    """The sums of d^2 and of |d| over a map of differences. They add up over parts of a picture."""
    import tensorflow as tf

    return {"squares": tf.reduce_sum(tf.square(difference)), "absolute": tf.reduce_sum(tf.abs(difference))}


def scaled(sums: dict[str, Any]) -> Any:
    """The squared distance divided by the absolute one, a scalar."""
    return sums["squares"] / (sums["absolute"] + TINY)
