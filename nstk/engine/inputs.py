"""The pictures of a scale: the content and the styles at its size, and the picture that the first step starts from."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from .. import pictures
from ..api import Colours, Pictures, Region, Styles
from ..errors import RunError
from ..objective.octaves import Octave, octaves_at
from ..recipe.crop import matching
from ..recipe.model import Recipe
from ..recipe.paintings import Painting
from ..recipe.region_maps import LOOK, Map, region_map
from ..registry.blame import blaming

TRIFLE = 1e-3
"""By how much a map may be off 0 or 1 for resampling alone."""

HALF = 0.5
"""From how much of a position on its colour counts as one of the region."""


def pictures_of(recipe: Recipe, width: int, height: int) -> Pictures:
    """The recipe's pictures for a scale: the content at the scale's size, and each painting that counts with a long edge of its
    `scale`, or of `style_scale`, times the scale's."""
    content = content_at(recipe, width, height)
    content.setflags(write=False)
    made = Pictures(content, {}, partial(matching, aspect=recipe.shape, crop=recipe.crop))
    sizes = dict(zip(recipe.paintings, paintings_at(recipe, width, height), strict=True))
    styles = Styles(
        {
            label: recoloured(recipe, it, pictures.resize(pictures.read_picture(it.picture), *sizes[label]), made)
            for label, it in recipe.paintings.items()
        },
        {label: painting.weight for label, painting in recipe.paintings.items()},
    )
    for picture in styles.values():
        picture.setflags(write=False)
    return replace(made, styles=styles)


def octaves_of(recipe: Recipe, width: int, height: int) -> tuple[Octave, ...]:
    """The octaves of a scale, the finest first: the picture's own size alone, unless a loss asks for others."""
    return octaves_at(recipe.active_losses, (width, height), paintings_at(recipe, width, height))


def paintings_at(recipe: Recipe, width: int, height: int) -> list[tuple[int, int]]:
    """Width and height of each painting that counts at a scale."""
    return [
        pictures.scaled(pictures.Original.of(it.picture).size, max(width, height), it.scaled_by(recipe.style_scale))
        for it in recipe.paintings.values()
    ]


def content_at(recipe: Recipe, width: int, height: int) -> np.ndarray:
    """The content, or the part of it that is painted, at a size."""
    photograph = recipe.read_content()
    return pictures.resize(pictures.filled(photograph.colours, photograph.alpha), width, height)


def recolours(recipe: Recipe) -> tuple[bool, bool]:
    """Whether the recipe's `colours` change the paintings, and whether they change the picture that is shown and saved."""
    of = type(recipe.colours)
    return of.of_style is not Colours.of_style, of.of_picture is not Colours.of_picture


def recoloured(recipe: Recipe, painting: Painting, style: np.ndarray, made: Pictures) -> np.ndarray:
    """A painting in the colours in which the losses are to see it: what counts of it, in those of its region."""
    if not recolours(recipe)[0]:
        return style
    content = _inside(made.content, region_of(recipe, painting.where, made)) if painting.where else made.content
    if painting.mask is None:
        return _made(recipe, "of_style", style, content)
    mask = mask_of(recipe, painting.mask, style)
    changed: np.ndarray = style.copy()
    changed[mask > HALF] = _made(recipe, "of_style", _inside(style, mask), content).reshape(-1, 3)
    return changed


def region_of(recipe: Recipe, region: Region, made: Pictures) -> Map:
    """The map of a region of the photograph for pictures of some scale, height x width, 0..1.

    In a small picture a face may not be found, so at a coarse scale the region is looked for in a larger one.
    """
    height, width = made.content.shape[:2]
    larger = min(LOOK, max(recipe.shape))
    if max(height, width) >= larger:
        return region_map(region, made, max(height, width) / recipe.size)
    content = content_at(recipe, *pictures.fit(width, height, larger))
    map_ = pictures.resize_alpha(region_map(region, replace(made, content=content), larger / recipe.size), width, height)
    return np.where(map_ < TRIFLE, 0, np.where(map_ > 1 - TRIFLE, 1, map_)).astype(np.float32)


def mask_of(recipe: Recipe, mask: Region, style: np.ndarray) -> Map:
    """The map of the part of a painting that counts, height x width, 0..1."""
    return region_map(mask, Pictures(style, {}), max(style.shape[:2]) / recipe.size)


def _inside(picture: np.ndarray, map_: Map) -> np.ndarray:
    """The positions of a picture that are in a region, `[positions, 1, 3]`; the picture itself where there are none."""
    if not (map_ > HALF).any():
        return picture
    inside: np.ndarray = picture[map_ > HALF][:, np.newaxis]
    return inside


def coloured(recipe: Recipe, picture: np.ndarray) -> np.ndarray:
    """What was painted, in the colours in which it is shown and saved."""
    if not recolours(recipe)[1]:
        return picture
    return _made(recipe, "of_picture", picture, content_at(recipe, *picture.shape[1::-1]))


def _made(recipe: Recipe, method: str, picture: np.ndarray, content: np.ndarray) -> np.ndarray:
    who = f"colours `{recipe.colours.name}`"
    given = [it.view() for it in (picture, content)]
    for it in given:
        it.setflags(write=False)
    with blaming(f"{who}, in {method},", recipe.colours):
        made = np.asarray(getattr(recipe.colours, method)(*given), np.float32)
    if made.shape != picture.shape:
        raise RunError(f"{who} made an array of shape {made.shape} in {method}, not {picture.shape}")
    if not np.isfinite(made).all():
        raise RunError(f"{who} made a picture with NaN or infinite pixels in {method}")
    return np.clip(made, 0, 255)


NOISE = 8.0
"""The standard deviation of the noise that gives every loss a gradient, in levels of 0..255."""


def noisy(picture: np.ndarray, seed: int) -> np.ndarray:
    """A picture with a little noise, height x width x 3, float32, 0..255: in a copy of the photograph, content losses are 0."""
    noise = np.random.default_rng(seed).normal(0, NOISE, picture.shape)
    made: np.ndarray = np.clip(picture + noise, 0, 255).astype(np.float32)
    return made


def initial(recipe: Recipe, made: Pictures, coarser: np.ndarray | None = None) -> np.ndarray:
    """The picture that the first step of a scale starts from. `coarser` is what the scale before has painted, if any."""
    who = f"initializer `{recipe.init.name}`"
    rng = np.random.default_rng(recipe.seed)
    with blaming(who, recipe.init):
        first = np.asarray(recipe.init(made, rng) if coarser is None else _finer(recipe, made, coarser, rng), np.float32)
    if first.shape != made.content.shape:
        raise RunError(f"{who} made an array of shape {first.shape}, not {made.content.shape}")
    if not np.isfinite(first).all():
        raise RunError(f"{who} made a picture with NaN or infinite pixels")
    return np.clip(first, 0, 255)


def _finer(recipe: Recipe, made: Pictures, coarser: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    height, width = made.content.shape[:2]
    return recipe.init.finer(made, pictures.resize(coarser, width, height), coarser.shape[1::-1], rng)
