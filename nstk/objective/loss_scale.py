"""Loss scaling: gradients that pass through float16 are computed times a power of two, and divided by it at the end.

float16 holds numbers from 6e-8 to 65504. The gradient of a loss that is a ratio may be 1e-12, that of a plain sum of squares
1e9: both are lost without a factor that follows them.

Micikevicius et al., "Mixed precision training", ICLR 2018 (arXiv:1710.03740). Differs from the usual dynamic scaling in that a
gradient which was lost is computed again, instead of a step being left out: no optimizer ever sees it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from ..api import Evaluation

Differentiate = Callable[[tf.Tensor], "tuple[Evaluation, tf.Tensor]"]
"""From a factor to the objective and its gradient times the factor."""


AIM = 6.0
"""The largest component of a scaled gradient is brought to 2 ** AIM: between the bounds, with more room below."""


LOW, HIGH = -4.0, 14.0
"""Beyond these powers of two it is computed again: too much of it would be lost."""


JUMP = 20.0
"""By which power of two the factor moves where a gradient is infinite or zero, so that it does not say how far it is off."""


LIMIT = 80.0
"""The factor stays between 2 ** -LIMIT and 2 ** LIMIT: float32 holds it times any loss's gradient."""


TRIES = 10
"""How often a gradient is computed at most: from one limit to the other, and once to settle."""


class LossScale:
    """The factor of one scale of a run. It follows the gradient, so that one evaluation is enough but for the first step."""

    def __init__(self) -> None:
        self.power = tf.Variable(0.0, trainable=False, name="loss_scale_power")
        """log2 of the factor, a whole number: then multiplying and dividing by it is exact."""

    @property
    def factor(self) -> tf.Tensor:
        return _two_to(self.power)

    def __call__(self, differentiate: Differentiate, like: tf.Tensor, labels: list[str]) -> tuple[Evaluation, tf.Tensor]:
        """The objective and its gradient, of the shape of `like`; `labels` are those of the losses.

        The gradient is not finite only where the objective's own value is not, or where no factor helps.
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
        _, power, better, evaluation, scaled = tf.while_loop(lost, evaluate, start)  # one copy of the network in the graph
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
