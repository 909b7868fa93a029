"""The state of one run: what its callbacks are handed, and what is saved at its end."""

from __future__ import annotations

import logging
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
from .scales import plan
from .source import real

log = logging.getLogger("nstk")


LOOKS = 10
"""On a GPU, every so many steps the host looks whether all is well: in between, the device never waits for it."""


class Painting:
    """A run at work: what the callbacks are handed as `run` (see `nstk.Run`)."""

    def __init__(self, recipe: Recipe):
        self.recipe = recipe
        self.output = recipe.path
        size = images.check_picture(Path(recipe.content))
        self.scales: Sequence[Scale] = plan(*size, recipe.size, recipe.steps, recipe.pyramid)
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
        self._unseen: list[tuple[Moved, tf.Tensor]] = []
        """Steps whose numbers may be NaN or infinite: nobody has looked yet."""
        self.sources = record.sources(recipe)  # now: the files may have changed by the end
        self.began = time.perf_counter()
        self._variable: tf.Variable | None = None
        self._good: tf.Variable | None = None
        self._average: Average | None = None

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
        return np.array((self._average.value() if self._average else self._variable)[0])

    def beside(self, template: str, **fields: Any) -> Path:
        """A path in the output's folder: `{name}` is the output's name without its suffix, `{suffix}` the suffix."""
        folder = self.output.parent
        path = Path(os.path.normpath(folder / template.format(name=self.output.stem, suffix=self.output.suffix, **fields)))
        if path == folder or not path.is_relative_to(folder):
            raise OutputError(f"`{template}` is not in the output's folder {folder}: write a file name")
        if not real(path).is_relative_to(real(folder)):
            raise OutputError(f"{path} is a link out of the output's folder, to {real(path)}: choose another name or remove it")
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
        self._variable = tf.Variable(batch(picture), name="picture")
        self._good = tf.Variable(self._variable, name="good_picture")
        self._average = Average(self._variable, self.recipe.average) if self.recipe.average else None
        return self._variable

    def guard(self, before: tf.Tensor, evaluation: Evaluation) -> tf.Tensor:
        """Part of a step: whether the objective at the picture `before`, and the pixels now, are finite.

        If they are not, the picture is put back to the last one whose objective was.
        """
        assert self._variable is not None
        assert self._good is not None
        good = tf.math.is_finite(evaluation.loss)
        finite = good & tf.reduce_all(tf.math.is_finite(self._variable))
        self._good.assign(tf.where(good, before, self._good))
        self._variable.assign(tf.where(finite, self._variable, self._good))
        if self._average:
            self._average.add(self._variable)
        return finite

    def took(self, step: Moved, finite: tf.Tensor, objective: Objective) -> None:
        """Note a step; `finite` is what `guard` said of it. Raises `NotFinite` when the host looks and a step was not."""
        self._moves.append(step)
        self._unseen.append((step, finite))
        if self.looks or step.index == self.total_steps:
            self.look(objective)

    @property
    def looks(self) -> bool:
        """Whether the host waits for this step, to look whether all is well."""
        return self.device.startswith("CPU") or self.steps % LOOKS == 0

    def look(self, objective: Objective) -> None:
        """Raise `NotFinite` if one of the steps since the last look was not finite; those after it moved nothing."""
        unseen, self._unseen = self._unseen, []
        for step, finite in unseen:
            if not bool(finite):
                self._explain(step, objective)

    def _explain(self, step: Moved, objective: Objective) -> None:
        """Say what is not finite in a step."""
        del self._moves[step.index - 1 :]
        where = f"at step {step.index}"
        self._check_losses(step.loss, step.losses, where, step.scale)
        self._moves.append(step)  # its losses are those of the picture that is saved
        label = objective.faulty(self._good)
        what = f"the gradient of loss `{label}`" if label else f"the move of optimizer `{self.recipe.optimizer.name}`"
        raise self._not_finite(what + " is NaN or infinite", where, step.scale)

    def rest(self, scale: Scale, left: int) -> bool:
        """The optimizer has stalled with `left` steps to go: the scale ends, and if it is the last one, the run."""
        log.info("optimizer `%s` finds no lower loss at %d x %d", self.recipe.optimizer.name, scale.width, scale.height)
        if scale is self.scales[-1]:
            self.stop("stalled: no step lowers the loss any more")
        else:
            self.total_steps -= left
        return True

    def settle(self, objective: Objective, scale: Scale) -> None:
        """Evaluate the picture that is saved: the last step's losses belong to the picture before its move."""
        evaluation = objective.evaluate(batch(self.image()))
        losses = {label: float(evaluation.losses[label]) for label in self.labels}
        self.look(objective)
        try:
            self._check_losses(float(evaluation.loss), losses, f"after step {self.steps}, the last", scale)
        except NotFinite:
            self._go_back()
            raise
        self.settled = losses

    def _go_back(self) -> None:
        """To the last picture whose objective is known to be finite."""
        assert self._variable is not None
        self._variable.assign(self._good)
        self._average = None

    def _check_losses(self, loss: float, losses: dict[str, float], where: str, scale: Scale) -> None:
        if not math.isfinite(loss):
            label = next((label for label, value in losses.items() if not math.isfinite(value)), "")
            what = f"loss `{label}` is {losses[label]}" if label else f"the sum of the losses is {loss}"
            raise self._not_finite(what, where, scale)

    def _not_finite(self, what: str, where: str, scale: Scale) -> NotFinite:
        return NotFinite(
            f"{what} {where}, scale {scale.index} ({scale.width} x {scale.height}): the last good picture is saved; "
            "try a smaller learning rate or weight" + ", or `precision: float32`" * (self.choice.dtype == FLOAT16)
        )


class Average:
    """The mean of the pictures of a scale, the last ones weighing most: a step of age `a` has the weight `decay ** a`.

    It starts empty, not at 0, so it is a mean from the first step on (Kingma and Ba 2015, section 3, correct a bias so).
    """

    def __init__(self, picture: tf.Variable, decay: float):
        self.decay = decay
        self.sum, self.weight = tf.Variable(tf.zeros_like(picture)), tf.Variable(0.0)
        self._first = picture

    def add(self, picture: tf.Variable) -> None:
        """Take a picture in."""
        self.sum.assign(self.decay * self.sum + picture)
        self.weight.assign(self.decay * self.weight + 1)

    def value(self) -> tf.Tensor:
        """The average; before the first step, the picture itself."""
        return self.sum / self.weight if self.weight > 0 else self._first.read_value()


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
