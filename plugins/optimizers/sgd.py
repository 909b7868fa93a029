"""Gradient descent with momentum (Polyak 1964; Nesterov 1983), as `keras.optimizers.SGD` computes it.

A step is as long as the gradient times the learning rate. So a good learning rate depends on the losses' formula and on the
picture's size; Adam's does not.
"""

from __future__ import annotations

from typing import Any

import nstk
from nstk.plugins.optimizers._keras import SCHEDULES, KerasOptimizer, LearningRate


class Sgd(KerasOptimizer):
    """Gradient descent with momentum on the pixels."""

    name = "sgd"

    learning_rate: LearningRate = nstk.Field(100.0, description=f"Factor of the gradient: {SCHEDULES}")
    momentum: float = nstk.Field(0.9, ge=0, lt=1, description="Share of the last move that is kept.")
    nesterov: bool = nstk.Field(False, description="Use Nesterov's momentum.")

    def keras_optimizer(self, learning_rate: Any) -> Any:
        import keras

        return keras.optimizers.SGD(learning_rate, self.momentum, self.nesterov)


@nstk.hookimpl
def nstk_optimizers() -> list[type[nstk.Optimizer]]:
    return [Sgd]
