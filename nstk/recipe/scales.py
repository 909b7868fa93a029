"""The sizes at which a picture is painted, coarse to fine, and how many steps each of them gets."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ..api import Scale
from ..hints import suggest
from ..pictures import MIN_SIDE, fit
from .messages import Unfit, instead

RATIO = 2.0


MOST_LEVELS = 16


MAX_EDGE = 32768  # in pixels


CONTENT = "content"


_NUMBER = r"([0-9]+\.?[0-9]*|\.[0-9]+)"


_MEGAPIXELS = re.compile(f"{_NUMBER}[mM][pP]")


_EDGES = re.compile(r"\s*([0-9]+)\s*[xX\u00d7]\s*([0-9]+)\s*")
"""The pattern of a width and a height in pixels, such as `1920x1080`."""


_SCREENS = {"720p": "1280x720", "1080p": "1920x1080", "fullhd": "1920x1080", "1440p": "2560x1440", "2160p": "3840x2160"}
_SCREENS |= {"hd": "1920x1080", "qhd": "2560x1440", "uhd": "3840x2160", "4k": "3840x2160", "8k": "7680x4320"}
"""The names of screens, each with the size that they mean."""


_NEARLY = re.compile(r"([0-9]+[.,]?[0-9]*|[.,][0-9]+)\s*(m\w*|px|pixels?)\W*", re.IGNORECASE)
"""The pattern of what people write for megapixels or for pixels, such as `8 mpx` or `1024px`."""


def check_size(value: Any) -> Any:
    """The value, if a recipe may give it as the size of the result. Raises `Unfit` for any other value."""
    if isinstance(value, int) and not isinstance(value, bool):
        if wrong := out_of_bounds(value):
            raise Unfit(wrong)
        return value
    must = "must be a long edge in pixels (`1024`), both edges (`1920x1080`), megapixels (`8MP`), or `content`"
    if not isinstance(value, str):
        pair = isinstance(value, (list, tuple)) and len(value) == 2 and all(map(_is_count, value))
        raise Unfit(f"{must}, {instead(value)}", f"write `{value[0]}x{value[1]}`" if pair else "")
    if edges := edges_in(value):
        if wrong := out_of_bounds(edges[0]) or out_of_bounds(edges[1]):
            raise Unfit(f"of `{value}`: each edge {wrong}")
        return f"{edges[0]}x{edges[1]}"
    if found := _MEGAPIXELS.fullmatch(value):
        most = MAX_EDGE**2 // 10**6
        if not 0 < float(found[1]) <= most:
            raise Unfit(f"must be above 0MP, and at most {most}MP, {instead(value)}")
    elif value != CONTENT:
        raise Unfit(f"{must}, {instead(value)}", _meant(value))
    return value


def out_of_bounds(edge: int) -> str:
    """What is wrong with a long edge of so many pixels, if anything."""
    bound = max(MIN_SIDE, min(edge, MAX_EDGE))
    return f"must be at {'most' if edge > bound else 'least'} {bound}, {instead(edge)}" if edge != bound else ""


def edges_in(size: int | str) -> tuple[int, int] | None:
    """Width and height of the result in pixels, where a `size` gives both."""
    found = _EDGES.fullmatch(size) if isinstance(size, str) and len(size) < 100 else None
    return (int(found[1]), int(found[2])) if found else None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _meant(text: str) -> str:
    """What to write instead of a text that is nearly a size."""
    plain = re.sub("[_,]", "", text)
    if screen := _SCREENS.get(re.sub("[ _-]", "", text.lower())):
        return f"write `{screen}`"
    if found := re.fullmatch(r"([0-9]+)\s*(?:px)?\s*(?:[xX*:,/]|by|\s)\s*([0-9]+)\s*(?:px)?", text.strip()):
        return f"write `{found[1]}x{found[2]}`"
    if plain.isdecimal():
        return "leave out the quotes" if plain == text else f"write {plain}"
    if found := _NEARLY.fullmatch(text.strip()):
        number = found[1].replace(",", ".")
        return f"write `{number}MP`" if found[2][0] in "mM" else f"write {number}"
    return suggest(text.lower(), [CONTENT])


Edge = Annotated[int, Field(ge=MIN_SIDE, le=MAX_EDGE)]


Megapixels = Annotated[str, Field(pattern=f"^{_MEGAPIXELS.pattern}$", examples=["8MP"])]


Edges = Annotated[str, Field(pattern=f"^{_EDGES.pattern}$", examples=["1920x1080"])]


Size = Annotated[Edge | str, BeforeValidator(check_size, json_schema_input_type=Edge | Edges | Literal["content"] | Megapixels)]
"""The type of `size`: the long edge of the result in pixels, or a text that gives it once the content is known."""


def long_edge(size: int | str, width: int, height: int) -> int:
    """The long edge in pixels that a `size` means for a content of `width` x `height` pixels.

    Megapixels are met as nearly as the content's aspect allows, to within a row of pixels.
    """
    if isinstance(size, int):
        return size
    if edges := edges_in(size):
        return max(edges)
    if size == CONTENT:
        return max(width, height)
    area = float(size[:-2]) * 1e6
    near = round(max(width, height) * math.sqrt(area / (width * height)))
    return min((near - 1, near, near + 1), key=lambda edge: abs(math.prod(fit(width, height, edge)) - area))


def long_edge_for(edge: int, along: int, across: int) -> int:
    """The long edge of a result whose one edge is `edge` pixels long.

    The content's same edge is `along` pixels long, and its other edge `across`. Halves are rounded up.
    """
    return edge if along >= across else (2 * edge * across + along) // (2 * along)


class Pyramid(BaseModel):
    """Paint coarse to fine: each scale starts from the picture of the one before, the style at the same fraction of its size.

    Differs from plain repetition of a run in that the optimizer may carry over what it has learnt.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    start: int | None = Field(
        None, ge=MIN_SIDE, le=MAX_EDGE, description="Least long edge of the first scale, pixels; empty: as `levels` says."
    )
    ratio: float = Field(RATIO, gt=1, le=8, description="How much larger each scale is than the one before.")
    levels: int | None = Field(
        None, ge=1, le=MOST_LEVELS, description="How many scales; empty: as many as are at least `start` pixels long."
    )

    def long_edges(self, size: int) -> list[int]:
        """The long edge of each scale in pixels, coarse to fine. The last is `size`. Raises `ValueError` with a sentence."""
        if self.start is None and self.levels is None:
            raise ValueError("`pyramid` needs `start` (pixels) or `levels`")
        if self.start is not None and self.start > size:
            raise ValueError(f"`pyramid.start` is {self.start} pixels, more than the `size` of {size}")
        edges = [round(size / self.ratio**level) for level in range(self.levels or MOST_LEVELS)]
        edges = [edge for edge in edges if edge >= (self.start or MIN_SIDE)]
        if self.levels is not None and len(edges) < self.levels:
            least = f"`pyramid.start` of {self.start}" if self.start else f"least of {MIN_SIDE}"
            raise ValueError(f"`pyramid.levels` is {self.levels}, but only {len(edges)} scales reach the {least} pixels")
        return edges[::-1]


def shares(steps: int | Sequence[int], levels: int) -> list[int]:
    """The steps of each scale. A single number is spread evenly, and the steps left over go to the coarse scales.

    Raises `ValueError` with a sentence where `steps` and `levels` do not fit each other.
    """
    if isinstance(steps, int):
        if steps < levels:
            raise ValueError(f"`steps` is {steps}, but each of {levels} scales needs at least one")
        return [steps // levels + (level < steps % levels) for level in range(levels)]
    if len(steps) != levels:
        raise ValueError(
            f"`steps` has {len(steps)} numbers, but there {'is 1 scale' if levels == 1 else f'are {levels} scales'}"
        )
    return list(steps)


def plan(width: int, height: int, size: int, steps: int | Sequence[int], pyramid: Pyramid | None) -> list[Scale]:
    """The scales of a result with the aspect of `width` x `height` pixels and a long edge of `size` pixels at the end."""
    edges = pyramid.long_edges(size) if pyramid else [size]
    each = shares(steps, len(edges))
    return [Scale(index, *fit(width, height, edge), each[index]) for index, edge in enumerate(edges)]
