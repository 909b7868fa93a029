"""The optimisation: scales, and the loop over steps. `paint` is the algorithm.

Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016: the picture's own pixels are
moved against the gradient of a weighted sum of losses over the activations of a fixed network.
"""

from __future__ import annotations

from ..api import Stepper
from ..errors import OutOfMemory
from ..registry.blame import blaming
from .callbacks import Callbacks
from .deadline import Deadline
from .health import Health
from .keeper import Keeper
from .kept import Kept
from .painting import Painting
from .scale import moving, retile, set_up
from .steps import Work


def paint(run: Painting, kept: Kept, callbacks: Callbacks, keeper: Keeper) -> None:
    """For each scale, compute the targets once, then move the picture step by step."""
    recipe, plan, health, deadline = run.recipe, run.plan, Health(run), Deadline(run)
    work: Work | None = None
    stopping = False
    for scale in deadline.scales(keeper.scales(), kept.network(recipe, plan)):
        keeper.seed()  # losses may draw at random; numpy's draws are seeded in `initial`
        last, stepper = work, _stepper(work)
        work = set_up(recipe, plan, kept, scale, run.pixels if last else None, stepper)
        run.work = work
        if last:
            kept.keep_rig(last.rig, recipe, plan, last.scale, last.layout)
        callbacks.scale(run, scale)
        keeper.resume(work, callbacks)
        stopping = _descend(run, work, kept, callbacks, keeper, health, deadline)
        if stopping:
            break
        if work.scale is not run.scales[-1]:
            keeper.show()
    assert work is not None
    if not stopping:
        deadline.conclude()
    run.end(stopping)
    health.conclude(work)


def _descend(
    run: Painting, work: Work, kept: Kept, callbacks: Callbacks, keeper: Keeper, health: Health, deadline: Deadline
) -> bool:
    """Move the picture of one scale step by step. Returns whether the run ends with this scale."""
    stopping, move = False, None
    while not (work.ended or stopping):
        try:
            move = move or moving(run.recipe, run.plan, work)
            with blaming(f"step {run.steps + 1}, with optimizer `{work.layout.optimizer.name}`,", work.layout.optimizer):
                evaluation, finite, stalled = move()
        except OutOfMemory as error:
            retile(run.recipe, run.plan, kept, work, error)
            move = None
            continue
        moved = run.add(evaluation, finite, work)
        health.note(moved, work)
        deadline.step(work)
        if health.due and not work.ended and bool(stalled):
            health.stall(work)
        if work.ended:
            work.stepper.finish()
        stopping = callbacks.step(run, moved, ends=work.ended)
        keeper.step(work, callbacks, stopping, health)
        if stopping and not work.ended:
            work.stepper.finish()  # after the checkpoint, because it may change the picture
    return stopping


def _stepper(work: Work | None) -> Stepper | None:
    return work.stepper if work else None
