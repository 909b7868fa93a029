"""Each loss of a given picture under a recipe, without optimising."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf

from .. import pictures
from ..api.losses import weights
from ..errors import NotFinite, OutOfMemory, UserError
from ..objective.base import Objective
from ..objective.features import batch
from ..recipe.load import RecipeLike, loaded
from ..recipe.model import Recipe
from .inputs import paintings_at, pictures_of
from .kept import Kept
from .plan import Plan
from .scale import objective, smaller
from .surroundings import prepared

log = logging.getLogger("nstk")

T = TypeVar("T")


def evaluate(recipe: RecipeLike, picture: str | PathLike[str]) -> dict[str, Any]:
    """Each loss of a given picture under a recipe, in float32, without optimising.

    The content, or the part of it that is painted, is brought to the picture's size, so their aspects must agree. Each
    painting's long edge is brought to its `scale`, or to `style_scale`, times the picture's. `sizes` tells what was compared. A
    transparent picture is judged as it looks on white; but if the content is transparent too, it is judged by the colours under
    the transparency, which are what a run paints. `losses` are weighted and sum to `loss`. `unweighted` holds all losses
    without their weights, also those of weight 0. A loss that has a weight for each scale has that of the last one here. Raises
    `NotFinite` for a loss that is NaN or infinite.
    """
    with prepared():
        return _judged(loaded(recipe), picture)


def _judged(recipe: Recipe, picture: str | PathLike[str]) -> dict[str, Any]:
    """What `evaluate` returns."""
    pixels = judged_pixels(recipe, picture)
    height, width = pixels.shape[:2]
    unweighted = _unweighted(recipe, pixels)
    weight = {label: weights(loss, recipe.levels)[-1] for label, loss in recipe.losses.items()}
    losses = {label: weight[label] * value for label, value in unweighted.items()}
    check_finite(losses, picture)
    styles = {
        label: {"file": list(pictures.check_picture(painting.picture)), "compared": [*size]}
        for (label, painting), size in zip(recipe.paintings.items(), paintings_at(recipe, width, height), strict=True)
    }
    compared = {"file": list(pictures.check_picture(recipe.content)), "compared": [width, height]}
    return {
        "picture": str(Path(picture).resolve()),
        "recipe": recipe.name,
        "sizes": {"picture": [width, height], "content": compared, **styles},
        "loss": sum(losses.values()),
        "losses": losses,
        "unweighted": unweighted,
        "weights": weight,
    }


def judged_pixels(recipe: Recipe, picture: str | PathLike[str]) -> np.ndarray:
    """A picture as it is judged under a recipe (height x width x 3, 0..255), see `evaluate`.

    Raises `UserError` where its aspect is not the recipe's.
    """
    content, judged = recipe.read_content(), pictures.read_all(picture)
    _check_aspect(judged, recipe, picture)
    if content.alpha is not None and judged.alpha is None:
        log.warning("%s is opaque, but the content is not: what it has there in place of the painting is judged too", picture)
    return pictures.over_white(judged.colours, judged.alpha if content.alpha is None else None)


def _check_aspect(judged: pictures.Picture, recipe: Recipe, name: str | PathLike[str]) -> None:
    """Refuse a picture of another aspect than the recipe's."""
    if not pictures.fits(judged.size, recipe.shape):
        (width, height), fitted = judged.size, pictures.fit(*recipe.shape, max(judged.size))
        what = "recipe's size" if recipe.aspect else "content picture"
        other = f"{fitted[0]} x {fitted[1]} at that size"
        raise UserError(
            f"{name} is {width} x {height} pixels, but the {what} has another aspect ({other}): their features cannot be "
            f"compared; `size: {width}x{height}` cuts the content"
        )


def check_finite(losses: Mapping[str, float], picture: str | PathLike[str]) -> None:
    """Raise `NotFinite` for the first loss that is NaN or infinite."""
    for label, value in losses.items():
        if not math.isfinite(value):
            raise NotFinite(f"loss `{label}` is {value} for {picture}")


def _unweighted(recipe: Recipe, pixels: np.ndarray) -> dict[str, float]:
    """Each loss at a picture without its weight, in tiles where memory is short."""
    plain = {label: loss.model_copy(update={"weight": 1.0}) for label, loss in recipe.losses.items()}
    recipe = recipe.model_copy(update={"losses": plain})
    evaluation = computed(recipe, pixels.shape, Kept(), lambda objective: objective.evaluate(batch(pixels)))
    return {label: float(evaluation.losses.get(label, 0.0)) for label in plain}  # its region may lie nowhere


def computed(recipe: Recipe, shape: Sequence[int], kept: Kept, of: Callable[[Objective], T]) -> T:
    """What is made of a recipe's objective at pictures of a shape (height x width x ...), in float32.

    Where memory runs out, it is made again in smaller tiles.
    """
    height, width = shape[:2]
    made, plan = pictures_of(recipe, width, height), Plan.for_picture(recipe, width, height)
    (scale,), (layout,) = plan.scales, plan.layouts
    with _full_precision():
        while True:
            kept.seed(recipe)
            kept.numbers.reset_from_seed(recipe.seed)
            try:
                return of(objective(recipe, plan, kept, scale, made, layout))
            except OutOfMemory as error:
                layout = smaller(recipe, layout, scale, error)


@contextmanager
def _full_precision() -> Iterator[None]:
    """Inside, a GPU multiplies in float32. Outside, it may round the factors to TF32's 10 bits."""
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)
