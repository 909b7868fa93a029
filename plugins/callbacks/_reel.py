"""The pictures of a time-lapse, one after the other, each with how long it is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

    Shown = tuple[Image.Image, int]
    """A picture, and for how many frames it is shown."""

BEGINNING, FADE, END, COMPARED = 1.0, 0.5, 1.5, 2.5
"""How many seconds are shown: the photograph, each change from one picture to the next, the result, and both side by side."""

GROUND = (24, 24, 24)
"""The colour around the two pictures that are compared."""


def reel(photograph: Image.Image, way: Sequence[Image.Image], result: Image.Image, seconds: float, fps: int) -> Iterator[Shown]:
    """The photograph, the way to the result in so many `seconds`, the result, and both side by side. All have one size."""
    from PIL import Image

    def fade(one: Image.Image, other: Image.Image) -> Iterator[Shown]:
        count = max(1, round(FADE * fps))
        return ((Image.blend(one, other, (number + 1) / (count + 1)), 1) for number in range(count))

    moving = [*way, result]
    both = side_by_side(photograph, result)
    yield photograph, _frames(BEGINNING, fps)
    yield from fade(photograph, moving[0])
    yield from spread(moving, _frames(seconds, fps))
    yield result, _frames(END, fps)
    yield from fade(result, both)
    yield both, _frames(COMPARED, fps)


def spread(pictures: Sequence[Image.Image], frames: int) -> Iterator[Shown]:
    """Pictures over so many frames, each for as long as the others; some are left out where there are more of them."""
    for index, picture in enumerate(pictures):
        shown = frames * (index + 1) // len(pictures) - frames * index // len(pictures)
        if shown:
            yield picture, shown


def side_by_side(one: Image.Image, other: Image.Image) -> Image.Image:
    """Two pictures of one size beside each other, in the same size."""
    from PIL import Image

    width, height = one.size
    gap = max(1, width // 128)
    part = (width - gap) / 2 / width
    small = max(1, round(part * width)), max(1, round(part * height))
    made = Image.new("RGB", (width, height), GROUND)
    top = (height - small[1]) // 2
    made.paste(one.resize(small, Image.Resampling.LANCZOS), (0, top))
    made.paste(other.resize(small, Image.Resampling.LANCZOS), (width - small[0], top))
    return made


def _frames(seconds: float, fps: int) -> int:
    return max(1, round(seconds * fps))
