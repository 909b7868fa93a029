"""A contact sheet: pictures in rows on white paper, with a caption below each.

numpy and Pillow are imported where they are used.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .pixels import to_uint8

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GAP = 12
"""The white between two cells, in pixels."""

INK, PALE = (20, 20, 20), (110, 110, 110)


class Cell(NamedTuple):
    """A picture with its caption."""

    picture: NDArray[Any]
    """height x width x 3, 0..255."""
    title: str
    below: str = ""
    """A second line, in smaller letters."""


def contact_sheet(cells: Sequence[Cell], columns: int = 0) -> NDArray[np.uint8]:
    """The cells in rows of so many `columns`: height x width x 3, 0..255. Without a number, the sheet is about as wide as high.

    All columns are as wide as the widest picture, and a row is as high as its highest one. The size of the letters goes with
    the pictures' width.
    """
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

    width, height = max(it.picture.shape[1] for it in cells), max(it.picture.shape[0] for it in cells)
    title, below = (ImageFont.load_default(max(least, round(width / share))) for least, share in ((10, 14), (9, 18)))
    lines = [round(1.4 * font.getbbox("Ag")[3]) for font in (title, below)]
    across, down = width + GAP, height + sum(lines) + GAP
    columns = columns or max(1, min(len(cells), round(math.sqrt(len(cells) * down / across))))
    rows = [cells[first : first + columns] for first in range(0, len(cells), columns)]
    heights = [max(it.picture.shape[0] for it in row) for row in rows]
    page = Image.new("RGB", (columns * across + GAP, sum(heights) + len(rows) * (sum(lines) + GAP) + GAP), "white")
    draw, top = ImageDraw.Draw(page), GAP
    for row, height in zip(rows, heights, strict=True):
        for left, cell in zip(range(GAP, page.width, across), row, strict=False):
            page.paste(Image.fromarray(to_uint8(cell.picture)), (left, top))
            draw.text((left, top + height + 2), cell.title, INK, title)
            draw.text((left, top + height + 2 + lines[0]), cell.below, PALE, below)
        top += height + sum(lines) + GAP
    return np.asarray(page)
