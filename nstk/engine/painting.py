"""The state of one run: what its callbacks are handed, and what is saved at its end."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from .. import pictures
from ..api import Evaluation, Scale, Step
from ..checkpoints.archive import Saved
from ..checkpoints.folder import RunFolder
from ..checkpoints.made import Stage, text_of
from ..checkpoints.provenance import origins, with_changes
from ..checkpoints.repeat import Course
from ..errors import OutputError, RunError, UserError
from ..files import real, shown
from ..recipe.model import RECORD, SIDECARS, Recipe
from .balance import pulls_at
from .callbacks import check_machine
from .changing import Changing
from .inputs import coloured, content_at
from .interrupts import INTERRUPTED
from .plan import Plan
from .steps import Done, Moved, Work

DONE = "done"

PATIENCE = 0.05
"""How many seconds a run that is held waits before it asks again whether it is."""


class Painting:
    """A run at work: what the callbacks are handed as `run` (see `nstk.Run`). With `saved`, it goes on from there."""

    def __init__(
        self, recipe: Recipe, plan: Plan, saved: Saved | None = None, *, force: bool = False, course: Course | None = None
    ):
        check_machine(recipe.callbacks)  # before an earlier run is moved aside for this one
        self.recipe, self.plan, self.force = recipe, plan, force
        self.course = course
        """What the run was like that painted this picture before; None where none did."""
        self.output = recipe.path
        """The picture's file; None if nothing is to be written."""
        content = recipe.read_content()
        last = plan.scales[-1]
        self.alpha = content.alpha if content.alpha is None else pictures.resize_alpha(content.alpha, last.width, last.height)
        """The content's transparency, laid over what is saved: height x width, 0..1; None where it is opaque."""
        self.exif = content.exif if recipe.output.gps else pictures.without_place(content.exif)
        self.scales: Sequence[Scale] = plan.scales
        self.labels: Sequence[str] = [*recipe.active_losses]
        self.device, self.precision = plan.device, plan.precision
        self.stopped = ""
        self.error: BaseException | None = None
        self.preview: Path | None = None
        """The picture of the last scale that is done, if it can be looked at while the next one is painted."""
        self.saved = False
        """Whether the picture is in its file."""
        self.finished = False
        """Whether what is in the file is the picture that the run was to paint, and not one that it had on the way."""
        self.displaced = False
        """Whether the run began before another one that took its place."""
        self.final_losses: dict[str, float] | None = None
        """The losses of the picture as it is now, once all steps are done."""
        self.spared = 0
        """How many steps were not needed, because the optimizer had stalled."""
        self.earlier: Sequence[Step] = []
        self.moves: list[Done | Moved] = []
        """The steps that are done."""
        self.work: Work | None = None
        """The scale at work; None before the first one is ready."""
        self.origins = origins(recipe)  # taken now, because the files may change before the end
        self._before = 0.0
        self._began = time.perf_counter()
        if course:
            self._repeat(course)
        if saved:
            self._go_on(saved)
        self.changing = Changing(recipe, plan, self.steps)
        self.plan = self.changing.plan

    def _repeat(self, course: Course) -> None:
        """Plan the run as one was planned before."""
        if not course.whole:
            self.replan(0, [it.steps for it in course.scales])
        if course.alike:
            ways = zip(self.plan.layouts, course.scales, strict=True)
            self.plan.layouts[:] = [it.as_before(was.tiles, was.optimizer, self.recipe.optimizer) for it, was in ways]

    def _go_on(self, saved: Saved) -> None:
        """Count what was done before the run was broken off."""
        state, self._before = saved.state, saved.state.seconds
        if state.scale is None:
            return
        index, width, height = state.scale.index, state.scale.width, state.scale.height
        if (index, width, height) not in [(scale.index, scale.width, scale.height) for scale in self.scales]:
            what = f"{width} x {height} pixels as its scale {index}, which the recipe does not have any more"
            raise UserError(f"{shown(saved.path)} is of a picture with {what}: `nstk run` starts anew")
        self.spared = state.spared
        if self.recipe.time is not None:  # then the plan that the run had counts, and not the recipe's
            counts = Counter(int(row[0]) for row in saved["history"])
            painted = [*(counts[it] for it in range(index)), state.scale.steps]
            self.replan(0, [*painted, *(it.steps for it in self.scales[index + 1 :])])
            self.spared = state.scale.steps - state.scale.done if state.scale.stalled else 0
        rows = enumerate(saved["history"], start=1)
        done = [Done.of(number, self.scales, row, state.labels, self.labels) for number, row in rows]
        self.earlier, self.moves = done, [*done]

    @property
    def steps(self) -> int:
        """How many steps are done."""
        return len(self.moves)

    @property
    def resumed(self) -> int:
        """How many steps were done before the run was resumed."""
        return len(self.earlier)

    @property
    def outlook(self) -> str:
        """How much memory the run will hold, and whether it paints in tiles, in words."""
        return self.plan.outlook

    @property
    def total_steps(self) -> int:
        """How many steps there will be in all, as it is planned now."""
        return sum(scale.steps for scale in self.scales) - self.spared

    @property
    def history(self) -> list[dict[str, float]]:
        """A row for each step. To ask for it brings the losses from the device."""
        return [{"step": it.index, "scale": it.scale.index, "loss": it.loss, **it.losses} for it in self.moves]

    def rows(self) -> np.ndarray:
        """The history as a checkpoint holds it: a row of `scale, seconds, loss` and each loss for each step, float64."""
        rows = [[it.scale.index, it.seconds, it.loss, *(it.losses[label] for label in self.labels)] for it in self.moves]
        return np.array(rows, np.float64)

    @property
    def losses(self) -> dict[str, float]:
        """The losses of the picture at the end. Where the run broke off, they are those of the picture before the last move."""
        return self.final_losses if self.final_losses is not None else dict(self.moves[-1].losses) if self.moves else {}

    @property
    def seconds(self) -> float:
        """How many seconds were painted so far."""
        return self._before + time.perf_counter() - self._began

    @property
    def early(self) -> bool:
        """Whether the run was broken off. To be stopped by a callback is an end like any other."""
        return self.error is not None or self.stopped == INTERRUPTED

    def replan(self, first: int, steps: Sequence[int]) -> None:
        """Give other steps to the scales from the `first` one on; 0 leaves a scale out."""
        changed = [replace(scale, steps=count) for scale, count in zip(self.scales[first:], steps, strict=True)]
        self.scales = [*self.scales[:first], *changed]
        if self.work:
            self.work.scale = self.scales[self.work.scale.index]

    def pause(self, held: Callable[[], bool]) -> None:
        """Hold the run. See `nstk.Run`."""
        began = time.perf_counter()
        while held() and not self.stopped:
            time.sleep(PATIENCE)
        self._began += time.perf_counter() - began

    @property
    def now(self) -> Recipe:
        """The recipe with what has changed on the way. `recipe` has it written down, with the steps at which it changes."""
        return self.changing.now

    def change(self, values: Mapping[str, float]) -> None:
        """Give keys of the recipe other values from the next step on. See `nstk.Run`."""
        self.changing.ask(values)

    def note_changes(self) -> None:
        """Write into the recipe what was asked for since the last step."""
        if self.changing.take(self.steps):
            self.recipe = self.changing.written
            self.origins = with_changes(self.origins, self.recipe)

    def heed(self) -> None:
        """Have the changes take effect."""
        self.changing.heed(self.steps)
        self.plan = self.changing.plan

    def stop(self, reason: str) -> None:
        """End the run after this step, for this reason."""
        self.stopped = self.stopped or reason or "stopped"

    def end(self, early: bool) -> None:
        """Note that there are no more steps. Unless the end is `early`, a signal after the last step interrupts nothing."""
        if not early and self.stopped in ("", INTERRUPTED):
            self.stopped = DONE

    def fail(self, error: BaseException) -> None:
        """Note the error that ended the run. Later errors are not noted."""
        if self.error is None:
            self.error = error
            self.stopped = INTERRUPTED if isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}: {error}"

    def image(self) -> np.ndarray:
        """The picture now: height x width x 3, float32, 0..255. After NaN or infinity, it is the last good one."""
        return np.array(self.shown)

    @property
    def pixels(self) -> np.ndarray:
        """What is painted now. It must not be written to: it is no copy, because copies of a large picture take much memory."""
        if self.work is None:
            raise RunError("there is no picture before the first scale")
        return self.work.seen(self.work.canvas.image())

    @property
    def shown(self) -> np.ndarray:
        """The picture now, in the colours that it is shown and saved in. It must not be written to either."""
        made = coloured(self.recipe, self.pixels)
        return self.work.seen(made) if self.work else made

    def photograph(self, edge: int) -> np.ndarray:
        """The photograph as it is painted, with a long edge of at most so many pixels. See `nstk.Run`."""
        width, height = self.scales[-1].width, self.scales[-1].height
        return content_at(self.recipe, *pictures.fit(width, height, min(edge, max(width, height))))

    def paintings(self, edge: int) -> dict[str, np.ndarray]:
        """The paintings, each with a long edge of at most so many pixels. See `nstk.Run`."""
        made = {}
        for label, it in self.recipe.paintings.items():
            pixels = pictures.read_picture(it.picture)
            height, width = pixels.shape[:2]
            made[label] = pictures.resize(pixels, *pictures.fit(width, height, min(edge, max(width, height))))
        return made

    def pulls(self) -> dict[str, float]:
        """How hard each loss pulls at the picture now. See `nstk.Run`."""
        pixels = self.pixels  # raises before the first scale
        assert self.work is not None
        found = pulls_at(self.work.objective, pixels)
        return {label: found.get(label, 0.0) for label in self.labels}

    def record(self) -> dict[str, Any]:
        """How the picture was made, as plain data. See `nstk.Run`."""
        record: dict[str, Any] = json.loads(self.made())
        return record

    def beside(self, template: str, **fields: Any) -> Path:
        """A path in the output's folder: `{name}` stands for the output, `{suffix}` is its suffix."""
        if self.output is None:
            raise OutputError(f"`{template}` is not written, for the recipe says `output: false`: name a file there")
        folder = self.output.parent
        name, suffix = pictures.base_name(self.output), self.output.suffix
        path = Path(os.path.normpath(folder / template.format(name=name, suffix=suffix, **fields)))
        if path == folder or not path.is_relative_to(folder):
            raise OutputError(f"`{template}` is not in the output's folder {folder}: write a file name")
        if not real(path).is_relative_to(real(folder)):
            raise OutputError(f"{path} is a link out of the output's folder, to {real(path)}: choose another name or remove it")
        if path in (self.output, *(self.recipe.sidecar(suffix) for suffix in SIDECARS)):
            raise OutputError(f"{path} is written at the end of the run: choose another name")
        if _of_another(path):
            raise OutputError(f"{path} belongs to another run, and would be replaced: choose another name")
        for where, file in [*self.recipe.inputs().items(), *(("recipe", file) for file in self.recipe.files)]:
            if os.path.exists(path) and os.path.exists(file) and path.samefile(file):
                raise OutputError(f"{path} is also the run's `{where}`, which would be overwritten: choose another name")
        return path

    def save(self, path: Path) -> None:
        """Write the picture as it is now, with the content's transparency and EXIF, as far as the format has them."""
        if self.output is None:
            raise OutputError(f"{path} is not written, for the recipe says `output: false`: name a file there")
        output = self.recipe.output
        depth = output.depth if pictures.holds(path, output.depth) else 8  # a snapshot may have another format
        layers: dict[str, Any] = {"alpha": self.alpha, "exif": self.exif}
        if output.metadata:
            layers["made"] = self.made()
        pictures.write_picture(self.shown, path, output.quality, depth=depth, force=self.force, **layers)

    def made(self) -> str:
        """How the picture was made, as far as it is now, in the words that its file carries."""
        done, ways = Counter(move.scale.index for move in self.moves), self.plan.layouts
        scales = [
            Stage(
                width=it.width,
                height=it.height,
                steps=it.steps,
                done=done[it.index],
                tiles=ways[it.index].edge,
                optimizer=ways[it.index].changed(self.now.optimizer),
            )
            for it in self.scales
        ]
        ended = self.stopped == DONE and (self.course is None or self.course.whole)
        return text_of(self.recipe, self.origins, scales, ended=ended, device=self.device, precision=self.precision)

    def add(self, evaluation: Evaluation, finite: Any, work: Work) -> Moved:
        """Note a step that is done; `finite` is what the canvas said of it."""
        work.done += 1
        earlier = self.moves[-1] if work.done > 1 else None
        self.moves.append(Moved(self.steps + 1, evaluation, finite, work.scale, self, earlier))
        return self.moves[-1]  # type: ignore[return-value]


def _of_another(path: Path) -> bool:
    """Whether a path that is not the run's own is a picture with a record beside it, or such a record or recipe itself."""
    has_record = path.with_name(pictures.base_name(path) + RECORD).exists() or RunFolder.of(path).unfinished
    return path.exists() and (has_record or path.name.endswith(SIDECARS))
