"""The pictures of a scale: the content and the styles at its size, and the picture that the first step starts from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from .. import pictures
from ..api import Pictures
from ..errors import RunError
from ..objective.octaves import Octave, octaves_at
from ..recipe.crop import matching
from ..recipe.model import Recipe
from ..registry.blame import blaming


def pictures_of(recipe: Recipe, width: int, height: int) -> Pictures:
    """The recipe's pictures for a scale: the content at the scale's size, and each style with a long edge of `style_scale`
    times the scale's."""
    content = _content(recipe, width, height)
    styles = {}
    for label, path in recipe.styles.items():
        style = pictures.read_picture(path)
        styles[label] = pictures.resize(style, *_style_size(recipe, width, height, style.shape[1::-1]))
    for picture in (content, *styles.values()):
        picture.setflags(write=False)
    return Pictures(content, styles, partial(matching, aspect=recipe.shape, crop=recipe.crop))


def octaves_of(recipe: Recipe, width: int, height: int) -> tuple[Octave, ...]:
    """The octaves of a scale, the finest first: the picture's own size alone, unless a loss asks for others."""
    return octaves_at(recipe.active_losses, (width, height), paintings_at(recipe, width, height))


def paintings_at(recipe: Recipe, width: int, height: int) -> list[tuple[int, int]]:
    """Width and height of each painting at a scale."""
    return [_style_size(recipe, width, height, pictures.Original.of(path).size) for path in recipe.styles.values()]


def _style_size(recipe: Recipe, width: int, height: int, size: Sequence[int]) -> tuple[int, int]:
    """Width and height of a painting at a scale, from those of its file."""
    return pictures.scaled(size, max(width, height), recipe.style_scale)


def _content(recipe: Recipe, width: int, height: int) -> np.ndarray:
    photograph = recipe.read_content()
    return pictures.resize(pictures.filled(photograph.colours, photograph.alpha), width, height)


def initial(recipe: Recipe, made: Pictures) -> np.ndarray:
    """The picture that the first step starts from."""
    who = f"initializer `{recipe.init.name}`"
    with blaming(who, recipe.init):
        first = np.asarray(recipe.init(made, np.random.default_rng(recipe.seed)), np.float32)
    if first.shape != made.content.shape:
        raise RunError(f"{who} made an array of shape {first.shape}, not {made.content.shape}")
    if not np.isfinite(first).all():
        raise RunError(f"{who} made a picture with NaN or infinite pixels")
    return np.clip(first, 0, 255)
