"""The optimisation: scales, and the loop over steps. `_paint` is the algorithm.

Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016: the picture's own pixels are
moved against the gradient of a weighted sum of losses over the activations of a fixed network.
"""

from __future__ import annotations

import io
import logging
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from . import devices, images
from .api import Evaluation, Pictures, Stepper
from .archives import Saved
from .checkpoints import RunFolder
from .compiling import compiled
from .errors import NotFinite, RunError, UserError
from .events import Callbacks, blaming
from .features import Network, batch, network, references
from .interrupts import interruptible
from .keeping import Keeper
from .loading import check_sidecar, load_recipe
from .objective import Objective
from .painting import Painting
from .problem import PictureProblem
from .recipe import Recipe
from .resuming import Unfinished, unfinished
from .saving import recorded, saved
from .steps import Work

log = logging.getLogger("nstk")

Move = tuple[Evaluation, tf.Tensor, tf.Tensor]
RecipeLike = Recipe | str | PathLike[str] | Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Result:
    """What `run` returns."""

    picture: np.ndarray = field(repr=False)
    """height x width x 3, uint8."""
    losses: dict[str, float]
    """The weighted losses of this picture, by label."""
    history: list[dict[str, float]] = field(repr=False)
    """A row for each step: `step`, `scale`, `loss`, and the weighted losses by label, as they were before the step's move."""
    path: Path
    """The picture's file."""
    stopped: str
    """Why the run ended: `done`, `interrupted`, or what a callback said."""

    def _repr_png_(self) -> bytes:
        from PIL import Image

        buffer = io.BytesIO()
        Image.fromarray(self.picture).save(buffer, "PNG")
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


def resume(path: str | PathLike[str] | Unfinished, *, force: bool = False, quiet: bool = False) -> Result:
    """Go on with a run that was interrupted, killed or broken off, from its latest checkpoint.

    `path` is the run's picture (`out/louvre.png`) or its folder (`out/louvre.run`). On the same machine the result is that of a
    run which was never interrupted, bit for bit. Raises `UserError` where there is nothing to go on with, and where the recipe
    or what it reads has changed since, unless `force` is given; otherwise as `run`.
    """
    it = path if isinstance(path, Unfinished) else unfinished(path, force=force)
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
    return Result(images.to_uint8(painting.image()), painting.losses, painting.history, recipe.path, painting.stopped)


def evaluate(recipe: RecipeLike, picture: str | PathLike[str]) -> dict[str, Any]:
    """Each loss of a given picture under a recipe, in float32, without optimising.

    The content is brought to the picture's size, so their aspects must agree, and each style's long edge to `style_scale` times
    the picture's; `sizes` tells what was compared. `losses` are weighted and sum to `loss`; `unweighted` are the same without
    their weights, those of weight 0 too. Raises `NotFinite` for a loss that is NaN or infinite.
    """
    recipe = _loaded(recipe)
    devices.set_up_memory()
    pixels = images.read_picture(Path(picture))
    height, width = pixels.shape[:2]
    content_width, content_height = images.check_picture(Path(recipe.content))
    fitted = images.fit(content_width, content_height, max(width, height))
    if max(abs(fitted[0] - width), abs(fitted[1] - height)) > 1:
        raise UserError(
            f"{picture} is {width} x {height} pixels, but the content picture has another aspect "
            f"({fitted[0]} x {fitted[1]} at that size): their features cannot be compared"
        )
    pictures = _pictures(recipe, width, height)
    plain = {label: loss.model_copy(update={"weight": 1.0}) for label, loss in recipe.losses.items()}
    with _full_precision():
        tf.random.set_seed(recipe.seed)
        net = network(recipe.backbone, plain.values())
        objective = Objective(net, plain, references(net, pictures))
        unweighted = {label: float(value) for label, value in objective.evaluate(batch(pixels)).losses.items()}
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
                label: {"file": list(images.check_picture(recipe.styles[label])), "compared": [made.shape[1], made.shape[0]]}
                for label, made in pictures.styles.items()
            },
        },
        "loss": sum(losses.values()),
        "losses": losses,
        "unweighted": unweighted,
        "weights": {label: loss.weight for label, loss in recipe.losses.items()},
    }


def _paint(run: Painting, net: Network, callbacks: Callbacks, keeper: Keeper) -> None:
    """The algorithm: for each scale, compute the targets once, then move the picture step by step."""
    recipe = run.recipe
    picture: np.ndarray | None = None
    stepper: Stepper | None = None
    stopping = False
    for scale in keeper.scales():
        keeper.seed(recipe.seed)  # for losses that draw at random; numpy's draws are seeded in `_initial`
        pictures = _pictures(recipe, scale.width, scale.height)
        objective = Objective(net, recipe.losses, references(net, pictures), run.choice.dtype)
        picture = _initial(recipe, pictures) if picture is None else images.resize(picture, scale.width, scale.height)
        problem = PictureProblem(run.begin(picture), objective, recipe.parametrization, scale.steps)
        callbacks.scale(run, scale)
        stepper, move = _stepper(run, problem, stepper)
        work = Work(scale, objective, stepper)
        keeper.resume(work, callbacks)
        while not (work.ended or stopping):
            with blaming(f"step {run.steps + 1}, with optimizer `{recipe.optimizer.name}`,", recipe.optimizer):
                evaluation, finite, stalled = move()
            moved = run.took(evaluation, finite, work)
            if run.looks and not work.ended and bool(stalled):
                run.rest(work)
            if work.ended:
                stepper.finish()
            stopping = callbacks.step(run, moved)
            keeper.step(work, callbacks, stopping)
            if stopping and not work.ended:
                stepper.finish()  # not before: it may change the picture, and a resumed run goes on as if it had not stopped
        picture = run.image()
        if stopping:
            break
    run.end(stopping)
    run.settle(work)


def _pictures(recipe: Recipe, width: int, height: int) -> Pictures:
    """The recipe's pictures for a scale: the content at its size, each style with `style_scale` times its long edge."""
    long_edge = max(1, round(max(width, height) * recipe.style_scale))
    content = images.resize(images.read_picture(Path(recipe.content)), width, height)
    styles = {}
    for label, path in recipe.styles.items():
        style = images.read_picture(path)
        styles[label] = images.resize(style, *images.fit(style.shape[1], style.shape[0], long_edge))
    for picture in (content, *styles.values()):
        picture.setflags(write=False)
    return Pictures(content, styles)


def _initial(recipe: Recipe, pictures: Pictures) -> np.ndarray:
    """The picture that the first step starts from."""
    who = f"initializer `{recipe.init.name}`"
    with blaming(who, recipe.init):
        made = np.asarray(recipe.init(pictures, np.random.default_rng(recipe.seed)), np.float32)
    if made.shape != pictures.content.shape:
        raise RunError(f"{who} made an array of shape {made.shape}, not {pictures.content.shape}")
    if not np.isfinite(made).all():
        raise RunError(f"{who} made a picture with NaN or infinite pixels")
    return np.clip(made, 0, 255)


def _stepper(run: Painting, problem: PictureProblem, before: Stepper | None) -> tuple[Stepper, Callable[[], Move]]:
    """The optimizer at work on one scale, and the function that moves the picture once.

    It says what the objective was, whether it and the pixels are finite (if not, the picture is the last good one again), and
    whether the optimizer has stalled. It is compiled, unless the recipe wants to see each operation.
    """
    optimizer, canvas = run.recipe.optimizer, run.canvas
    who = f"optimizer `{optimizer.name}`"
    assert canvas is not None

    def move() -> Move:
        picture = problem.image.read_value()
        evaluation = stepper.step()
        if not isinstance(evaluation, Evaluation):
            raise RunError(f"{who}: step() returned {evaluation!r}, not the Evaluation that the problem gave it")
        return evaluation, canvas.guard(picture, evaluation), tf.convert_to_tensor(stepper.stalled())

    with blaming(who, optimizer):
        stepper = optimizer.start(problem, before)
        return stepper, move if run.recipe.run_eagerly else compiled(move, xla=run.jit)


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
