"""Pictures that have fewer pixels than a recipe asks of them. They are enlarged, and what a file does not hold stays soft."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..pictures import MIN_SIDE, Original, fit, scaled
from .crop import box
from .paintings import STYLE, shortened

if TYPE_CHECKING:
    from .model import Recipe

TRIFLE = 1.25
"""The factor up to which nobody sees that a picture was enlarged."""

Size = tuple[int, int]


def enlarged(recipe: Recipe) -> Iterator[str]:
    """A sentence for each picture that the last scale enlarges by more than `TRIFLE`: its size, what is asked, what to do."""
    photograph = Original.of(recipe.content)
    size = _kept(photograph.size, recipe.aspect)
    if _factor(size, recipe.size) > TRIFLE:
        what = _what("the photograph", photograph, size)
        least = "size: {}x{}".format(*size) if recipe.aspect else "size: content"
        asked = _words(fit(*size, recipe.size))
        yield f"{what}, and is enlarged to {asked}, so it stays soft: write `{least}`, or take a larger file"
    for label, painting in recipe.paintings.items():
        file = Original.of(painting.picture)
        larger = scaled(file.size, recipe.size, painting.scaled_by(recipe.style_scale))
        if _factor(file.size, max(larger)) > TRIFLE:
            own = len(recipe.style) > 1 or painting.scale is not None
            key = shortened(f"{STYLE}.{label}") + ".scale" if own else "style_scale"
            what, asked = _what("the painting", file, file.size), _words(larger)
            yield f"{what}, and is enlarged to {asked}, so its strokes blur: {_larger(recipe, key, file.size)}"


def _kept(size: Size, aspect: Size | None) -> Size:
    """The size of the part of a photograph that is painted."""
    if aspect is None:
        return size
    left, top, right, bottom = box(*size, aspect, "centre")
    return right - left, bottom - top


def _factor(size: Size, long_edge: int) -> float:
    return long_edge / max(size)


def _what(part: str, picture: Original, size: Size) -> str:
    named = picture.name if picture.name.startswith("the ") else f"{part} {picture.name}"
    has = "is" if size == picture.size else "gives a part of"
    return f"{named} {has} {_words(size)} pixels"


def _words(size: Size) -> str:
    return f"{size[0]} x {size[1]}"


def _larger(recipe: Recipe, key: str, size: Size) -> str:
    """What to do about a painting of this size, whose scale is the value of a key."""
    scale = math.floor(100 * max(size) / recipe.size) / 100
    edges = recipe.pyramid.long_edges(recipe.size) if recipe.pyramid else [recipe.size]
    if min(scaled(size, edges[0], scale)) < MIN_SIDE:
        return "take a larger file"
    return f"write `{key}: {scale:g}`, or take a larger file"
