"""Loss scaling: gradients that pass through float16 are computed times a power of two, and divided by it at the end.

float16 holds numbers from 6e-8 to 65504. The gradient of a loss that is a ratio may be 1e-12, that of a plain sum of squares
1e9: both are lost without a factor that follows them.

Micikevicius et al., "Mixed precision training", ICLR 2018 (arXiv:1710.03740). nstk differs from the usual dynamic scaling: it
computes a gradient that was lost again and leaves no step out, so no optimizer ever sees a lost gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from ..api import Evaluation

Differentiate = Callable[[tf.Tensor], "tuple[Evaluation, tf.Tensor]"]
"""Takes a factor, and returns the objective and its gradient times the factor."""


AIM = 6.0
"""The largest component of a scaled gradient is brought to 2 ** AIM, which lies between LOW and HIGH with more room below."""


LOW, HIGH = -4.0, 14.0
"""A gradient whose largest component lies beyond these powers of two is computed again: too much of it would be lost."""


JUMP = 20.0
"""The power of two by which the factor moves where a gradient is infinite or zero and does not say how far off it is."""


LIMIT = 80.0
"""The factor stays between 2 ** -LIMIT and 2 ** LIMIT: float32 holds the product of such a factor and any loss's gradient."""


TRIES = 10
"""How often a gradient is computed at most: often enough to go from one limit to the other, and once more to settle."""


class LossScale:
    """The factor of one scale of a run. It follows the gradient, so that after the first step one evaluation is enough."""

    def __init__(self) -> None:
        self.power = tf.Variable(0.0, trainable=False, name="loss_scale_power")
        """The log2 of the factor. It is a whole number, so that multiplying and dividing by the factor are exact."""

    @property
    def factor(self) -> tf.Tensor:
        return _two_to(self.power)

    def __call__(self, differentiate: Differentiate, like: tf.Tensor, labels: list[str]) -> tuple[Evaluation, tf.Tensor]:
        """The objective and its gradient, which has the shape of `like`; `labels` are the labels of the losses.

        The gradient is finite unless the objective's own value is not, or no factor helps.
        """

        def evaluate(tries: tf.Tensor, power: tf.Tensor, better: tf.Tensor, *before: Any) -> tuple[Any, ...]:
            evaluation, scaled = differentiate(_two_to(better))
            return tries + 1, better, _following(better, scaled), evaluation, scaled

        def lost(tries: tf.Tensor, power: tf.Tensor, better: tf.Tensor, evaluation: Evaluation, scaled: tf.Tensor) -> Any:
            largest = tf.reduce_max(tf.abs(scaled))
            good = (largest >= 2.0**LOW) & (largest <= 2.0**HIGH) & tf.reduce_all(tf.math.is_finite(scaled))
            helps = tf.math.is_finite(evaluation.loss) & (better != power) & (tries < TRIES)
            return (tries == 0) | (helps & ~good)

        nothing = Evaluation(tf.constant(0.0), {label: tf.constant(0.0) for label in labels})
        power = tf.convert_to_tensor(self.power)
        start = (tf.constant(0), power, power, nothing, tf.zeros_like(like))
        _, power, better, evaluation, scaled = tf.while_loop(lost, evaluate, start)  # the graph holds one copy of the network
        self.power.assign(better)
        return evaluation, scaled / _two_to(power)


def _following(power: tf.Tensor, scaled: tf.Tensor) -> tf.Tensor:
    """The power of two under which the largest component of this gradient would be 2 ** AIM."""
    largest = tf.reduce_max(tf.abs(scaled))
    move = AIM - tf.floor(tf.math.log(largest) / tf.math.log(2.0))
    move = tf.where(largest > 0, move, JUMP)
    move = tf.where(tf.reduce_all(tf.math.is_finite(scaled)), move, -JUMP)
    return tf.clip_by_value(power + move, -LIMIT, LIMIT)


def _two_to(power: tf.Tensor) -> tf.Tensor:
    return tf.pow(2.0, power)
