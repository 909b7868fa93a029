"""The state of one run: what its callbacks are handed, and what is saved at its end."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from .. import pictures
from ..api import Evaluation, Scale, Step
from ..checkpoints.archive import Saved
from ..checkpoints.provenance import origins
from ..errors import NotFinite, OutputError, RunError, UserError
from ..files import real, shown
from ..machine import device, memory
from ..machine.precision import FLOAT16, FLOAT32, Choice, choose
from ..objective.features import takes_precision
from ..recipe.model import SIDECARS, Recipe
from ..recipe.scales import plan
from ..registry.blame import blaming
from .canvas import Canvas
from .footprint import Footprint
from .interrupts import INTERRUPTED
from .steps import Done, Moved, Work

log = logging.getLogger("nstk")


DONE = "done"


STALLED = "stalled: no step lowers the loss any more"


LOOKS = 10
"""On a GPU, every so many steps the host looks whether all is well: in between, the device never waits for it."""


class Painting:
    """A run at work: what the callbacks are handed as `run` (see `nstk.Run`). With `saved`, it goes on from there."""

    def __init__(self, recipe: Recipe, saved: Saved | None = None):
        self.recipe = recipe
        self.output = recipe.path
        content = pictures.read_all(recipe.content)
        self.scales: Sequence[Scale] = plan(*content.size, recipe.size, recipe.steps, recipe.pyramid)
        last = self.scales[-1]
        self.alpha = content.alpha if content.alpha is None else pictures.resize_alpha(content.alpha, last.width, last.height)
        """The content's transparency, laid over what is saved: height x width, 0..1; None where it is opaque."""
        self.exif = content.exif if recipe.output.gps else pictures.without_place(content.exif)
        self.labels: Sequence[str] = [label for label, loss in recipe.losses.items() if loss.weight > 0]
        self.device = device.name()
        self.choice = _choice(recipe)
        self.precision = device.products(self.choice.dtype)
        self.jit = device.has_gpu() if recipe.jit == "auto" else recipe.jit
        self.footprint = Footprint(recipe, self.choice.dtype)
        room = device.room(recipe.memory)
        self.ways = [self.footprint.way(scale, recipe.tiles, room) for scale in self.scales]
        """How each scale is painted, whole or in tiles: as the recipe says, and the memory that is free now allows."""
        self._held = memory.resident()
        """What the process held when that was planned."""
        self.stopped = ""
        self.error: BaseException | None = None
        self.saved = False
        """Whether the picture is in its file."""
        self.settled: dict[str, float] | None = None
        """The losses of the picture as it is now, once all steps are done."""
        self.spared = 0
        """Steps that were not needed, because the optimizer had stalled."""
        self.earlier: Sequence[Step] = []
        self._before = 0.0
        self._moves: list[Done | Moved] = []
        self._unseen: list[Moved] = []
        """Steps whose numbers may be NaN or infinite: nobody has looked yet."""
        self.origins = origins(recipe)  # now: the files may have changed by the end
        self._began = time.perf_counter()
        self.canvas: Canvas | None = None
        if saved:
            self._go_on(saved)

    def _go_on(self, saved: Saved) -> None:
        """Count what was done before the run was broken off."""
        self._before = saved.meta["seconds"]
        if not saved.step:
            return
        index, width, height = saved.meta["scale"]
        if (index, width, height) not in [(scale.index, scale.width, scale.height) for scale in self.scales]:
            what = f"{width} x {height} pixels as its scale {index}, which the recipe does not have any more"
            raise UserError(f"{shown(saved.path)} is of a picture with {what}: `nstk run` starts anew")
        self.spared, labels = saved.meta["spared"], saved.meta["labels"]
        rows = enumerate(saved["history"], start=1)
        done = [Done.of(number, self.scales, row, labels, self.labels) for number, row in rows]
        self.earlier, self._moves = done, [*done]

    @property
    def steps(self) -> int:
        """How many steps are done."""
        return len(self._moves)

    @property
    def resumed(self) -> int:
        """How many were done before the run was resumed."""
        return len(self.earlier)

    @property
    def outlook(self) -> str:
        """How much memory the run will hold, and whether it paints in tiles, in words."""
        most = max(self.ways, key=lambda way: way.needs)
        tiles = f", in tiles of {most.edge} pixels" if most.edge else ""
        return f"about {memory.in_words(self._held + most.needs)}{tiles}"

    @property
    def total_steps(self) -> int:
        """How many there will be."""
        return sum(scale.steps for scale in self.scales) - self.spared

    @property
    def history(self) -> list[dict[str, float]]:
        """A row for each step; brings the losses from the device."""
        return [{"step": it.index, "scale": it.scale.index, "loss": it.loss, **it.losses} for it in self._moves]

    def rows(self) -> np.ndarray:
        """The history as a checkpoint holds it: a row of `scale, seconds, loss` and each loss for each step, float64."""
        rows = [[it.scale.index, it.seconds, it.loss, *(it.losses[label] for label in self.labels)] for it in self._moves]
        return np.array(rows, np.float64)

    @property
    def losses(self) -> dict[str, float]:
        """The losses of the picture at the end; where the run broke off, of the one before the last move."""
        return self.settled if self.settled is not None else dict(self._moves[-1].losses) if self._moves else {}

    @property
    def started(self) -> bool:
        """Whether there is a picture."""
        return self.canvas is not None

    @property
    def seconds(self) -> float:
        """Of painting so far."""
        return self._before + time.perf_counter() - self._began

    def stop(self, reason: str) -> None:
        """End the run after this step."""
        self.stopped = self.stopped or reason or "stopped"

    def end(self, early: bool) -> None:
        """There are no more steps. If it is not `early`, a signal that came after the last one interrupts nothing."""
        if not early and self.stopped in ("", INTERRUPTED):
            self.stopped = DONE

    def fail(self, error: BaseException) -> None:
        """Note what ended the run; the first error counts."""
        if self.error is None:
            self.error = error
            self.stopped = INTERRUPTED if isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}: {error}"

    def image(self) -> np.ndarray:
        """The picture now, height x width x 3, float32, 0..255; after NaN or infinity, the last good one."""
        return np.array(self.pixels)

    @property
    def pixels(self) -> np.ndarray:
        """The same, not to be written to: a large picture's copies count."""
        return self._canvas.image()

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
        """Write the picture as it is now, with the content's transparency and EXIF, as far as the format has them."""
        output = self.recipe.output
        depth = output.depth if pictures.holds(path, output.depth) else 8  # a snapshot's format is its own
        pictures.write_picture(self.pixels, path, output.quality, depth=depth, alpha=self.alpha, exif=self.exif)

    def begin(self, picture: np.ndarray) -> Canvas:
        """Take a picture as the one that is moved."""
        self.canvas = Canvas(picture, self.recipe.average)
        return self.canvas

    @property
    def _canvas(self) -> Canvas:
        if self.canvas is None:
            raise RunError("there is no picture before the first scale")
        return self.canvas

    def took(self, evaluation: Evaluation, finite: tf.Tensor, work: Work) -> Moved:
        """Note a step; `finite` is what `guard` said of it. Raises `NotFinite` when the host looks, and there is no way on."""
        work.done += 1
        earlier = self._moves[-1] if work.done > 1 else None
        step = Moved(self.steps + 1, evaluation, finite, work.scale, self, earlier)
        self._moves.append(step)
        self._unseen.append(step)
        if self.looks or work.ended:
            self.look(work)
        return step

    @property
    def looks(self) -> bool:
        """Whether the host waits for this step, to look whether all is well."""
        return self.device.startswith("CPU") or self.steps % LOOKS == 0

    def look(self, work: Work) -> None:
        """See whether the steps since the last look were finite.

        Where one was not, the optimizer is asked, once a scale, to make smaller ones; raises `NotFinite` if it comes again.
        """
        unseen, self._unseen = self._unseen, []
        lost = [step for step in unseen if step.lost]
        work.sound = work.sound or bool(unseen and not unseen[0].lost)
        if not lost:
            return
        if not (work.sound and not work.recovered and self._recover(work)):
            self._explain(lost[0], work)
        work.recovered = True
        what = f"{self._fault(lost[0], work)} {_where(lost[0])}"
        log.warning("%s: the last good picture is taken again, and optimizer `%s` makes smaller moves", what, self._who)

    @property
    def _who(self) -> str:
        return self.recipe.optimizer.name

    def _recover(self, work: Work) -> bool:
        with blaming(f"optimizer `{self._who}`, in recover,", self.recipe.optimizer):
            return bool(work.stepper.recover())

    def _explain(self, step: Moved, work: Work) -> None:
        """End the run, and say what is not finite in a step."""
        self._canvas.go_back()
        if work.sound:
            work.stepper.finish()
        while self._moves and self._moves[-1].lost:
            self._moves.pop()
        if not work.sound and math.isfinite(step.loss):
            self._moves.append(step)  # its losses are those of the picture that is saved
        raise self._not_finite(self._fault(step, work), _where(step))

    def _fault(self, step: Moved, work: Work) -> str:
        """What is not finite in a step."""
        if what := _infinite(
            float(step.evaluation.loss), {label: float(step.evaluation.losses[label]) for label in self.labels}
        ):
            return what
        label = work.objective.faulty(self._canvas.bad)
        return (f"the gradient of loss `{label}`" if label else f"the move of optimizer `{self._who}`") + " is NaN or infinite"

    def rest(self, work: Work) -> None:
        """The optimizer has stalled: the scale ends, and if it is the last one, the run."""
        scale = work.scale
        log.info("optimizer `%s` finds no lower loss at %d x %d", self._who, scale.width, scale.height)
        work.stalled = True
        self.spared += scale.steps - work.done
        if scale is self.scales[-1]:
            self.stop(STALLED)

    def settle(self, work: Work) -> None:
        """Evaluate the picture that is saved: the last step's losses belong to the picture before its move."""
        evaluation = work.objective.evaluate(self._canvas.shown())
        losses = {label: float(evaluation.losses[label]) for label in self.labels}
        self.look(work)
        if what := _infinite(float(evaluation.loss), losses):
            self._canvas.go_back()
            self._canvas.average = None
            raise self._not_finite(what, f"after step {self.steps}, the last, scale {_at(work.scale)}")
        self.settled = losses

    def _not_finite(self, what: str, where: str) -> NotFinite:
        return NotFinite(
            f"{what} {where}: the last good picture is saved; "
            "try a smaller learning rate or weight" + ", or `precision: float32`" * (self.choice.dtype == FLOAT16)
        )


def _infinite(loss: float, losses: dict[str, float]) -> str:
    """Which of the losses is NaN or infinite, as part of a sentence; empty if none is."""
    if math.isfinite(loss):
        return ""
    label = next((label for label, value in losses.items() if not math.isfinite(value)), "")
    return f"loss `{label}` is {losses[label]}" if label else f"the sum of the losses is {loss}"


def _where(step: Moved) -> str:
    return f"at step {step.index}, scale {_at(step.scale)}"


def _at(scale: Scale) -> str:
    return f"{scale.index} ({scale.width} x {scale.height})"


def _choice(recipe: Recipe) -> Choice:
    """The number type of the features."""
    choice = choose(recipe.precision, device.machine())
    if takes_precision(recipe.backbone):
        return choice
    return Choice(FLOAT32, f"the backbone `{recipe.backbone.name}` knows no other")
