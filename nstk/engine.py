"""The optimisation: scales, and the loop over steps. `_paint` is the algorithm, the rest makes sure that nothing is lost.

Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016: the picture's own pixels are moved
against the gradient of a weighted sum of losses over the activations of a fixed network.
"""

from __future__ import annotations

import io
import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from . import images, record
from .api import Evaluation, Pictures, Scale
from .errors import NotFinite, RunError, UserError
from .events import Callbacks
from .features import Network, batch, network, references
from .interrupts import INTERRUPTED, interruptible
from .loading import check_sidecar, load_recipe
from .objective import Objective
from .recipe import Recipe

log = logging.getLogger("nstk")

DONE = "done"


@dataclass(frozen=True)
class Result:
    """What `run` returns."""

    picture: np.ndarray
    """height x width x 3, uint8."""
    losses: dict[str, float]
    """The weighted losses of this picture, by label."""
    history: list[dict[str, float]]
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


def run(recipe: Recipe | str | PathLike[str] | Mapping[str, Any]) -> Result:
    """Paint a recipe's picture and write it, with the resolved recipe and a record of the run beside it.

    Ctrl-C and SIGTERM end the run after the step at hand, with the picture saved; a second one at once. Raises `UserError` for what
    can be known before the first step, `RunError` afterwards: then the last good picture is saved.
    """
    recipe = _loaded(recipe)
    check_sidecar(recipe)
    images.check_writable(recipe.path)
    painting = Painting(recipe)
    callbacks = Callbacks(recipe.callbacks)
    with interruptible(painting), callbacks.around(painting):
        try:
            _paint(painting, callbacks)
            painting.stopped = painting.stopped or DONE
        except BaseException as error:
            painting.error = error
            painting.stopped = INTERRUPTED if isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}: {error}"
            raise
        finally:
            if painting.started:
                _write(painting)
    return Result(
        images.to_uint8(painting.image()), painting.losses, painting.history, recipe.path, painting.stopped
    )


def evaluate(recipe: Recipe | str | PathLike[str] | Mapping[str, Any], picture: str | PathLike[str]) -> dict[str, Any]:
    """Each loss of a given picture under a recipe, in float32, without optimising.

    The content and the styles are brought to the picture's size, so its aspect must be the content's. `losses` are weighted and sum
    to `loss`; `unweighted` are the same without their weights.
    """
    recipe = _loaded(recipe)
    pixels = images.read_picture(Path(picture))
    height, width = pixels.shape[:2]
    content = images.read_picture(Path(recipe.content))
    fitted = images.fit(content.shape[1], content.shape[0], max(width, height))
    if max(abs(fitted[0] - width), abs(fitted[1] - height)) > 1:
        raise UserError(
            f"{picture} is {width} x {height} pixels, but the content picture has another aspect "
            f"({fitted[0]} x {fitted[1]} at that size): their features cannot be compared"
        )
    pictures = _pictures(recipe, width, height)
    net = network(recipe.backbone, recipe.losses.values())
    objective = Objective(net, recipe.losses, references(net, pictures))
    evaluation = objective.evaluate(batch(pixels))
    losses = {label: float(value) for label, value in evaluation.losses.items()}
    return {
        "picture": str(Path(picture).resolve()),
        "recipe": recipe.name,
        "size": [width, height],
        "loss": float(evaluation.loss),
        "losses": losses,
        "unweighted": {label: value / recipe.losses[label].weight for label, value in losses.items()},
        "weights": {label: recipe.losses[label].weight for label in losses},
    }


class Painting:
    """A run at work: what the callbacks are handed as `run` (see `nstk.Run`)."""

    def __init__(self, recipe: Recipe):
        self.recipe = recipe
        self.output = recipe.path
        self.scales = plan(recipe)
        self.total_steps = sum(scale.steps for scale in self.scales)
        self.labels = [label for label, loss in recipe.losses.items() if loss.weight > 0]
        self.device, self.precision = _device(), "float32"
        self.stopped = ""
        self.error: BaseException | None = None
        self.losses: dict[str, float] = {}
        self.history: list[dict[str, float]] = []
        self.began = time.perf_counter()
        self._variable: tf.Variable | None = None
        self._good: tf.Tensor | None = None

    @property
    def started(self) -> bool:
        """Whether there is a picture."""
        return self._variable is not None

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.perf_counter() - self.began

    def stop(self, reason: str) -> None:
        """End the run after this step."""
        self.stopped = self.stopped or reason

    def image(self) -> np.ndarray:
        """The picture now, height x width x 3, float32, 0..255; after NaN or infinity, the last good one."""
        if self._variable is None:
            raise RunError("there is no picture before the first scale")
        good = self._good if isinstance(self.error, NotFinite) else None
        return np.array((self._variable if good is None else good)[0])

    def beside(self, template: str, **fields: Any) -> Path:
        """A path in the output's folder: `{name}` is the output's name without its suffix, `{suffix}` the suffix."""
        return self.output.parent / template.format(name=self.output.stem, suffix=self.output.suffix, **fields)

    def save(self, path: Path) -> None:
        """Write the picture as it is now."""
        images.write_picture(self.image(), path, self.recipe.output.quality)

    def begin(self, picture: np.ndarray) -> tf.Variable:
        """Take a picture as the one that is moved."""
        self._variable = tf.Variable(batch(picture), name="picture")
        self._good = None
        return self._variable

    def took(self, step: _Step, before: tf.Tensor) -> None:
        """Note a step's losses. `before` is the picture that they belong to: good if they are finite."""
        self.losses = dict(step.losses)
        _check_finite(step.loss, self.losses, f"at step {step.index}", step.scale)
        self._good = before
        self.history.append({"step": step.index, "scale": step.scale.index, "loss": step.loss, **self.losses})


class _Step:
    """One step, as callbacks see it (see `nstk.Step`)."""

    def __init__(self, index: int, scale: Scale, evaluation: Evaluation, painting: Painting):
        self.index, self.scale = index, scale
        self._evaluation, self._painting = evaluation, painting

    @property
    def loss(self) -> float:
        return float(self._evaluation.loss)

    @property
    def losses(self) -> dict[str, float]:
        return {label: float(self._evaluation.losses[label]) for label in self._painting.labels}

    def image(self) -> np.ndarray:
        return self._painting.image()


def _paint(run: Painting, callbacks: Callbacks) -> None:
    """The algorithm: for each scale, compute the targets once, then move the picture step by step."""
    recipe = run.recipe
    net = network(recipe.backbone, recipe.losses.values())
    picture: np.ndarray | None = None
    index = 0
    for scale in run.scales:
        pictures = _pictures(recipe, scale.width, scale.height)
        objective = Objective(net, recipe.losses, references(net, pictures))
        picture = _initial(recipe, pictures) if picture is None else images.resize(picture, scale.width, scale.height)
        image = run.begin(picture)
        step = _compiled(recipe, objective, image, scale.steps)
        callbacks.scale(run, scale)
        for index in range(index + 1, index + scale.steps + 1):
            before = image.read_value()
            done = _Step(index, scale, step(), run)
            run.took(done, before)
            callbacks.step(run, done)
            if run.stopped:
                break
        picture = run.image()
        if run.stopped:
            break
    _settle(run, objective, scale)


def plan(recipe: Recipe) -> list[Scale]:
    """The sizes at which the picture is painted."""
    width, height = images.check_picture(Path(recipe.content))
    return [Scale(0, *images.fit(width, height, recipe.size), recipe.steps)]


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
    made = np.asarray(recipe.init(pictures, np.random.default_rng(recipe.seed)), np.float32)
    if made.shape != pictures.content.shape:
        raise RunError(f"initializer `{recipe.init.name}` made an array of shape {made.shape}, not {pictures.content.shape}")
    if not np.isfinite(made).all():
        raise RunError(f"initializer `{recipe.init.name}` made a picture with NaN or infinite pixels")
    return np.clip(made, 0, 255)


def _compiled(recipe: Recipe, objective: Objective, image: tf.Variable, steps: int) -> Any:
    """The function that moves the picture once: compiled, unless the recipe wants to see each operation."""
    if recipe.run_eagerly:
        return recipe.optimizer.start(image, objective.value_and_grad, steps).step
    return tf.function(recipe.optimizer.start(image, objective.value_and_grad, steps).step, autograph=False)


def _settle(run: Painting, objective: Objective, scale: Scale) -> None:
    """Evaluate the picture that is saved: the last step's losses belong to the picture before its move."""
    evaluation = objective.evaluate(batch(run.image()))
    run.losses = {label: float(evaluation.losses[label]) for label in run.labels}
    _check_finite(float(evaluation.loss), run.losses, "after the last step", scale)


def _check_finite(loss: float, losses: Mapping[str, float], when: str, scale: Scale) -> None:
    if math.isfinite(loss):
        return
    label = next((label for label, value in losses.items() if not math.isfinite(value)), "")
    which = f"loss `{label}` is {losses[label]}" if label else f"the sum of the losses is {loss}"
    raise NotFinite(
        f"{which} {when}, scale {scale.index} ({scale.width} x {scale.height}): the last good picture is saved; "
        "try a smaller learning rate or weight"
    )


def _write(run: Painting) -> None:
    """The picture, the recipe that re-runs and the record of the run: each appears whole or not at all."""
    run.save(run.output)
    if check_sidecar(run.recipe):
        header = f"# The recipe of {run.output.name}, with every default written out.\n"
        path = run.recipe.sidecar(".recipe.yaml")
        images.write_whole(path, header + run.recipe.to_yaml(path.parent))
    images.write_whole(run.recipe.sidecar(".run.json"), record.to_json(run))
    log.info("%s: %s after %d steps, %.1f s", run.output, run.stopped, len(run.history), run.seconds)


def _device() -> str:
    """The device that TensorFlow computes on, in words."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return f"GPU {tf.config.experimental.get_device_details(gpus[0]).get('device_name', gpus[0].name)}"
    return f"CPU ({record.cores()} cores)"


def _loaded(recipe: Recipe | str | PathLike[str] | Mapping[str, Any]) -> Recipe:
    return recipe if isinstance(recipe, Recipe) else load_recipe(recipe)


__all__ = ["DONE", "INTERRUPTED", "Network", "Painting", "Result", "evaluate", "plan", "run"]
