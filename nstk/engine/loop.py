"""The optimisation: scales, and the loop over steps. `paint` is the algorithm.

Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016: the picture's own pixels are
moved against the gradient of a weighted sum of losses over the activations of a fixed network.
"""

from __future__ import annotations

from ..api import Scale
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
    health, deadline = Health(run), Deadline(run)
    stopping = False
    for scale in deadline.scales(keeper.scales(), kept.network(run.recipe, run.plan)):
        work = _set_up(run, kept, keeper, scale)
        callbacks.scale(run, scale)
        keeper.resume(work, callbacks)
        stopping = _descend(run, work, kept, callbacks, keeper, health, deadline)
        if stopping:
            break
        if scale.index != run.scales[-1].index:
            keeper.show()
    assert run.work is not None
    if not stopping:
        deadline.conclude()
    run.end(stopping)
    health.conclude(run.work)


def _set_up(run: Painting, kept: Kept, keeper: Keeper, scale: Scale) -> Work:
    """Make a scale ready, with the picture and the optimizer of what was at work before."""
    keeper.seed()  # losses may draw at random; numpy's draws are seeded in `initial`
    last, before = run.work, (run.now, run.plan)
    if last and run.changing.due(run.steps):  # a run that goes on begins where it was broken off, before what changes there
        run.heed()
    picture, stepper = (run.pixels, last.stepper) if last else (None, None)
    run.work = set_up(run.now, run.plan, kept, scale, picture, stepper)
    if last:
        kept.keep_rig(last.rig, *before, last.scale, last.layout)
    return run.work


def _descend(
    run: Painting, work: Work, kept: Kept, callbacks: Callbacks, keeper: Keeper, health: Health, deadline: Deadline
) -> bool:
    """Move the picture of one scale step by step. Returns whether the run ends with this scale."""
    stopping, move = False, None
    while not (work.ended or stopping):
        try:
            if run.changing.due(run.steps):
                work, move = _changed(run, work, kept, keeper, health), None
            move = move or moving(run.now, run.plan, work)
            with blaming(f"step {run.steps + 1}, with optimizer `{work.layout.optimizer.name}`,", work.layout.optimizer):
                evaluation, finite, stalled = move()
        except OutOfMemory as error:
            retile(run.now, run.plan, kept, work, error)
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
        run.note_changes()
        keeper.step(work, callbacks, stopping, health)
        if stopping and not work.ended:
            work.stepper.finish()  # after the checkpoint, because it may change the picture
    return stopping


def _changed(run: Painting, work: Work, kept: Kept, keeper: Keeper, health: Health) -> Work:
    """Go on with a scale under another recipe: from the same picture, with the optimizer's state of a new scale."""
    health.check(work)
    work.stepper.finish()
    made = _set_up(run, kept, keeper, work.scale)
    made.done, made.sound = work.done, work.sound
    return made
