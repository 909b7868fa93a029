"""What a series will take, told before it begins: time, memory and disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..machine import memory
from .planned import Planned


@dataclass(frozen=True)
class SeriesForecast:
    """What the pictures that are not there yet will take."""

    seconds: float
    bytes: int
    """How many bytes the process holds at most."""
    disk: int
    """How many bytes the pictures and one unfinished run take at most."""
    free: int
    """How many bytes are free where they go."""

    def by(self, workers: int) -> str:
        """In words, where so many workers of this machine paint at the same time."""
        from ..engine.estimate import clock

        short = f", of which {memory.in_words(self.free)} are free" if self.free < self.disk else ""
        held, disk = memory.in_words(self.bytes * max(1, workers)), memory.in_words(self.disk)
        return f"about {clock(self.seconds / max(1, workers))}, {held} of memory and at most {disk} of disk{short}"


def forecast(left: Sequence[Planned]) -> SeriesForecast:
    """The pace is that of a small step of the first picture's recipe, timed once; each picture has its size and steps."""
    from ..engine.estimate import at_pace, small_step
    from ..engine.plan import Plan
    from ..engine.surroundings import prepared

    with prepared():
        pace, held = small_step(left[0].recipe, memory.resident())
        seconds, most, pictures, run = 0.0, 0, 0, 0
        for it in left:
            plan = Plan.of(it.recipe)
            scales = at_pace(it.recipe, plan, pace, held)
            seconds += sum(scale.total for scale in scales)
            most = max(most, *(scale.bytes for scale in scales))
            last = plan.scales[-1]
            pictures += last.width * last.height * 3 * it.recipe.output.depth // 8
            run = max(run, plan.footprint.state(last, it.recipe.optimizer))
    return SeriesForecast(seconds, most, pictures + run, shutil.disk_usage(_there(left[0].path.parents)).free)


def _there(folders: Iterable[Path]) -> Path:
    """The first of some folders that exists."""
    return next((it for it in folders if it.is_dir()), Path.cwd())
