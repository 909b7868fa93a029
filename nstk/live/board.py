"""What a page shows of a run: how far it is, its losses, its picture. The run writes it, and a server reads it in its thread.

What is kept does not grow with the run: of the losses there are so many points at most, and of the pictures the newest alone.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..api import Run, Scale, Step
from ..errors import UserError
from ..files import shown
from ..pictures import filled, fit, read_small, resize, to_uint8

if TYPE_CHECKING:
    import numpy as np

    from ..engine.painting import Painting

POINTS = 2000
"""How many points a curve has at most."""

EDGE = 1280
"""The long edge of the pictures on a page, in pixels."""

SMALL = 320
"""That of the paintings."""

IDLE, STARTING, PAINTING, PAUSING, PAUSED, STOPPING = "idle", "starting", "painting", "pausing", "paused", "stopping"
DONE, STOPPED, FAILED = "done", "stopped", "failed"
ENDED = (IDLE, DONE, STOPPED, FAILED)
"""Where a run stands."""


class Curve:
    """Points of a run as it goes on. Of a long one, every second is kept, then every fourth, and so on; the last one always."""

    def __init__(self) -> None:
        self._kept: list[dict[str, Any]] = []
        self._last: list[dict[str, Any]] = []
        self._each, self._seen = 1, 0

    def add(self, point: dict[str, Any]) -> None:
        """The next point."""
        self._last = []
        if self._seen % self._each:
            self._last = [point]
        else:
            self._kept.append(point)
        self._seen += 1
        if len(self._kept) == POINTS:
            self._kept, self._each = self._kept[::2], 2 * self._each

    def since(self, version: int) -> list[dict[str, Any]]:
        """The points that came after a version of the board."""
        return [it for it in (*self._kept, *self._last) if it["at"] > version]


class Board:
    """The state of the run that is shown. All that it tells is plain data, as JSON has it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._run: Painting | None = None
        self._told: dict[str, Any] = {"status": IDLE, "run": 0}
        self._curve = Curve()
        self._picture: bytes | None = None
        self._beside: dict[str, bytes] = {}
        self._settled = 0
        """The version in which the recipe changed last."""
        self.version = 0
        """A number that grows with every change."""
        self.over = False
        """Whether the server ends: then pages are told no more."""
        self.viewers = 0
        """How many pages look on."""
        self.paused = False
        self.stopped = False
        """Whether a page has asked the run to end."""

    # what the run writes

    def begin(self, run: Painting) -> None:
        """Show a run that begins."""
        with self._lock:
            self._run, self._curve, self._picture, self._beside = run, Curve(), None, {}
            self.paused = self.stopped = False
            self._tell(
                run=self._told["run"] + 1,
                status=STARTING,
                name=run.recipe.name,
                output=shown(run.output) if run.output else "",
                device=run.device,
                precision=run.precision,
                labels=[*run.labels],
                scales=[{"width": it.width, "height": it.height, "steps": it.steps} for it in run.scales],
                styles=[*run.recipe.paintings],
                step=run.resumed,
                total=run.total_steps,
                scale=None,
                seconds=run.seconds,
                left=None,
                losses={},
                picture=0,
                picture_since=None,
                message="",
                **self._settings(),
            )

    def scale(self, run: Run, scale: Scale) -> None:
        """Note that a scale begins."""
        self._tell(scale=scale.index)

    def step(self, run: Painting, step: Step, left: float | None) -> None:
        """Note a step that is done."""
        losses = {label: float(value) for label, value in step.losses.items()}
        with self._lock:
            told = {"step": step.index, "total": run.total_steps, "seconds": round(step.seconds, 2), "left": left}
            status = {} if self._told["status"] == STOPPING else {"status": PAUSING if self.paused else PAINTING}
            self._curve.add({"at": self.version + 1, "step": step.index, "scale": step.scale.index, **losses})
            changed = self._settings() if len(run.recipe.changes) != len(self._told["changes"]) else {}
            self._tell(**told, **status, losses=losses, scale=step.scale.index, **changed)

    def holds(self) -> bool:
        """Whether a run that waits is to wait still. If so, pages are told that it is paused, whatever they asked meanwhile."""
        with self._lock:
            if self._told["status"] == PAUSING:
                self._tell(status=PAUSED)
            return self.paused

    def show(self, picture: np.ndarray, when: float) -> None:
        """Show a picture, height x width x 3, 0..255, that is there since `when`, in seconds since 1970."""
        data = jpeg(picture, EDGE)
        with self._lock:
            self._picture = data
            self._tell(picture=self._told["picture"] + 1, picture_since=when)

    def end(self, run: Run, status: str, message: str) -> None:
        """Note how the run ended."""
        with self._lock:
            self.paused = False
            self._tell(status=status, message=message, seconds=round(run.seconds, 2), left=0, **self._settings())
            self._run = None

    def failed(self, message: str) -> None:
        """Note why a run did not even begin, or broke off."""
        with self._lock:
            self._run, self.paused = None, False
            self._tell(status=FAILED, message=message)

    # what a page reads

    def state(self) -> dict[str, Any]:
        """All there is to show, with every point of the curves."""
        with self._lock:
            return {**self._told, "version": self.version, "points": self._curve.since(0)}

    def news(self, since: int) -> dict[str, Any]:
        """What there is to show, with those points alone that came after a version."""
        with self._lock:
            points = self._curve.since(since)
            told = {key: value for key, value in self._told.items() if key != "recipe" or self._settled > since}
            return {**told, "version": self.version, "points": points}

    @property
    def picture(self) -> bytes | None:
        """The newest picture as a JPEG."""
        return self._picture

    def photograph(self) -> bytes:
        """What is painted, as a JPEG: the photograph, or the part of it that is kept. Raises `UserError` where nothing is."""
        run = self._at_work()
        if "" not in self._beside:
            content = run.recipe.read_content()
            self._beside[""] = jpeg(filled(content.colours, content.alpha), EDGE)
        return self._beside[""]

    def painting(self, label: str) -> bytes:
        """One of the paintings as a JPEG. Raises `UserError` where there is none of this label."""
        run = self._at_work()
        if label not in run.recipe.paintings:
            raise UserError(f"there is no painting `{label}`")
        if label not in self._beside:
            self._beside[label] = jpeg(read_small(run.recipe.paintings[label].picture, SMALL), SMALL)
        return self._beside[label]

    # what a page asks for

    def pause(self, paused: bool) -> None:
        """Hold the run after the step at hand, or let it go on."""
        with self._lock:
            self._at_work()
            self.paused = paused
            self._tell(status=PAUSING if paused else PAINTING)

    def stop(self, reason: str) -> None:
        """End the run after the step at hand; the picture is kept."""
        with self._lock:
            self._at_work().stop(reason)
            self.paused, self.stopped = False, True
            self._tell(status=STOPPING)

    def change(self, values: Mapping[str, float]) -> None:
        """Give keys of the recipe other values from the next step on. Raises `UserError` for what may not change."""
        self._at_work().change(values)

    def _at_work(self) -> Painting:
        if self._run is None:
            raise UserError("no picture is being painted")
        return self._run

    def _settings(self) -> dict[str, Any]:
        """The recipe, with what has changed on the way and what may change."""
        from ..recipe.changes import values_of

        run = self._at_work()
        self._settled = self.version + 1
        return {
            "recipe": run.recipe.to_yaml(),
            "changes": [it.model_dump() for it in run.recipe.changes],
            "values": values_of(run.now, run.changing.known),
        }

    def _tell(self, **what: Any) -> None:
        with self._lock:
            self._told |= what
            self.version += 1


def jpeg(picture: np.ndarray, edge: int) -> bytes:
    """A picture (height x width x 3, 0..255) with a long edge of `edge` pixels at most, as a JPEG."""
    from PIL import Image

    height, width = picture.shape[:2]
    if max(width, height) > edge:
        picture = resize(picture, *fit(width, height, edge))
    buffer = io.BytesIO()
    Image.fromarray(to_uint8(picture)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


class Pace:
    """How long the rest of a run takes, by the steps of the scale at work: those of a larger one take longer by its pixels."""

    def __init__(self) -> None:
        self._scale, self._since, self._from = -1, 0.0, 0

    def left(self, run: Run, step: Step) -> float | None:
        """The seconds until the last step; None until two steps of the scale are done."""
        if step.scale.index != self._scale:
            self._scale, self._since, self._from = step.scale.index, time.perf_counter(), step.index
            return None
        each = (time.perf_counter() - self._since) / max(1, step.index - self._from)
        before = sum(it.steps for it in run.scales[: step.scale.index])
        rest = max(0, step.scale.steps - (step.index - before))
        pixels = step.scale.width * step.scale.height
        later = sum(it.steps * it.width * it.height / pixels for it in run.scales[step.scale.index + 1 :])
        return round(each * (rest + later), 1)
