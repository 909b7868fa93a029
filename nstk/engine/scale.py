"""A scale up to its first step: its pictures, the objective whole or in tiles, the optimizer at work."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from .. import pictures
from ..api import Evaluation, Pictures, Scale, Stepper
from ..errors import OutOfMemory, RunError
from ..machine import device, memory
from ..objective.compiled import compiled, compiled_once_called
from ..objective.features import Network, references
from ..objective.problem import PictureProblem
from ..objective.tiled import TiledObjective
from ..objective.tiles import Tiling, unsplittable
from ..objective.whole import Objective
from ..recipe.model import Recipe
from ..registry.blame import blaming
from .footprint import Way
from .inputs import initial, pictures_of
from .painting import Painting
from .steps import Move, Work

log = logging.getLogger("nstk")


def set_up(run: Painting, net: Network, scale: Scale, way: Way, picture: np.ndarray | None, before: Stepper | None) -> Work:
    """Make a scale ready for its first step. `picture` and `before` are those of the scale before, if there was one."""
    _tell(run, scale, way)
    if way.edge and way.fits:
        device.reserve(way.needs - run.footprint.held)
    made = pictures_of(run.recipe, scale.width, scale.height)
    first = initial(run.recipe, made) if picture is None else pictures.resize(picture, scale.width, scale.height)
    objective, way = _that_fits(run, net, scale, made, way)
    canvas = run.begin(first)
    del made, first  # pictures may be large, and the optimizer takes memory too
    problem = PictureProblem(canvas.picture, objective, run.recipe.parametrization, scale.steps)
    with blaming(f"optimizer `{way.optimizer.name}`", way.optimizer):
        stepper = way.optimizer.start(problem, before)
    canvas.keep(stepper.good)
    return Work(scale, way, problem, stepper)


def moving(run: Painting, work: Work) -> Callable[[], Move]:
    """The function that moves the picture once.

    It says what the objective was, whether it and the pixels are finite (if not, the picture is the last good one again), and
    whether the optimizer has stalled. It is compiled, unless the recipe wants to see each operation, or the objective is in
    tiles, whose passes are compiled each.
    """
    problem, stepper, canvas = work.problem, work.stepper, run.canvas
    assert canvas is not None
    who = f"optimizer `{work.way.optimizer.name}`"

    def move() -> Move:
        picture = problem.image.read_value()
        evaluation = stepper.step()
        if not isinstance(evaluation, Evaluation):
            raise RunError(f"{who}: step() returned {evaluation!r}, not the Evaluation that the problem gave it")
        return evaluation, canvas.guard(picture, evaluation), tf.convert_to_tensor(stepper.stalled())

    if run.recipe.run_eagerly or work.way.edge:
        return move
    canvas.compile()
    with blaming(who, work.way.optimizer):
        return compiled(move, xla=run.jit)


def _tell(run: Painting, scale: Scale, way: Way) -> None:
    """Say what memory does not allow."""
    size, optimizer = f"{scale.width} x {scale.height}", run.recipe.optimizer
    for key in type(optimizer).model_fields:
        if (now := getattr(way.optimizer, key)) != (before := getattr(optimizer, key)):
            what = f"optimizer `{optimizer.name}` has `{key}` {now} in place of {before}"
            log.warning("memory is short at %s: %s", size, what)
    if not way.fits:
        log.warning(
            "%s may need %s more, and %s are free for it", size, memory.in_words(way.needs), memory.in_words(max(0, way.room))
        )


def narrow(run: Painting, net: Network, work: Work, error: OutOfMemory) -> None:
    """Memory ran out in a step: go on with the objective in smaller tiles. Raises the error where they cannot be smaller."""
    made = pictures_of(run.recipe, work.scale.width, work.scale.height)
    scaling = work.objective.loss_scale
    work.problem.objective, work.way = _that_fits(run, net, work.scale, made, narrower(run.recipe, work.way, work.scale, error))
    work.objective.loss_scale = scaling


def _that_fits(run: Painting, net: Network, scale: Scale, made: Pictures, way: Way) -> tuple[Objective, Way]:
    """The objective, in smaller tiles where memory runs out while its targets are computed."""
    while True:
        try:
            return objective(run.recipe, net, made, way, run.choice.dtype, xla=run.jit), way
        except OutOfMemory as error:
            way = narrower(run.recipe, way, scale, error)


def objective(recipe: Recipe, net: Network, made: Pictures, way: Way, dtype: str, *, xla: bool = False) -> Objective:
    """The recipe's objective for the pictures of a scale, whole or in tiles."""
    if way.edge is None:
        return Objective(net, recipe.losses, references(net, made), dtype)

    def in_passes(function: Callable[..., Any]) -> Callable[..., Any]:
        return function if recipe.run_eagerly else compiled_once_called(function, xla=xla)

    return TiledObjective(net, recipe.losses, made, Tiling.of(recipe.backbone, recipe.losses, way.edge), dtype, in_passes)


def narrower(recipe: Recipe, way: Way, scale: Scale, error: OutOfMemory) -> Way:
    """The same in tiles of half the size, and a line that says so. Raises the error where they cannot be smaller."""
    smaller = way.narrower(scale)
    if smaller is None or unsplittable(recipe.backbone, recipe.losses):
        raise error
    log.warning("memory ran out at %d x %d: going on in tiles of %d pixels", scale.width, scale.height, smaller.edge)
    return smaller
