"""What an optimizer works on: the picture of one scale, seen through the parametrization, and the objective."""

from __future__ import annotations

from collections.abc import Sequence
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
        self._latest: tuple[Objective, tf.Tensor, Evaluation] | None = None
        self._who, self._parametrization = f"parametrization `{parametrization.name}`", parametrization
        height, width = image.shape[1:3]
        with blaming(self._who, parametrization):
            self._operator = parametrization.operator(height, width)

    @property
    def labels(self) -> Sequence[str]:
        return [*self.objective.losses]

    def value_and_grad(self) -> tuple[Evaluation, Any]:
        evaluation, gradient = self.pixel_gradient()
        return evaluation, self.shape(gradient)

    def move(self, change: Any) -> None:
        self.image.assign(tf.maximum(tf.minimum(self.image + self.shape(change), 255.0), 0.0))

    def pixel_gradient(self) -> tuple[Evaluation, Any]:
        return self.objective.value_and_grad(self.image)

    def evaluate(self) -> Evaluation:
        return self.evaluate_at(self.image.read_value())

    def evaluate_at(self, picture: tf.Tensor) -> Evaluation:
        """The objective at a picture of this size. Where this was asked last, of the same picture, it is known.

        The last proposal of an optimizer is evaluated by its `finish`, and is mostly the picture that the run ends with.
        """
        if not tf.executing_eagerly():
            return self.objective.evaluate(picture)
        if self._latest:
            objective, known, evaluation = self._latest
            if objective is self.objective and bool(tf.reduce_all(tf.equal(known, picture))):
                return evaluation
        made = self.objective.evaluate(picture)
        self._latest = self.objective, picture, made
        return made

    def forget(self) -> None:
        """Drop what is known of the last picture."""
        self._latest = None

    def shape(self, change: Any) -> Any:
        with blaming(self._who, self._parametrization):
            return self._operator(change)
