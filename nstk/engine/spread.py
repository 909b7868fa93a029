"""The tiles of one picture, spread over several processes: what each of them computes, and what the others ask of it.

The process that paints asks a `Spread` for the parts of a scale. Each other process makes its own part with `part_of`, from the
same recipe, so that only pixels, sums and gradients go to and fro.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..api import Scale
from ..machine.precision import Choice
from ..objective.in_octaves import made_smaller
from ..objective.octaves import Octave
from ..objective.tile_part import Part, TilePart
from ..objective.tiles import Tile
from ..recipe.model import Recipe
from .footprint import Footprint
from .inputs import pictures_of
from .kept import Kept
from .limits import limited, maps_of
from .plan import Plan


@dataclass(frozen=True)
class Task:
    """Which tiles are asked for: of which scale and octave, of which size, computed in which precision."""

    scale: Scale
    divisor: int
    edge: int
    dtype: str


Spread = Callable[[Recipe, Task, Sequence[Tile]], Sequence[Part]]
"""Gives the parts that have the tiles of a task, each tile once; none where they are better left in this process."""


def part_of(recipe: Recipe, task: Task, first: int, last: int) -> tuple[TilePart, dict[str, Any]]:
    """This process's part of a task, the tiles from the number `first` up to `last`, and its sums over the photograph."""
    recipe, scale = recipe.at(task.scale.index), task.scale
    plan = replace(Plan.of(recipe), choice=Choice(task.dtype, "the process that paints computes in it"))
    octaves = Footprint(recipe, task.dtype).octaves(scale)
    octave: Octave = next(it for it in octaves if it.divisor == task.divisor)
    made = pictures_of(recipe, scale.width, scale.height)
    maps = maps_of(recipe, made).smaller(task.divisor)
    octave, limits = limited(octave, recipe.backbone, maps)
    network = Kept().tiles(recipe, plan, octave, task.edge, limits)
    content = made_smaller(made, task.divisor).content
    part = TilePart(network, network.tiling.tiles(*content.shape[:2])[first:last], limits)
    return part, part.of_content(content)
