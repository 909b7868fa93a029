"""The optimisation: scales, and the loop over steps. `_paint` is the algorithm.

Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016: the picture's own pixels are
moved against the gradient of a weighted sum of losses over the activations of a fixed network.
"""

from __future__ import annotations

import io
import logging
from contextlib import nullcontext
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import numpy as np

from .. import pictures
from ..api import Stepper
from ..checkpoints.archive import Saved
from ..checkpoints.folder import RunFolder
from ..checkpoints.unfinished import Unfinished, unfinished
from ..errors import OutOfMemory
from ..files import check_writable
from ..machine import device
from ..objective.features import Network, network
from ..recipe.load import RecipeLike, loaded
from ..recipe.model import Recipe
from ..registry.blame import blaming
from .callbacks import Callbacks
from .interrupts import interruptible
from .keeper import Keeper
from .painting import Painting
from .saving import check_sidecar, recorded, saved
from .scale import moving, narrow, set_up

log = logging.getLogger("nstk")


@dataclass(frozen=True, eq=False)
class Result:
    """What `run` returns."""

    picture: np.ndarray = field(repr=False)
    """height x width x 3, uint8; of a transparent content, what is painted under it."""
    losses: dict[str, float]
    """The weighted losses of this picture, by label."""
    history: list[dict[str, float]] = field(repr=False)
    """A row for each step: `step`, `scale`, `loss`, and the weighted losses by label, as they were before the step's move."""
    path: Path
    """The picture's file."""
    stopped: str
    """Why the run ended: `done`, `interrupted`, or what a callback said."""
    alpha: np.ndarray | None = field(default=None, repr=False)
    """The content's transparency at the picture's size: height x width, uint8; None where it is opaque."""

    def _repr_png_(self) -> bytes:
        from PIL import Image

        buffer = io.BytesIO()
        layers = self.picture if self.alpha is None else np.dstack([self.picture, self.alpha])
        Image.fromarray(layers).save(buffer, "PNG")
        return buffer.getvalue()


def run(recipe: RecipeLike, *, quiet: bool = False) -> Result:
    """Paint a recipe's picture and write it, with the resolved recipe and a record of the run beside it.

    `quiet` leaves out the callbacks that write to the terminal, such as `progress`; the saved recipe keeps them.
    Ctrl-C and SIGTERM end the run after the step at hand, with the picture saved; a second one at once. Raises `UserError` for
    what can be known before the first step, `RunError` afterwards: then the last good picture is saved. A run that does not
    come to its end leaves a folder beside the picture, from which `resume` goes on.
    """
    recipe = loaded(recipe)
    check_sidecar(recipe)
    check_writable(recipe.path)
    return _run(recipe, RunFolder.of(recipe.path), None, quiet=quiet)


def resume(path: str | PathLike[str] | Unfinished, *, force: bool = False, trust: bool = False, quiet: bool = False) -> Result:
    """Go on with a run that was interrupted, killed or broken off, from its latest checkpoint.

    `path` is the run's picture (`out/louvre.png`) or its folder (`out/louvre.run`). On the same machine the result is that of a
    run which was never interrupted, bit for bit. Raises `UserError` where there is nothing to go on with, and where the recipe
    or what it reads has changed since, unless `force` is given; otherwise as `run`. `trust` is that of `load_recipe`.
    """
    it = path if isinstance(path, Unfinished) else unfinished(path, force=force, trust=trust)
    check_writable(it.recipe.path)
    return _run(it.recipe, it.folder, it.saved, force=force, quiet=quiet)


def _run(recipe: Recipe, folder: RunFolder, begun: Saved | None, *, force: bool = False, quiet: bool = False) -> Result:
    """Paint, from the beginning or from a checkpoint; whatever happens, nothing is lost."""
    device.set_up_memory()
    painting = Painting(recipe, begun)
    keeps = begun is not None or recipe.checkpoint.every is not False
    keeper = Keeper(painting, folder if keeps else None, begun)
    if begun is None and (line := folder.set_aside()):
        log.warning("%s", line)
    log.info("%s, precision %s", painting.device, painting.choice)
    callbacks = Callbacks({label: it for label, it in recipe.callbacks.items() if not (quiet and it.shows)})
    with interruptible(painting), folder.locked() if keeps else nullcontext():
        # Its weights may not fit: said before a callback opens a file.
        net = network(recipe.backbone, recipe.losses.values(), painting.choice.dtype)
        with keeper.around(force), recorded(painting), callbacks.around(painting), saved(painting):
            _paint(painting, net, callbacks, keeper)
    picture, alpha = pictures.to_uint8(painting.pixels), None
    if painting.alpha is not None:
        alpha = pictures.to_uint8(255 * pictures.resize_alpha(painting.alpha, picture.shape[1], picture.shape[0]))
    return Result(picture, painting.losses, painting.history, recipe.path, painting.stopped, alpha)


def _paint(run: Painting, net: Network, callbacks: Callbacks, keeper: Keeper) -> None:
    """The algorithm: for each scale, compute the targets once, then move the picture step by step."""
    stepper: Stepper | None = None
    stopping = False
    for scale in keeper.scales():
        keeper.seed(run.recipe.seed)  # for losses that draw at random; numpy's draws are seeded in `initial`
        before = run.pixels if stepper else None
        work = set_up(run, net, scale, keeper.way(scale), before, stepper)
        del before  # a large picture's copies count
        stepper = work.stepper
        callbacks.scale(run, scale)
        move = None
        keeper.resume(work, callbacks)
        while not (work.ended or stopping):
            try:
                move = move or moving(run, work)
                with blaming(f"step {run.steps + 1}, with optimizer `{work.way.optimizer.name}`,", work.way.optimizer):
                    evaluation, finite, stalled = move()
            except OutOfMemory as error:
                narrow(run, net, work, error)
                move = None
                continue
            moved = run.took(evaluation, finite, work)
            if run.looks and not work.ended and bool(stalled):
                run.rest(work)
            if work.ended:
                stepper.finish()
            stopping = callbacks.step(run, moved)
            keeper.step(work, callbacks, stopping)
            if stopping and not work.ended:
                stepper.finish()  # not before: it may change the picture, and a resumed run goes on as if it had not stopped
        if stopping:
            break
    run.end(stopping)
    run.settle(work)
