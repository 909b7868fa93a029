"""The objective of a picture that is painted in one region: outside, the losses see the photograph, and nothing moves.

With the picture u that is moved, the photograph c and the region's map m, 0..1, all losses see

    x = c + m (u - c)

and the gradient with respect to u is m times that with respect to x. So whatever an optimizer does with u, x is the photograph,
bit for bit, where m is 0; and where m is between, x goes softly from one to the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from ..api import Evaluation, Loss
from ..machine.precision import FLOAT32
from .base import Objective
from .features import batch


class PaintedObjective(Objective):
    """What one scale of a run makes small, where only a region is painted (see `Objective`).

    `inner` is the objective of the whole picture. It does not scale its losses: this one does. `map_` is height x width, 0..1.
    """

    def __init__(self, inner: Objective, map_: np.ndarray, content: np.ndarray, dtype: str = FLOAT32):
        super().__init__(inner.losses, dtype)
        self.inner, self._own = inner, {"map": batch(map_[..., np.newaxis]), "content": batch(content)}

    @property
    def targets(self) -> dict[str, Any]:
        """The targets of the losses, and what is laid over the picture."""
        return {"losses": self.inner.targets, "over": self._own}

    @targets.setter
    def targets(self, targets: Mapping[str, Any]) -> None:
        self.inner.targets, self._own = targets.get("losses", {}), targets.get("over", {})

    def reweigh(self, by: Mapping[str, float]) -> None:
        super().reweigh(by)
        self.inner.reweigh(by)

    def seen(self, pixels: Any) -> Any:
        """The picture `[1, height, width, 3]` with the photograph over what is not painted."""
        content = self._own["content"]
        return content + self._own["map"] * (pixels - content)

    def _evaluate(self, pixels: tf.Tensor, losses: Mapping[str, Loss]) -> Evaluation:
        return self.inner._evaluate(self.seen(pixels), losses)

    def _differentiate(
        self, pixels: tf.Tensor, losses: Mapping[str, Loss], factor: tf.Tensor | None
    ) -> tuple[Evaluation, tf.Tensor | None]:
        evaluation, gradient = self.inner._differentiate(self.seen(pixels), losses, factor)
        return evaluation, None if gradient is None else self._own["map"] * gradient
