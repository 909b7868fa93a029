"""What a run will take, before it begins: memory, and time from one small step that is timed."""

from __future__ import annotations

import sys
import time
from bisect import bisect_left
from dataclasses import dataclass

from ..api import Scale
from ..machine import device, memory
from ..objective.features import network
from ..objective.tiles import Tiling
from ..pictures import MIN_SIDE, fit
from ..recipe.model import Recipe
from .footprint import Way
from .painting import Painting
from .scale import moving, set_up

SMALL = 400
"""Long edge in pixels of the step that is timed: from here on, a step takes about as long a pixel at every size."""


TIMED = 3
"""How many steps are timed after the first one, which is compiled; the fastest counts."""


TILED = 1.2
"""What a step in tiles takes more than one on the whole of the pixels that its tiles see, margins included: it computes
activations twice, but the layers above see less and less of the margin."""


@dataclass(frozen=True)
class Forecast:
    """What one scale will take."""

    scale: Scale
    way: Way
    seconds: float
    """For a step."""
    held: int
    """Bytes that the process holds whatever the picture's size."""

    @property
    def total(self) -> float:
        """Seconds for all steps."""
        return self.scale.steps * self.seconds

    @property
    def bytes(self) -> int:
        """Held by the process at most."""
        return self.held + self.way.needs

    @property
    def room(self) -> int:
        """Bytes that it may hold."""
        return self.held + self.way.room

    def __str__(self) -> str:
        tiles = f" in tiles of {self.way.edge} px" if self.way.edge else ""
        return (
            f"{self.scale.width} x {self.scale.height} px: {self.scale.steps} steps of {_clock(self.seconds)}, "
            f"{_clock(self.total)}; {memory.in_words(self.bytes)}{tiles}"
        )


def estimate(run: Painting) -> list[Forecast]:
    """What each scale of a run will take on this machine, as busy as it is now. It takes some seconds itself."""
    recipe, before = run.recipe, memory.resident()
    pace, held = _small_step(recipe, before)
    return [
        Forecast(scale, way, pace * _seen(recipe, scale, way), held) for scale, way in zip(run.scales, run.ways, strict=True)
    ]


def told(recipe: Recipe) -> tuple[bool, list[str]]:
    """Whether it fits, and the estimate in words: a line for each scale, and one for all."""
    device.set_up_memory()
    run = Painting(recipe)
    forecasts = estimate(run)
    most = max(forecasts, key=lambda it: it.bytes)
    room = (
        "a GPU, whose free memory is not known"
        if most.way.room == sys.maxsize
        else f"the {memory.in_words(most.room)} it may hold"
    )
    summary = f"in all {_clock(sum(it.total for it in forecasts))} and {memory.in_words(most.bytes)}"
    if most.way.fits:
        return True, [*map(str, forecasts), f"{summary}: fits in {room}"]
    return False, [*map(str, forecasts), f"{summary}: does not fit in {room}; {_what_would(run, most)}"]


def _what_would(run: Painting, most: Forecast) -> str:
    """The largest size that fits."""
    sizes = range(MIN_SIDE, run.recipe.size, 16)

    def too_large(size: int) -> bool:
        scale = Scale(0, *fit(most.scale.width, most.scale.height, size), 1)
        return not run.footprint.way(scale, run.recipe.tiles, most.way.room).fits

    fitting = bisect_left(sizes, True, key=too_large)
    return f"`size: {sizes[fitting - 1]}` would" if fitting else "no size would"


def _small_step(recipe: Recipe, before: int) -> tuple[float, int]:
    """Seconds a pixel of a step, and the bytes that the process holds whatever the picture's size."""
    edge = min(SMALL, recipe.size)
    small = recipe.model_copy(update={"size": edge, "steps": 1 + TIMED, "pyramid": None, "tiles": "off"})
    run = Painting(small)
    net = network(small.backbone, small.losses.values(), run.choice.dtype)
    work = set_up(run, net, run.scales[0], run.ways[0], None, None)
    move = moving(run, work)
    times = []
    for _ in range(1 + TIMED):
        began = time.perf_counter()
        float(move()[0].loss)
        times.append(time.perf_counter() - began)
    (scale,) = run.scales
    return min(times[1:]) / (scale.width * scale.height), max(before, memory.resident() - run.ways[0].needs)


def _seen(recipe: Recipe, scale: Scale, way: Way) -> float:
    """How many pixels of the whole picture would take as long."""
    if way.edge is None:
        return scale.width * scale.height
    tiles = Tiling.of(recipe.backbone, recipe.losses, way.edge).tiles(scale.height, scale.width)
    return TILED * sum(tile.rows.length * tile.columns.length for tile in tiles)


def _clock(seconds: float) -> str:
    """`0.68 s`, `4 min 32 s`, `17 h 5 min`."""
    if seconds < 60:
        return f"{seconds:.2g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
