"""The callback that has a page show a run. It costs the run little: what takes longer is done more rarely."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

from ..api import Callback, Run, Scale, Step
from .board import DONE, FAILED, STOPPED, Board, Pace

if TYPE_CHECKING:
    from ..engine.painting import Painting

NUMBERS = 0.2
"""How many seconds lie between two looks at the losses, which have to be brought from the device."""

PICTURE = 1.0
"""How many seconds lie between two pictures at least."""

SHARE = 0.02
"""The most of a run's time that its pictures may take."""


class Onlooker(Callback):
    """Tells a board of a run: its numbers several times a second, its picture once, and at once where a scale begins."""

    name: ClassVar[str] = "onlooker"
    shows: ClassVar[bool] = True
    board: ClassVar[Board]

    def on_start(self, run: Run) -> None:
        self.pace, self.scale_index = Pace(), -1
        self.numbers = self.pictures = self.cost = 0.0
        self.board.begin(_painting(run))

    def on_scale(self, run: Run, scale: Scale) -> None:
        self.board.scale(run, scale)

    def on_step(self, run: Run, step: Step) -> None:
        now, first = time.perf_counter(), step.scale.index != self.scale_index
        pause = self.board.paused  # a page may ask for it at any time: what comes later is heeded after the next step
        self.scale_index = step.scale.index
        left = self.pace.left(run, step)
        if first or pause or now - self.numbers >= NUMBERS or step.index == run.total_steps:
            self.board.step(_painting(run), step, left)
            self.numbers = now
        wait = max(PICTURE, self.cost / SHARE)
        if self.board.viewers and (first or pause or now - self.pictures >= wait):
            self.look(run)
        if pause:
            run.pause(self.board.holds)
            self.numbers = 0.0

    def look(self, run: Run) -> None:
        """Show the picture as it is now."""
        began = time.perf_counter()
        self.board.show(run.image(), time.time())
        self.pictures = time.perf_counter()
        self.cost = self.pictures - began

    def on_end(self, run: Run) -> None:
        if run.error is not None and not isinstance(run.error, KeyboardInterrupt):
            self.board.end(run, FAILED, str(run.error) or type(run.error).__name__)
            return
        if _painting(run).work is not None:
            self.look(run)
        self.board.end(run, DONE if run.stopped == "done" else STOPPED, "" if run.stopped == "done" else run.stopped)


def onlooker(board: Board) -> Callback:
    """A callback that tells a board. A run makes its own copy of a callback, so that the board belongs to its class."""
    made: type[Onlooker] = type("Onlooker", (Onlooker,), {"board": board})
    return made()


def _painting(run: Any) -> Painting:
    """The run with all that the engine knows of it."""
    made: Painting = run
    return made
