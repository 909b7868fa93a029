"""Callbacks: parts that watch a run, and what they are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
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
    """One size, in pixels, at which the picture is painted."""

    index: int
    width: int
    height: int
    steps: int


class Step(Protocol):
    """What `Callback.on_step` gets. Values are brought from the device only when they are asked for."""

    index: int
    """The number of the step. It is 1 for the first step, and counts through all scales."""
    scale: Scale

    @property
    def loss(self) -> float:
        """The objective before this step's move."""

    seconds: float
    """How many seconds had been painted when the step was done."""

    @property
    def losses(self) -> Mapping[str, float]:
        """The weighted losses by label. They sum to `loss`."""

    def image(self) -> np.ndarray:
        """The picture now: height x width x 3, float32, 0..255. Raises `RunError` for a step of `run.earlier`."""


class Change(Protocol):
    """A change on the way: keys of the recipe have other values from the step on that comes after so many."""

    @property
    def after(self) -> int:
        """How many steps are done before it."""

    @property
    def set(self) -> Mapping[str, float]:
        """The values by their keys, such as `optimizer.learning_rate`."""


class RunRecipe(Protocol):
    """The keys that a callback may rely on in the recipe that a run paints. They stay what they are, as SemVer demands.

    The engine hands over its whole `nstk.Recipe`. What else the recipe has may change with any version.
    """

    @property
    def name(self) -> str:
        """The recipe's name: the name of its file without the suffix, or the names of its two pictures."""

    @property
    def seed(self) -> int:
        """The seed of everything random."""

    @property
    def path(self) -> Path | None:
        """The absolute path where the picture will be; None if the recipe says `output: false`."""

    @property
    def losses(self) -> Mapping[str, Loss]:
        """The losses by label, also those of weight 0."""

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer, which moves the picture."""

    @property
    def changes(self) -> Sequence[Change]:
        """What changes on the way, in the order of the steps, also what `Run.change` was asked for."""

    @property
    def run_eagerly(self) -> bool:
        """Whether the step runs operation by operation and is not compiled."""


class Run(Protocol):
    """The run so far, which every event of a callback gets."""

    @property
    def recipe(self) -> RunRecipe:
        """The recipe that is painted."""

    output: Path | None
    """The picture's file; None if the recipe says `output: false`. Then `beside` and `save` raise `OutputError`."""
    scales: Sequence[Scale]
    labels: Sequence[str]
    """The labels of the losses, in the recipe's order."""
    device: str
    precision: str
    preview: Path | None
    """A file with the picture of the last scale that is done, to be looked at until the run ends; None where there is none."""
    stopped: str
    """Why the run ended (`done`, `interrupted`, or what a callback said); empty while the run goes on."""
    error: BaseException | None

    earlier: Sequence[Step]
    """The steps that were done before the run was broken off and resumed; empty for a run that began now."""

    @property
    def outlook(self) -> str:
        """How much memory the run will hold, and whether it paints in tiles, in words."""

    @property
    def total_steps(self) -> int:
        """How many steps there will be. The number falls when the optimizer stalls at a scale.

        In a run that has to end in time (`time`), it is what is planned now, and so is `steps` of each of the `scales`: 0 where
        a scale is left out.
        """

    @property
    def resumed(self) -> int:
        """How many steps were done before the run was resumed. The next step is the one after them."""

    @property
    def seconds(self) -> float:
        """How many seconds were painted so far, also before the run was resumed."""

    def stop(self, reason: str) -> None:
        """End the run after this step. `stopped` then holds the reason."""

    def pause(self, held: Callable[[], bool]) -> None:
        """Hold the run for as long as `held()` is true, or until it is stopped. The time does not count as painted.

        To be called from an event, in the run's own thread.
        """

    def change(self, values: Mapping[str, float]) -> None:
        """Give keys of the recipe other values from the next step on: `run.change({"losses.gram.weight": 5})`.

        Weights of losses that count, `balance` and `optimizer.learning_rate` may change. The change is written into the recipe
        (`changes`), so that the picture can be painted again. The step is compiled anew, which takes some seconds. It may be
        called from any thread. Raises `UserError` for another key, and for a value that the recipe refuses.
        """

    def image(self) -> np.ndarray:
        """The picture now: height x width x 3, float32, 0..255. Raises `RunError` before the first scale."""

    def photograph(self, edge: int) -> np.ndarray:
        """The photograph, or the part of it that is painted: height x width x 3, float32, 0..255.

        It has the size of the result, or, where that is larger, a long edge of `edge` pixels.
        """

    def paintings(self, edge: int) -> Mapping[str, np.ndarray]:
        """The paintings that count, by label: height x width x 3, float32, 0..255, with a long edge of at most `edge` pixels.

        A painting that the recipe names without a label has the label `style`.
        """

    def pulls(self) -> Mapping[str, float]:
        """How hard each loss pulls at the picture now, by label.

        It is the length (L2) of the gradient of the loss, times its weight, with respect to the pixels of 0..255; 0 for a loss
        that does not count at this scale. To measure it takes about as long as a step for each loss. Losses that draw at random
        draw anew, so it is to be asked for in `on_end`, where no step comes after it. Raises `RunError` before the first scale
        and where a loss fails, and `OutOfMemory`.
        """

    def record(self) -> Mapping[str, Any]:
        """How the picture was made, as far as it is now, in plain data as JSON can hold it: what its own file says.

        Among its keys are `recipe` (as YAML, with every default written out), `scales` (each with `width`, `height`, `steps`
        and how many of them are `done`), `inputs` (each with `path` and `sha256`), `device`, `precision`, `version` (that of
        nstk) and `versions` (those of the packages it uses). It holds no time of day and no place of the picture.
        """

    def beside(self, template: str, **fields: Any) -> Path:
        """A path in the output's folder: `{suffix}` is the output's suffix, and `{name}` its name, without the
        suffix if that is `.png`.

        Raises `OutputError` for a path outside this folder, for the path of one of the run's own inputs, and for a picture
        of another run.
        """

    def save(self, path: Path) -> None:
        """Write the picture as it is now. Raises `OutputError`."""


class Callback(Definition):
    """Watches a run. Override the events you need. State may be kept on `self`, because each run has its own copy."""

    shows: ClassVar[bool] = False
    """Whether the callback writes to the terminal, and is left out of a quiet run."""

    every: int = Field(1, ge=1, description="Call `on_step` at every so many steps (and at the last one of each scale).")

    def __setattr__(self, key: str, value: Any) -> None:
        if key in type(self).model_fields:
            raise TypeError(f"{type(self).__name__}.{key} is a recipe key and cannot be set")
        object.__setattr__(self, key, value)

    def check_machine(self) -> None:
        """Raise `UserError` where this machine lacks what the callback needs, such as a package.

        It is asked before anything is computed or written, so that no run fails at its end for that. The message follows the
        callback's label: "needs the package tensorboard, ...".
        """

    def on_start(self, run: Run) -> None:
        """Called before the first step."""

    def on_scale(self, run: Run, scale: Scale) -> None:
        """Called before the first step of each scale."""

    def on_step(self, run: Run, step: Step) -> None:
        """Called after a step."""

    def on_end(self, run: Run) -> None:
        """Called at the end whatever happened, in reverse order. `run.stopped` and `run.error` say why the run ended."""

    def state(self) -> Any:
        """What the callback has to find again when the run is resumed, as JSON can hold it, or None.

        It is asked for at each checkpoint.
        """
        return None

    def restore(self, run: Run, state: Any) -> None:
        """Take back what `state` returned, in a run that is resumed.

        It is called after `on_start`, and after `on_scale` of the scale that goes on.
        """

    def earlier_steps(self, run: Run) -> list[Step]:
        """The steps of `run.earlier` that `on_step` was called for. A log begins with them."""

        def ends(step: Step, after: Step | None) -> bool:
            """Whether the step was the last one of its scale."""
            if after is not None:
                return after.scale.index > step.scale.index
            return run.total_steps - step.index == sum(scale.steps for scale in run.scales[step.scale.index + 1 :])

        pairs = zip_longest(run.earlier, run.earlier[1:])
        return [step for step, after in pairs if step.index % self.every == 0 or ends(step, after)]
