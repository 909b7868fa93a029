"""Callbacks: what watches a run, and what it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from pydantic import Field

from .definition import Definition

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from .losses import Loss
    from .optimizers import Optimizer


@dataclass(frozen=True)
class Scale:
    """One size at which the picture is painted; pixels."""

    index: int
    width: int
    height: int
    steps: int


class Step(Protocol):
    """What `Callback.on_step` gets. Values are brought from the device only when they are asked for."""

    index: int
    """1 after the first step; counts through all scales."""
    scale: Scale

    @property
    def loss(self) -> float:
        """The objective before this step's move."""

    seconds: float
    """Of painting, when the step was done."""

    @property
    def losses(self) -> Mapping[str, float]:
        """The weighted losses by label; they sum to `loss`."""

    def image(self) -> np.ndarray:
        """The picture now, height x width x 3, float32, 0..255. There is none for a step of `run.earlier`."""


class RunRecipe(Protocol):
    """What a callback may rely on of the recipe that a run paints: these keys stay what they are, as SemVer has it.

    The engine hands over its whole `nstk.Recipe`; what else that has may change with any version.
    """

    @property
    def name(self) -> str:
        """The recipe's name: that of its file without the suffix, or of its two pictures."""

    @property
    def seed(self) -> int:
        """The seed of everything random."""

    @property
    def path(self) -> Path | None:
        """Where the picture will be, absolute; None if the recipe says `output: false`."""

    @property
    def losses(self) -> Mapping[str, Loss]:
        """The losses by label, those of weight 0 too."""

    @property
    def optimizer(self) -> Optimizer:
        """What moves the picture."""

    @property
    def run_eagerly(self) -> bool:
        """Whether the step runs op by op instead of compiled."""


class Run(Protocol):
    """What every event of a callback gets: the run so far."""

    @property
    def recipe(self) -> RunRecipe:
        """The recipe that is painted."""

    output: Path | None
    """The picture's file; None if the recipe says `output: false`: then `beside` and `save` raise `OutputError`."""
    scales: Sequence[Scale]
    labels: Sequence[str]
    """The labels of the losses, in the recipe's order."""
    device: str
    precision: str
    stopped: str
    """Why the run ended (`done`, `interrupted`, what a callback said); empty while it goes on."""
    error: BaseException | None

    earlier: Sequence[Step]
    """The steps that were done before the run was broken off and resumed; empty for a run that began now."""

    @property
    def outlook(self) -> str:
        """How much memory the run will hold, and whether it paints in tiles, in words."""

    @property
    def total_steps(self) -> int:
        """How many steps there will be; fewer, once the optimizer has stalled at a scale."""

    @property
    def resumed(self) -> int:
        """How many steps those are: the next step is the one after them."""

    @property
    def seconds(self) -> float:
        """Of painting so far, with those before the run was resumed."""

    def stop(self, reason: str) -> None:
        """End the run after this step."""

    def image(self) -> np.ndarray:
        """The picture now, height x width x 3, float32, 0..255."""

    def beside(self, template: str, **fields: Any) -> Path:
        """A path in the output's folder: `{name}` is the output's name without its suffix, `{suffix}` the suffix.

        Raises `OutputError` for one outside it, and for one of the run's own inputs.
        """

    def save(self, path: Path) -> None:
        """Write the picture as it is now."""


class Callback(Definition):
    """Watches a run. Override the events you need; state may be kept on `self`, each run has its own copy."""

    shows: ClassVar[bool] = False
    """Whether it writes to the terminal, and is left out of a quiet run."""

    every: int = Field(1, ge=1, description="Call `on_step` at every so many steps (and at the last one).")

    def __setattr__(self, key: str, value: Any) -> None:
        if key in type(self).model_fields:
            raise TypeError(f"{type(self).__name__}.{key} is a recipe key and cannot be set")
        object.__setattr__(self, key, value)

    def on_start(self, run: Run) -> None:
        """Before the first step."""

    def on_scale(self, run: Run, scale: Scale) -> None:
        """Before the first step of each scale."""

    def on_step(self, run: Run, step: Step) -> None:
        """After a step."""

    def on_end(self, run: Run) -> None:
        """Always, in reverse order; `run.stopped` and `run.error` say why."""

    def state(self) -> Any:
        """What it has to find again when the run is resumed, as JSON can hold it; None if nothing. Asked at each checkpoint."""
        return None

    def restore(self, run: Run, state: Any) -> None:
        """In a run that is resumed, what `state` returned: after `on_start`, and after `on_scale` of the scale that goes on."""

    def earlier_steps(self, run: Run) -> list[Step]:
        """The steps of `run.earlier` that `on_step` was called for: what a log begins with."""
        return [step for step in run.earlier if step.index % self.every == 0 or step.index == run.total_steps]
