"""The part of a photograph that is painted: the largest one of the aspect that the recipe asks for, and where it lies.

The part touches two opposite sides of the photograph. Its other edge is `long edge * asked edge / other asked edge`, rounded to
whole pixels, halves up. What is left over is shared out by `crop`: by the half in the centre, and the place is rounded to
whole pixels in the same way. Where the photograph has the aspect already, nothing is cut.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field

from ..hints import suggest
from ..pictures import Picture, fits
from .messages import Unfit, instead

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Levels = TypeVar("Levels", bound=np.generic)

CENTRE = "centre"

PLACES = {
    CENTRE: (0.5, 0.5),
    "top": (0.5, 0.0),
    "bottom": (0.5, 1.0),
    "left": (0.0, 0.5),
    "right": (1.0, 0.5),
    "top left": (0.0, 0.0),
    "top right": (1.0, 0.0),
    "bottom left": (0.0, 1.0),
    "bottom right": (1.0, 1.0),
}
"""The words for where the part lies, each with the shares of what is cut that lie to the left of the part and above it."""

_SAME = {"center": CENTRE, "centered": CENTRE, "centred": CENTRE, "middle": CENTRE, "upper": "top", "lower": "bottom"}
"""Other words for a side or for the centre."""

MUST = "must be centre, top, bottom, left, right, a corner such as `top left`, or two numbers of 0 to 1 such as `[0.5, 0.2]`"

_WHOLE = "to cut nothing, give `size` one number, the long edge: then the content keeps its aspect"

Box = tuple[int, int, int, int]
"""The part's first column, first row, and the column and the row after its last ones."""


def check_crop(value: Any) -> Any:
    """The value as a word of `PLACES` or a pair of numbers. Raises `Unfit` for any other value."""
    if value == "center":
        return CENTRE
    if isinstance(value, str) and value not in PLACES:
        hint = _WHOLE if value.lower() in ("none", "off", "no") else suggest(_place(value), PLACES)
        raise Unfit(f"{MUST}, {instead(value)}", hint)
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)) and len(value) == 2 and all(map(_is_share, value)):
        return tuple(map(float, value))
    told = f"not {value}" if isinstance(value, (list, tuple)) and len(value) < 9 else instead(value)
    raise Unfit(f"{MUST}, {told}", _WHOLE if value is False or value is None else "")


def _place(text: str) -> str:
    """The words of `PLACES` that a text seems to mean."""
    words = [_SAME.get(word, word) for word in re.split(r"[\s_,-]+", text.strip().lower())]
    sides = [word for word in words if word != CENTRE] or [CENTRE]
    return " ".join(sorted(sides, key=lambda word: word in ("left", "right")))


def _is_share(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1


_Word = Annotated[str, Field(json_schema_extra={"enum": [*PLACES, "center"]})]


_Shares = Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=2, max_length=2)]


Crop = Annotated[str | tuple[float, float], BeforeValidator(check_crop, json_schema_input_type=_Word | _Shares)]
"""The type of `crop`: where in the photograph the part lies."""


def box(width: int, height: int, aspect: tuple[int, int], crop: str | Sequence[float]) -> Box:
    """The largest part of a picture of `width` x `height` pixels that has the aspect of `aspect`, in whole pixels."""
    across, down = aspect
    wide = width * down >= height * across  # columns are cut, or nothing
    columns = max(1, _divided(height * across, down)) if wide else width
    rows = height if wide else max(1, _divided(width * down, across))
    right, below = PLACES[crop] if isinstance(crop, str) else crop
    left, top = math.floor((width - columns) * right + 0.5), math.floor((height - rows) * below + 0.5)
    return left, top, left + columns, top + rows


def _divided(number: int, by: int) -> int:
    """The nearest whole number to a fraction; a half is rounded up."""
    return (2 * number + by) // (2 * by)


def part(picture: NDArray[Levels], where: Box) -> NDArray[Levels]:
    """The part of a picture (height x width x ...) in a box, without a copy."""
    left, top, right, bottom = where
    return picture[top:bottom, left:right]


def cut(picture: Picture, aspect: tuple[int, int] | None, crop: str | Sequence[float]) -> Picture:
    """The part of a picture that is painted, without a copy. The whole picture where no aspect is asked for."""
    if aspect is None:
        return picture
    where = box(*picture.size, aspect, crop)
    alpha = None if picture.alpha is None else part(picture.alpha, where)
    opaque = alpha is None or bool(alpha.min() == 1)
    return Picture(part(picture.colours, where), None if opaque else alpha, picture.exif)


def matching(picture: NDArray[Levels], aspect: tuple[int, int], crop: str | Sequence[float]) -> NDArray[Levels]:
    """The part of another picture that has the content's aspect, without a copy.

    A picture that has this aspect but for rounding, as an earlier result has, stays whole.
    """
    height, width = picture.shape[:2]
    return picture if fits((width, height), aspect) else part(picture, box(width, height, aspect, crop))
