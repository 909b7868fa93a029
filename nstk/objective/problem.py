"""What an optimizer works on: the picture of one scale, seen through the parametrization, and the objective."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from ..api import Evaluation, Parametrization
from ..registry.blame import blaming
from .base import Objective


class PictureProblem:
    """The problem of one scale (see `nstk.Problem`).

    The unknowns `u` are never kept. With `picture = A u`, the gradient with respect to `u` is `A` applied to the gradient with
    respect to the pixels, and a change of `u` moves the picture by `A` applied to that change. So the picture can be clipped to
    0..255 at any time; filtered unknowns could not be clipped.
    """

    def __init__(self, image: tf.Variable, objective: Objective, parametrization: Parametrization, steps: int):
        self.image, self.objective, self.steps = image, objective, steps
        self._who, self._parametrization = f"parametrization `{parametrization.name}`", parametrization
        height, width = image.shape[1:3]
        with blaming(self._who, parametrization):
            self._operator = parametrization.operator(height, width)

    def value_and_grad(self) -> tuple[Evaluation, Any]:
        evaluation, gradient = self.pixel_gradient()
        return evaluation, self.shape(gradient)

    def move(self, change: Any) -> None:
        self.image.assign(tf.maximum(tf.minimum(self.image + self.shape(change), 255.0), 0.0))

    def pixel_gradient(self) -> tuple[Evaluation, Any]:
        return self.objective.value_and_grad(self.image)

    def evaluate(self) -> Evaluation:
        return self.objective.evaluate(self.image)

    def shape(self, change: Any) -> Any:
        with blaming(self._who, self._parametrization):
            return self._operator(change)
