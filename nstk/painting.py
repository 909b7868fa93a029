"""The state of one run: what its callbacks are handed, and what is saved at its end."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from . import devices, images, record
from .api import Evaluation, Scale
from .errors import NotFinite, OutputError, RunError
from .features import batch, takes_precision
from .interrupts import INTERRUPTED
from .objective import Objective
from .precision import FLOAT16, FLOAT32, Choice, choose
from .recipe import SIDECARS, Recipe


def plan(recipe: Recipe) -> list[Scale]:
    """The sizes at which the picture is painted."""
    width, height = images.check_picture(Path(recipe.content))
    return [Scale(0, *images.fit(width, height, recipe.size), recipe.steps)]


class Painting:
    """A run at work: what the callbacks are handed as `run` (see `nstk.Run`)."""

    def __init__(self, recipe: Recipe):
        self.recipe = recipe
        self.output = recipe.path
        self.scales: Sequence[Scale] = plan(recipe)
        self.total_steps = sum(scale.steps for scale in self.scales)
        self.labels: Sequence[str] = [label for label, loss in recipe.losses.items() if loss.weight > 0]
        self.device = devices.device()
        self.choice = _choice(recipe)
        self.precision = devices.products(self.choice.dtype)
        self.jit = devices.has_gpu() if recipe.jit == "auto" else recipe.jit
        self.stopped = ""
        self.error: BaseException | None = None
        self.saved = False
        """Whether the picture is in its file."""
        self.settled: dict[str, float] | None = None
        """The losses of the picture as it is now, once all steps are done."""
        self._moves: list[Moved] = []
        self.sources = record.sources(recipe)  # now: the files may have changed by the end
        self.began = time.perf_counter()
        self._variable: tf.Variable | None = None
        self._good: tf.Tensor | None = None

    @property
    def steps(self) -> int:
        """How many steps are done."""
        return len(self._moves)

    @property
    def history(self) -> list[dict[str, float]]:
        """A row for each step; brings the losses from the device."""
        return [{"step": it.index, "scale": it.scale.index, "loss": it.loss, **it.losses} for it in self._moves]

    @property
    def losses(self) -> dict[str, float]:
        """The losses of the picture at the end; where the run broke off, of the one before the last move."""
        return self.settled if self.settled is not None else dict(self._moves[-1].losses) if self._moves else {}

    @property
    def started(self) -> bool:
        """Whether there is a picture."""
        return self._variable is not None

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.perf_counter() - self.began

    def stop(self, reason: str) -> None:
        """End the run after this step."""
        self.stopped = self.stopped or reason or "stopped"

    def fail(self, error: BaseException) -> None:
        """Note what ended the run; the first error counts."""
        if self.error is None:
            self.error = error
            self.stopped = INTERRUPTED if isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}: {error}"

    def image(self) -> np.ndarray:
        """The picture now, height x width x 3, float32, 0..255; after NaN or infinity, the last good one."""
        if self._variable is None:
            raise RunError("there is no picture before the first scale")
        return np.array(self._variable[0])

    def beside(self, template: str, **fields: Any) -> Path:
        """A path in the output's folder: `{name}` is the output's name without its suffix, `{suffix}` the suffix."""
        folder = self.output.parent
        path = Path(os.path.normpath(folder / template.format(name=self.output.stem, suffix=self.output.suffix, **fields)))
        if path == folder or not path.is_relative_to(folder):
            raise OutputError(f"`{template}` is not in the output's folder {folder}: write a file name")
        if path in (self.output, *(self.recipe.sidecar(suffix) for suffix in SIDECARS)):
            raise OutputError(f"{path} is written at the end of the run: choose another name")
        for where, file in [*self.recipe.inputs().items(), *(("recipe", file) for file in self.recipe.files)]:
            if path.exists() and file.exists() and path.samefile(file):
                raise OutputError(f"{path} is also the run's `{where}`, which would be overwritten: choose another name")
        return path

    def save(self, path: Path) -> None:
        """Write the picture as it is now."""
        images.write_picture(self.image(), path, self.recipe.output.quality)

    def begin(self, picture: np.ndarray) -> tf.Variable:
        """Take a picture as the one that is moved."""
        self._good = batch(picture)
        self._variable = tf.Variable(self._good, name="picture")
        return self._variable

    def took(self, step: Moved, before: tf.Tensor, finite: tf.Tensor, objective: Objective) -> None:
        """Note a step: its losses belong to the picture `before`; `finite` is false if they, or the pixels now, are not."""
        where, fine = f"at step {step.index}", bool(finite)
        if not fine:
            self._check_losses(step.loss, step.losses, where, step.scale)
        self._good = before
        self._moves.append(step)
        if not fine:
            label = objective.faulty(before)
            what = f"the gradient of loss `{label}`" if label else f"the move of optimizer `{self.recipe.optimizer.name}`"
            self._restore(f"{what} is NaN or infinite", where, step.scale)

    def settle(self, objective: Objective, scale: Scale) -> None:
        """Evaluate the picture that is saved: the last step's losses belong to the picture before its move."""
        evaluation = objective.evaluate(batch(self.image()))
        losses = {label: float(evaluation.losses[label]) for label in self.labels}
        self._check_losses(float(evaluation.loss), losses, f"after step {self.steps}, the last", scale)
        self.settled = losses

    def _check_losses(self, loss: float, losses: dict[str, float], where: str, scale: Scale) -> None:
        if not math.isfinite(loss):
            label = next((label for label, value in losses.items() if not math.isfinite(value)), "")
            self._restore(f"loss `{label}` is {losses[label]}" if label else f"the sum of the losses is {loss}", where, scale)

    def _restore(self, what: str, where: str, scale: Scale) -> None:
        """Go back to the last good picture, and say why."""
        if self._variable is not None:
            self._variable.assign(self._good)
        raise NotFinite(
            f"{what} {where}, scale {scale.index} ({scale.width} x {scale.height}): the last good picture is saved; "
            "try a smaller learning rate or weight" + ", or `precision: float32`" * (self.choice.dtype == FLOAT16)
        )


class Moved:
    """One step, as callbacks see it (see `nstk.Step`)."""

    def __init__(self, index: int, scale: Scale, evaluation: Evaluation, painting: Painting):
        self.index, self.scale = index, scale
        self._evaluation, self._painting = evaluation, painting

    @cached_property
    def loss(self) -> float:
        return float(self._evaluation.loss)

    @cached_property
    def losses(self) -> dict[str, float]:
        return {label: float(self._evaluation.losses[label]) for label in self._painting.labels}

    def image(self) -> np.ndarray:
        return self._painting.image()


def _choice(recipe: Recipe) -> Choice:
    """The number type of the features."""
    choice = choose(recipe.precision, devices.machine())
    if takes_precision(recipe.backbone):
        return choice
    return Choice(FLOAT32, f"the backbone `{recipe.backbone.name}` knows no other")
