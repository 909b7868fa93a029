"""The objective of a picture that is evaluated as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, TypeVar

import tensorflow as tf

from ..api import Evaluation, Features, Goal, Loss, Pictures, References, StatisticLoss, Styles
from ..machine.precision import FLOAT32
from .base import Objective, Remember, anew, weighted
from .calling import calling
from .features import Network, batch, seen
from .regions import NOWHERE, Limits, value
from .turns import Turns

T = TypeVar("T")


class WholeObjective(Objective):
    """What one scale of a run makes small, on the whole picture at once (see `Objective`).

    `remember` keeps what a loss has to know of a painting, by the painting's label and the loss, from one picture to the next.
    `limits` says to which regions losses are limited, by label.
    """

    def __init__(
        self,
        net: Network,
        losses: Mapping[str, Loss],
        pictures: Pictures,
        dtype: str = FLOAT32,
        remember: Remember = anew,
        limits: Mapping[str, Limits] = NOWHERE,
    ):
        super().__init__(losses, dtype)
        self.net, self.targets = net, {}
        looked_at = _Looks(net, pictures)
        for label, loss in losses.items():
            with calling(loss, label, "target"):
                self.targets[label] = _target(loss, looked_at, remember, limits.get(label))

    def _evaluate(self, pixels: tf.Tensor, losses: Mapping[str, Loss]) -> Evaluation:
        turns = Turns(pixels, self.net, losses)
        return weighted(losses, lambda label, loss: value(loss, seen(loss, turns.of(label)), self.targets[label]))

    def _differentiate(
        self, pixels: tf.Tensor, losses: Mapping[str, Loss], factor: tf.Tensor | None
    ) -> tuple[Evaluation, tf.Tensor | None]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(pixels)
            evaluation = self._evaluate(pixels, losses)
        return evaluation, tape.gradient(evaluation.loss, pixels, output_gradients=factor)


class _Looks:
    """The activations of the content and of each painting. A painting's are computed when they are first asked for."""

    def __init__(self, net: Network, pictures: Pictures):
        self._shares = Styles.of(pictures.styles).shares
        self._style = cache(lambda label: net(batch(pictures.styles[label])))
        self.content = net(batch(pictures.content))

    def styles(self, of: Callable[[str, Callable[[], Features]], T]) -> Styles[T]:
        """What `of` makes of each painting: of its label, and of a function that computes its activations."""
        return Styles({label: of(label, partial(self._style, label)) for label in self._shares}, self._shares)


def _target(loss: Loss, looked_at: _Looks, remember: Remember, limits: Limits | None) -> Any:
    """What a loss compares the picture with."""
    content = seen(loss, looked_at.content)
    if not (isinstance(loss, StatisticLoss) and type(loss).target is StatisticLoss.target):
        styles = looked_at.styles(lambda label, style: seen(loss, style())) if loss.sees_style else Styles({})
        return loss.target(References(content, styles))

    def sums(label: str, style: Callable[[], Features]) -> Any:
        of_style = partial(limits.of_style, loss, label) if limits else loss.of_style
        return remember((label, loss), lambda: of_style(seen(loss, style())))

    maps, made, styles = loss.maps(content), loss.of_content(content), looked_at.styles(sums)
    if limits:
        return Goal(limits.placed(content, maps), limits.goal(loss, made, styles))
    return Goal(maps, loss.goal(made, styles))
