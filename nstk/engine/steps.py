"""Steps: the scale that is at work, one step of it as callbacks see it, and those that were done before a run was resumed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from ..api import Evaluation, Scale, Stepper
from ..errors import RunError

if TYPE_CHECKING:
    import numpy as np

    from ..objective.problem import PictureProblem
    from ..objective.whole import Objective
    from .footprint import Way
    from .painting import Painting


Move = tuple[Evaluation, Any, Any]
"""What a step tells: the objective before it, whether all is finite, whether the optimizer has stalled; as tensors."""


@dataclass
class Work:
    """A scale at work."""

    scale: Scale
    way: Way
    problem: PictureProblem
    stepper: Stepper
    done: int = 0
    """How many steps of it."""
    stalled: bool = False
    """Whether the optimizer can make no more of them."""
    sound: bool = False
    """Whether one of them was finite."""
    recovered: bool = False
    """Whether one of them was not, and the optimizer makes smaller moves since."""

    @property
    def objective(self) -> Objective:
        """What its steps make small."""
        return self.problem.objective

    @property
    def ended(self) -> bool:
        """Whether there are no more of them to do."""
        return self.stalled or self.done >= self.scale.steps


class Moved:
    """One step, as callbacks see it (see `nstk.Step`).

    A step that was lost, because NaN or infinity came of it, has moved nothing: its losses are those of the step before.
    """

    def __init__(
        self, index: int, evaluation: Evaluation, finite: Any, scale: Scale, painting: Painting, before: Moved | Done | None
    ):
        self.index, self.evaluation, self.scale = index, evaluation, scale
        self.seconds = painting.seconds
        self._finite, self._painting, self._before = finite, painting, before

    @cached_property
    def lost(self) -> bool:
        return not bool(self._finite)

    @cached_property
    def loss(self) -> float:
        return self._before.loss if self._before and self.lost else float(self.evaluation.loss)

    @cached_property
    def losses(self) -> Mapping[str, float]:
        if self._before and self.lost:
            return self._before.losses
        return {label: float(self.evaluation.losses[label]) for label in self._painting.labels}

    def image(self) -> np.ndarray:
        return self._painting.image()


@dataclass
class Done:
    """A step that was done before the run was resumed: numbers, without a picture."""

    index: int
    scale: Scale
    seconds: float
    loss: float
    losses: Mapping[str, float] = field(default_factory=dict)

    lost: ClassVar[bool] = False

    @classmethod
    def of(cls, index: int, scales: Sequence[Scale], row: Iterable[float], had: Sequence[str], labels: Sequence[str]) -> Done:
        """From a row of a checkpoint's history, which `had` these losses; a label that is new since is NaN."""
        scale, seconds, loss, *values = map(float, row)
        losses = dict(zip(had, values, strict=True))
        return cls(index, scales[int(scale)], seconds, loss, {label: losses.get(label, math.nan) for label in labels})

    def image(self) -> np.ndarray:
        raise RunError(f"there is no picture of step {self.index}: it was done before the run was resumed")
