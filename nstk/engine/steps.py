"""Steps: the scale that is at work, one step of it as callbacks see it, and those that were done before a run was resumed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..api import Evaluation, Run, Scale, Stepper
from ..errors import RunError

if TYPE_CHECKING:
    from ..objective.base import Objective
    from .canvas import Canvas
    from .footprint import Layout
    from .rig import Rig


@dataclass
class Work:
    """A scale at work."""

    scale: Scale
    layout: Layout
    rig: Rig
    done: int = 0
    """How many steps of the scale are done."""
    stalled: bool = False
    """Whether the optimizer can make no more steps."""
    sound: bool = False
    """Whether a step of the scale was finite."""
    recovered: bool = False
    """Whether a step of the scale was not finite, and the optimizer makes smaller moves since."""

    @property
    def canvas(self) -> Canvas:
        """The picture that the scale's steps move."""
        return self.rig.canvas

    @property
    def stepper(self) -> Stepper:
        """The optimizer at work on the scale."""
        return self.rig.stepper

    @property
    def objective(self) -> Objective:
        """What the scale's steps make small."""
        return self.rig.problem.objective

    def seen(self, picture: np.ndarray) -> np.ndarray:
        """A picture of the scale's size, height x width x 3, with the photograph over what is not painted."""
        made: np.ndarray = np.asarray(self.objective.seen(picture[np.newaxis]))[0]
        return made

    @property
    def ended(self) -> bool:
        """Whether the scale has no more steps to do."""
        return self.stalled or self.done >= self.scale.steps

    def retile(self, objective: Objective, layout: Layout) -> None:
        """Go on with the picture and the state as they are, but with the objective in tiles of another size."""
        objective.loss_scale = self.objective.loss_scale
        self.rig.problem.objective, self.layout, self.rig.step = objective, layout, None


class Moved:
    """One step, as callbacks see it (see `nstk.Step`).

    A step that was lost, because NaN or infinity came of it, has moved nothing: its losses are those of the step before.
    """

    def __init__(self, index: int, evaluation: Evaluation, finite: Any, scale: Scale, run: Run, before: Moved | Done | None):
        self.index, self.evaluation, self.scale = index, evaluation, scale
        self.seconds = run.seconds
        self._finite, self._run, self._before = finite, run, before

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
        return by_label(self.evaluation, self._run.labels)

    def image(self) -> np.ndarray:
        return self._run.image()


def by_label(evaluation: Evaluation, labels: Iterable[str]) -> dict[str, float]:
    """The weighted losses by label. A loss that has the weight 0 at this scale is not computed, and counts as 0."""
    return {label: float(evaluation.losses.get(label, 0.0)) for label in labels}


@dataclass
class Done:
    """A step that was done before the run was resumed. It has numbers, and no picture."""

    index: int
    scale: Scale
    seconds: float
    loss: float
    losses: Mapping[str, float] = field(default_factory=dict)

    lost: ClassVar[bool] = False

    @classmethod
    def of(cls, index: int, scales: Sequence[Scale], row: Iterable[float], had: Sequence[str], labels: Sequence[str]) -> Done:
        """The step of one row of a checkpoint's history, which `had` these losses. A loss that is new since then is NaN."""
        scale, seconds, loss, *values = map(float, row)
        losses = dict(zip(had, values, strict=True))
        return cls(index, scales[int(scale)], seconds, loss, {label: losses.get(label, math.nan) for label in labels})

    def image(self) -> np.ndarray:
        raise RunError(f"there is no picture of step {self.index}: it was done before the run was resumed")
