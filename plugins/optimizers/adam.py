"""Adam (Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015), as `keras.optimizers.Adam` computes it."""

from __future__ import annotations

from typing import Any

import nstk
from nstk.plugins.optimizers.keras_stepper import RATE, KerasOptimizer, LearningRate


class Adam(KerasOptimizer):
    """Adam on the pixels."""

    name = "adam"

    learning_rate: LearningRate = nstk.Field(2.0, description=RATE)
    beta_1: float = nstk.Field(0.9, ge=0, lt=1, description="Decay of the mean of the gradients.")
    beta_2: float = nstk.Field(0.999, ge=0, lt=1, description="Decay of the mean of their squares.")
    epsilon: float = nstk.Field(1e-7, gt=0, description="Added to the root of the mean square.")

    def keras_optimizer(self, learning_rate: Any) -> Any:
        import keras

        return keras.optimizers.Adam(learning_rate, self.beta_1, self.beta_2, self.epsilon)


@nstk.hookimpl
def nstk_optimizers() -> list[type[nstk.Optimizer]]:
    return [Adam]
