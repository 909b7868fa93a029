"""A scale up to its first step: its pictures, the objective whole or in tiles, the optimizer at work."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

import numpy as np

from ..api import Pictures, Scale, Stepper
from ..errors import OutOfMemory
from ..machine import device, memory
from ..machine.precision import FLOAT32
from ..objective.base import Objective
from ..objective.compiled import Compiled
from ..objective.in_octaves import GraphObjective, OctaveObjective, made_smaller
from ..objective.octaves import Octave
from ..objective.painted import PaintedObjective
from ..objective.tiled import TiledObjective
from ..objective.tiles import unsplittable
from ..objective.whole import WholeObjective
from ..recipe.model import Recipe
from .balance import balance, factors
from .canvas import Canvas
from .footprint import Layout
from .inputs import initial, pictures_of
from .kept import Kept, rig_key
from .limits import Maps, limited, maps_of
from .plan import Plan
from .rig import Move, Rig
from .spread import Task
from .steps import Work

log = logging.getLogger("nstk")


def set_up(
    recipe: Recipe, plan: Plan, kept: Kept, scale: Scale, picture: np.ndarray | None = None, before: Stepper | None = None
) -> Work:
    """Make a scale ready for its first step. `picture` and `before` are those of the scale before, if there was one.

    A picture of the scale's own size is gone on with as it is.
    """
    recipe, layout = recipe.at(scale.index), plan.layouts[scale.index]
    _tell(recipe, scale, layout)
    device.reserve(plan.in_pieces(scale))
    made = pictures_of(recipe, scale.width, scale.height)
    again = picture is not None and picture.shape == made.content.shape  # the scale goes on under a changed recipe
    if layout.edge and recipe.tiles == "auto" and not again:  # memory is short
        kept.forget_tiles()
    first = picture if picture is not None and again else initial(recipe, made, picture)
    first = made.content if recipe.balance == 0 else first  # nothing is painted, so nothing of a coarser scale is wanted
    objective, layout = _that_fits(recipe, plan, kept, scale, made, layout)
    if recipe.balance is not None:
        layout = balance(objective, layout, factors(objective, recipe.balance, made.content, recipe.seed))
    made_from = rig_key(recipe, plan, scale, layout)
    rig = kept.rig(made_from)
    if rig is not None and rig.serves(objective):
        rig.restart(first, objective, before)
        return Work(scale, layout, rig)
    canvas = Canvas(first, recipe.average)
    del made, first  # pictures may be large, and the optimizer takes memory too
    rig = Rig.of(canvas, objective, recipe.parametrization, layout.optimizer, scale.steps, before)
    rig.made_from = made_from
    return Work(scale, layout, rig)


def moving(recipe: Recipe, plan: Plan, work: Work) -> Callable[[], Move]:
    """The function that moves the picture once.

    It is compiled, unless the recipe runs eagerly or the objective is in tiles. The passes over tiles are compiled themselves.
    """
    if recipe.run_eagerly or work.layout.edge:
        return work.rig.move
    return work.rig.compiled(xla=plan.jit, required=recipe.jit is True)


def retile(recipe: Recipe, plan: Plan, kept: Kept, work: Work, error: OutOfMemory) -> None:
    """Go on with the objective in smaller tiles after a step ran out of memory. Raises the error if none are smaller."""
    recipe, made = recipe.at(work.scale.index), pictures_of(recipe, work.scale.width, work.scale.height)
    layout = smaller(recipe, work.layout, work.scale, error)
    work.retile(*_that_fits(recipe, plan, kept, work.scale, made, layout))


def objective(recipe: Recipe, plan: Plan, kept: Kept, scale: Scale, made: Pictures, layout: Layout) -> Objective:
    """The recipe's objective for the pictures of a scale, whole or in tiles, at all octaves that its losses ask for."""
    dtype, maps = plan.choice.dtype, maps_of(recipe, made)
    at = partial(_at_octave, recipe, plan, kept, scale, layout)
    whole: Objective
    if [octave.divisor for octave in layout.octaves] == [1]:
        whole = at(layout.octaves[0], made, maps, dtype)
    else:
        parts = {
            octave.divisor: at(octave, made_smaller(made, octave.divisor), maps.smaller(octave.divisor), FLOAT32)
            for octave in layout.octaves
        }
        whole = OctaveObjective(recipe.active_losses, parts, dtype)
    return whole if maps.paint is None else PaintedObjective(whole, maps.paint, made.content, dtype)


def _at_octave(
    recipe: Recipe,
    plan: Plan,
    kept: Kept,
    scale: Scale,
    layout: Layout,
    octave: Octave,
    made: Pictures,
    maps: Maps,
    dtype: str,
) -> Objective:
    """The objective at one octave, for pictures and regions of its size. The loss scaling is that of activations of `dtype`."""
    edge, styles = layout.edge_at(octave), kept.styles(recipe, plan, scale, layout, octave)
    octave, limits = limited(octave, recipe.backbone, maps)
    if edge:
        network = kept.tiles(recipe, plan, octave, edge, limits)
        tiles = network.tiling.tiles(*made.content.shape[:2])
        parts = kept.spread(recipe, Task(scale, octave.divisor, edge, plan.choice.dtype), tiles) if kept.spread else ()
        return TiledObjective(network, made, dtype, styles, limits, parts)
    compiled = partial(Compiled, xla=plan.jit, required=recipe.jit is True)
    whole = WholeObjective if recipe.run_eagerly or not layout.edge else partial(GraphObjective, compiled=compiled)
    return whole(kept.network(recipe, plan, octave), octave.losses, made, dtype, styles, limits)


def smaller(recipe: Recipe, layout: Layout, scale: Scale, error: OutOfMemory) -> Layout:
    """The layout in tiles of half the size. A warning says so. Raises the error where tiles cannot be smaller."""
    halved = layout.halved()
    if halved is None or unsplittable(recipe.backbone, halved.split):
        raise error
    log.warning("memory ran out at %d x %d: going on in tiles of %d pixels", scale.width, scale.height, halved.edge)
    return halved


def _that_fits(
    recipe: Recipe, plan: Plan, kept: Kept, scale: Scale, made: Pictures, layout: Layout
) -> tuple[Objective, Layout]:
    """The objective and its layout. The tiles become smaller where memory runs out while the targets are computed."""
    while True:
        try:
            return objective(recipe, plan, kept, scale, made, layout), layout
        except OutOfMemory as error:
            layout = smaller(recipe, layout, scale, error)


def _tell(recipe: Recipe, scale: Scale, layout: Layout) -> None:
    """Warn of what the memory does not allow."""
    size, optimizer = f"{scale.width} x {scale.height}", recipe.optimizer
    for key in type(optimizer).model_fields:
        if (now := getattr(layout.optimizer, key)) != (before := getattr(optimizer, key)):
            what = f"optimizer `{optimizer.name}` has `{key}` {now} in place of {before}"
            log.warning("memory is short at %s: %s", size, what)
    if not layout.fits:
        needs, free = memory.in_words(layout.needs), memory.in_words(max(0, layout.room))
        whole = recipe.tiles == "auto" and unsplittable(recipe.backbone, recipe.active_losses)
        why = f"; {whole}: a smaller `size` needs less" if whole else ""
        log.warning("%s may need %s more, and %s are free for it%s", size, needs, free, why)
