"""Each loss of a given picture under a recipe, without optimising."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from .. import pictures
from ..api import Evaluation, Pictures, Scale
from ..errors import NotFinite, OutOfMemory, UserError
from ..machine import device
from ..machine.precision import FLOAT32
from ..objective.features import batch, network
from ..recipe.load import RecipeLike, loaded
from ..recipe.model import Recipe
from .footprint import Footprint
from .inputs import pictures_of
from .loop import log
from .scale import narrower, objective


def evaluate(recipe: RecipeLike, picture: str | PathLike[str]) -> dict[str, Any]:
    """Each loss of a given picture under a recipe, in float32, without optimising.

    The content is brought to the picture's size, so their aspects must agree, and each style's long edge to `style_scale` times
    the picture's; `sizes` tells what was compared. A transparent picture is judged as it looks on white, but if the content is
    transparent too, by the colours under it, which are what a run paints. `losses` are weighted and sum to `loss`; `unweighted`
    are the same without their weights, those of weight 0 too. Raises `NotFinite` for a loss that is NaN or infinite.
    """
    recipe = loaded(recipe)
    device.set_up_memory()
    content, judged = pictures.read_all(recipe.content), pictures.read_all(picture)
    pixels = pictures.over_white(judged.colours, judged.alpha if content.alpha is None else None)
    if content.alpha is not None and judged.alpha is None:
        log.warning("%s is opaque, but the content is not: what it has there in place of the painting is judged too", picture)
    (width, height), (content_width, content_height) = judged.size, content.size
    fitted = pictures.fit(content_width, content_height, max(width, height))
    if max(abs(fitted[0] - width), abs(fitted[1] - height)) > 1:
        raise UserError(
            f"{picture} is {width} x {height} pixels, but the content picture has another aspect "
            f"({fitted[0]} x {fitted[1]} at that size): their features cannot be compared"
        )
    made = pictures_of(recipe, width, height)
    plain = {label: loss.model_copy(update={"weight": 1.0}) for label, loss in recipe.losses.items()}
    with full_precision():
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
                label: {
                    "file": list(pictures.check_picture(recipe.styles[label])),
                    "compared": [style.shape[1], style.shape[0]],
                }
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
    way = Footprint(recipe, FLOAT32).way(scale, recipe.tiles, device.room(recipe.memory))
    while True:
        try:
            return objective(recipe, net, made, way, FLOAT32).evaluate(batch(pixels))
        except OutOfMemory as error:
            way = narrower(recipe, way, scale, error)


@contextmanager
def full_precision() -> Iterator[None]:
    """Inside, a GPU multiplies in float32; otherwise it may round the factors to TF32's 10 bits."""
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)
