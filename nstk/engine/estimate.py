"""How much memory and time a run will take, told before it begins. The time is worked out from a small step that is timed."""

from __future__ import annotations

import itertools
import sys
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..api import IMAGE, Backbone, Layer, Loss, Scale
from ..machine import memory
from ..objective.octaves import Octave
from ..objective.tiles import Tiling
from ..pictures import MIN_SIDE, fit
from ..recipe.durations import seconds_in
from ..recipe.model import Recipe
from .footprint import Layout
from .kept import Kept
from .plan import Plan
from .scale import moving, set_up
from .surroundings import prepared

SMALL = 400
"""The long edge in pixels of the step that is timed. From this size on, the time of a step grows as the number of pixels."""


TIMED = 3
"""How many steps are timed. The first step, which is compiled, comes before them. The fastest one counts."""


TILED = 1.2
"""How many times as long a step in tiles takes as a step on a whole picture with as many pixels as the tiles see, margins
included. A step in tiles computes activations twice, but the higher layers see less and less of the margin."""


@dataclass(frozen=True)
class Forecast:
    """What one scale will take."""

    scale: Scale
    layout: Layout
    seconds: float
    """How long one step takes."""
    held: int
    """How many bytes the process holds, whatever the picture's size."""

    @property
    def total(self) -> float:
        """How many seconds all steps take."""
        return self.scale.steps * self.seconds

    @property
    def bytes(self) -> int:
        """How many bytes the process holds at most."""
        return self.held + self.layout.needs

    @property
    def room(self) -> int:
        """How many bytes the process may hold."""
        return self.held + self.layout.room

    def __str__(self) -> str:
        tiles = f" in tiles of {self.layout.edge} px" if self.layout.edge else ""
        divisors = [str(octave.divisor) for octave in self.layout.octaves]
        octaves = f" at octave {', '.join(divisors)}" if divisors != ["1"] else ""
        return (
            f"{self.scale.width} x {self.scale.height} px{octaves}: {self.scale.steps} steps of {clock(self.seconds)}, "
            f"{clock(self.total)}; {memory.in_words(self.bytes)}{tiles}"
        )


def estimate(recipe: Recipe, plan: Plan) -> list[Forecast]:
    """What each scale will take on this machine, as busy as the machine is now. To find out takes some seconds."""
    return at_pace(recipe, plan, *small_step(recipe, memory.resident()))


def at_pace(recipe: Recipe, plan: Plan, pace: float, held: int) -> list[Forecast]:
    """What each scale will take at a known pace (see `small_step`)."""
    return [
        Forecast(scale, layout, pace * _seen(recipe, scale, layout), held)
        for scale, layout in zip(plan.scales, plan.layouts, strict=True)
    ]


def estimate_in_words(recipe: Recipe) -> tuple[bool, list[str]]:
    """Whether the recipe fits into the memory, and the estimate in lines: one for each scale, and one for all."""
    with prepared():
        plan = Plan.of(recipe)
        forecasts = estimate(recipe, plan)
    most = max(forecasts, key=lambda it: it.bytes)
    known = most.layout.room != sys.maxsize
    room = f"the {memory.in_words(most.room)} it may hold" if known else "a GPU, whose free memory is not known"
    summary = f"in all {clock(sum(it.total for it in forecasts))} and {memory.in_words(most.bytes)}"
    lines = [*map(str, forecasts), *_in_time(recipe, sum(it.total for it in forecasts))]
    if most.layout.fits:
        return True, [*lines, f"{summary}: fits in {room}"]
    return False, [*lines, f"{summary}: does not fit in {room}; {_what_would(recipe, plan, most)}"]


def _in_time(recipe: Recipe, seconds: float) -> Iterator[str]:
    """A line about the time that the recipe gives to the run, if it does: whether all steps can be done in it."""
    if recipe.time:
        short = seconds > seconds_in(recipe.time)
        yield f"time: {recipe.time}" + (": fewer steps will be done" if short else ", in which scales have to be set up, too")


def _what_would(recipe: Recipe, plan: Plan, most: Forecast) -> str:
    """The largest size that fits, in words."""
    sizes = range(MIN_SIDE, recipe.size, 16)

    def too_large(size: int) -> bool:
        scale = Scale(0, *fit(most.scale.width, most.scale.height, size), most.scale.steps)
        return not plan.footprint.layout(scale, recipe.tiles, most.layout.room).fits

    fitting = bisect_left(sizes, True, key=too_large)
    if not fitting:
        return "no size would"
    return f"`size: {recipe.model_copy(update={'size': sizes[fitting - 1]}).measures['size']}` would"


def small_step(recipe: Recipe, before: int) -> tuple[float, int]:
    """The seconds that a step takes for a pixel, and the bytes that the process holds whatever the picture's size."""
    edge = min(SMALL, recipe.size)
    small = recipe.at(-1).model_copy(update={"size": edge, "steps": 1 + TIMED, "pyramid": None, "tiles": "off"})
    plan = Plan.of(small)
    (scale,), (layout,) = plan.scales, plan.layouts
    move = moving(small, plan, set_up(small, plan, Kept(), scale))
    times = []
    for _ in range(1 + TIMED):
        began = time.perf_counter()
        float(move()[0].loss)
        times.append(time.perf_counter() - began)
    return min(times[1:]) / _seen(small, scale, layout), max(before, memory.resident() - layout.needs)


def _seen(recipe: Recipe, scale: Scale, layout: Layout) -> float:
    """How many pixels a step could do in the time of this layout's step, if it read all layers at each of them."""
    deepest = max(1.0, _multiplications(recipe.backbone, recipe.at(scale.index).active_losses))

    def at(octave: Octave) -> float:
        share = max(1.0, _multiplications(recipe.backbone, octave.losses)) / deepest
        edge = layout.edge_at(octave)
        if edge is None:
            return share * octave.width * octave.height
        tiles = Tiling.of(recipe.backbone, octave.losses, edge).tiles(octave.height, octave.width)
        return share * TILED * sum(tile.rows.length * tile.columns.length for tile in tiles)

    return sum(map(at, layout.octaves))


def _multiplications(backbone: Backbone, losses: Mapping[str, Loss]) -> float:
    """How many multiplications a pixel takes up to the deepest layer that is read, but for a factor: a network's convolutions.

    A layer of a larger stride than the one before is taken for a pooling, which multiplies nothing.
    """
    read = {name for loss in losses.values() for name in loss.reads()}
    deepest = max((index for index, layer in enumerate(backbone.layers) if layer.name in read), default=-1)
    layers = [Layer(IMAGE, 3, 1, 1), *backbone.layers[: deepest + 1]]
    return sum(
        below.channels * layer.channels / layer.stride**2
        for below, layer in itertools.pairwise(layers)
        if layer.stride == below.stride
    )


def clock(seconds: float) -> str:
    """A time in words: `0.68 s`, `4 min 32 s`, `17 h 5 min`."""
    if seconds < 60:
        return f"{seconds:.2g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
