"""The optimisation: scales, and the loop over steps. `_paint` is the algorithm.

Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016: the picture's own pixels are
moved against the gradient of a weighted sum of losses over the activations of a fixed network.
"""

from __future__ import annotations

import io
import logging
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from . import devices, images
from .api import Evaluation, Pictures, Scale, Stepper
from .archives import Saved
from .checkpoints import RunFolder
from .errors import NotFinite, OutOfMemory, UserError
from .events import Callbacks, blaming
from .features import Network, batch, network
from .footprint import Footprint
from .interrupts import interruptible
from .keeping import Keeper
from .loading import check_sidecar, load_recipe
from .painting import Painting
from .precision import FLOAT32
from .recipe import Recipe
from .resuming import Unfinished, unfinished
from .saving import recorded, saved
from .starting import moving, narrow, narrower, objective, pictures, set_up

log = logging.getLogger("nstk")

RecipeLike = Recipe | str | PathLike[str] | Mapping[str, Any]


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
    recipe = _loaded(recipe)
    check_sidecar(recipe)
    images.check_writable(recipe.path)
    return _run(recipe, RunFolder.of(recipe.path), None, quiet=quiet)


def resume(path: str | PathLike[str] | Unfinished, *, force: bool = False, trust: bool = False, quiet: bool = False) -> Result:
    """Go on with a run that was interrupted, killed or broken off, from its latest checkpoint.

    `path` is the run's picture (`out/louvre.png`) or its folder (`out/louvre.run`). On the same machine the result is that of a
    run which was never interrupted, bit for bit. Raises `UserError` where there is nothing to go on with, and where the recipe
    or what it reads has changed since, unless `force` is given; otherwise as `run`. `trust` is that of `load_recipe`.
    """
    it = path if isinstance(path, Unfinished) else unfinished(path, force=force, trust=trust)
    images.check_writable(it.recipe.path)
    return _run(it.recipe, it.folder, it.saved, force=force, quiet=quiet)


def _run(recipe: Recipe, folder: RunFolder, begun: Saved | None, *, force: bool = False, quiet: bool = False) -> Result:
    """Paint, from the beginning or from a checkpoint; whatever happens, nothing is lost."""
    devices.set_up_memory()
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
    picture, alpha = images.to_uint8(painting.pixels), None
    if painting.alpha is not None:
        alpha = images.to_uint8(255 * images.resize_alpha(painting.alpha, picture.shape[1], picture.shape[0]))
    return Result(picture, painting.losses, painting.history, recipe.path, painting.stopped, alpha)


def evaluate(recipe: RecipeLike, picture: str | PathLike[str]) -> dict[str, Any]:
    """Each loss of a given picture under a recipe, in float32, without optimising.

    The content is brought to the picture's size, so their aspects must agree, and each style's long edge to `style_scale` times
    the picture's; `sizes` tells what was compared. A transparent picture is judged as it looks on white, but if the content is
    transparent too, by the colours under it, which are what a run paints. `losses` are weighted and sum to `loss`; `unweighted`
    are the same without their weights, those of weight 0 too. Raises `NotFinite` for a loss that is NaN or infinite.
    """
    recipe = _loaded(recipe)
    devices.set_up_memory()
    content, judged = images.read(recipe.content), images.read(picture)
    pixels = images.over_white(judged.colours, judged.alpha if content.alpha is None else None)
    if content.alpha is not None and judged.alpha is None:
        log.warning("%s is opaque, but the content is not: what it has there in place of the painting is judged too", picture)
    (width, height), (content_width, content_height) = judged.size, content.size
    fitted = images.fit(content_width, content_height, max(width, height))
    if max(abs(fitted[0] - width), abs(fitted[1] - height)) > 1:
        raise UserError(
            f"{picture} is {width} x {height} pixels, but the content picture has another aspect "
            f"({fitted[0]} x {fitted[1]} at that size): their features cannot be compared"
        )
    made = pictures(recipe, width, height)
    plain = {label: loss.model_copy(update={"weight": 1.0}) for label, loss in recipe.losses.items()}
    with _full_precision():
        tf.random.set_seed(recipe.seed)
        found = _evaluated(recipe.model_copy(update={"losses": plain}), made, pixels)
        unweighted = {label: float(value) for label, value in found.losses.items()}
    losses = {label: recipe.losses[label].weight * value for label, value in unweighted.items()}
    for label, value in losses.items():
        if not math.isfinite(value):
            raise NotFinite(f"loss `{label}` is {value} for {picture}")
    return {
        "picture": str(Path(picture).resolve()),
        "recipe": recipe.name,
        "sizes": {
            "picture": [width, height],
            "content": {"file": [content_width, content_height], "compared": [width, height]},
            **{
                label: {"file": list(images.check_picture(recipe.styles[label])), "compared": [style.shape[1], style.shape[0]]}
                for label, style in made.styles.items()
            },
        },
        "loss": sum(losses.values()),
        "losses": losses,
        "unweighted": unweighted,
        "weights": {label: loss.weight for label, loss in recipe.losses.items()},
    }


def _evaluated(recipe: Recipe, made: Pictures, pixels: np.ndarray) -> Evaluation:
    """The objective at a picture, in tiles where memory is short."""
    net = network(recipe.backbone, recipe.losses.values())
    scale = Scale(0, pixels.shape[1], pixels.shape[0], 1)
    way = Footprint(recipe, FLOAT32).way(scale, recipe.tiles, devices.room(recipe.memory))
    while True:
        try:
            return objective(recipe, net, made, way, FLOAT32).evaluate(batch(pixels))
        except OutOfMemory as error:
            way = narrower(recipe, way, scale, error)


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


@contextmanager
def _full_precision() -> Iterator[None]:
    """Inside, a GPU multiplies in float32; otherwise it may round the factors to TF32's 10 bits."""
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)


def _loaded(recipe: RecipeLike) -> Recipe:
    return recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
