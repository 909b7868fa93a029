"""RMSprop (Hinton, lecture 6e of "Neural Networks for Machine Learning", 2012), as `keras.optimizers.RMSprop` computes it.

A move is the learning rate times the gradient, divided by the root of the mean of its last squares. The mean begins at 0, so
the first move is (1 - rho)^-1/2 times as long: ten times with the default. The defaults differ from Keras's in `rho`, which is
PyTorch's, and in `epsilon`, because nstk's losses are near 1 and their gradient is spread over a million pixels.
"""

from __future__ import annotations

from typing import Any

import nstk
from nstk.plugins.optimizers._keras import SCHEDULES, KerasOptimizer, LearningRate


class Rmsprop(KerasOptimizer):
    """RMSprop on the pixels: as far for a small gradient as for a large one, without momentum."""

    name = "rmsprop"

    learning_rate: LearningRate = nstk.Field(
        1.0, description=f"Levels (of 255) that a pixel moves a step, roughly: {SCHEDULES}"
    )
    rho: float = nstk.Field(0.99, ge=0, lt=1, description="Decay of the mean of the squared gradients.")
    momentum: float = nstk.Field(0.0, ge=0, lt=1, description="Share of the last move that is kept.")
    epsilon: float = nstk.Field(1e-24, gt=0, description="Added to the mean square, of which the root is taken.")

    def keras_optimizer(self, learning_rate: Any) -> Any:
        import keras

        return keras.optimizers.RMSprop(learning_rate, self.rho, self.momentum, self.epsilon)


@nstk.hookimpl
def nstk_optimizers() -> list[type[nstk.Optimizer]]:
    return [Rmsprop]
