"""Adam (Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015), as `keras.optimizers.Adam` computes it.

The defaults differ from the paper's in two things. The learning rate falls along a cosine, so that bold strokes come first and
fine ones last. And `epsilon` is far smaller, because nstk's losses are near 1 and their gradient is spread over a million
pixels.
"""

from __future__ import annotations

from typing import Any

import nstk
from nstk.plugins.optimizers._keras import SCHEDULES, Cosine, KerasOptimizer, LearningRate


class Adam(KerasOptimizer):
    """Adam on the pixels."""

    name = "adam"

    learning_rate: LearningRate = nstk.Field(
        Cosine(start=10, end=1), description=f"Levels (of 255) that a pixel moves a step, roughly: {SCHEDULES}"
    )
    beta_1: float = nstk.Field(0.9, ge=0, lt=1, description="Decay of the mean of the gradients.")
    beta_2: float = nstk.Field(0.999, ge=0, lt=1, description="Decay of the mean of their squares.")
    epsilon: float = nstk.Field(
        1e-12, gt=0, description="Added to the root of the mean square; a `relative` loss has gradients of 1e-6 and less."
    )

    def keras_optimizer(self, learning_rate: Any) -> Any:
        import keras

        return keras.optimizers.Adam(learning_rate, self.beta_1, self.beta_2, self.epsilon)


@nstk.hookimpl
def nstk_optimizers() -> list[type[nstk.Optimizer]]:
    return [Adam]
