"""The contact sheet of painted pairs, to be looked at, and the same figures as a table of Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

WIDE, HIGH = 300, 240
"""The room for a picture, in pixels. It keeps its aspect."""
MARGIN, LINE = 10, 18


@dataclass(frozen=True)
class Cell:
    """A picture of the sheet, and the lines beneath it."""

    picture: Path
    lines: Sequence[str]


def write_sheet(head: Sequence[str], rows: Sequence[Sequence[Cell | None]], path: Path) -> None:
    """Write the sheet as JPEG: `head` above the columns, and a row of cells for each pair. None leaves a cell empty."""
    lines = max((len(cell.lines) for row in rows for cell in row if cell), default=0)
    wide, high = WIDE + MARGIN, HIGH + MARGIN + lines * LINE
    sheet = Image.new("RGB", (MARGIN + wide * len(head), MARGIN + LINE + high * len(rows)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=14)
    for column, word in enumerate(head):
        draw.text((MARGIN + column * wide, MARGIN // 2), word, "black", font)
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            if cell is None:
                continue
            left, top = MARGIN + column * wide, MARGIN + LINE + at * high
            with Image.open(cell.picture) as picture:
                shown = picture.convert("RGB")
            shown.thumbnail((WIDE, HIGH), Image.Resampling.LANCZOS)
            sheet.paste(shown, (left, top))
            for number, line in enumerate(cell.lines):
                draw.text((left, top + HIGH + number * LINE), line, "black", font)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, quality=90)


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a table of Markdown. The keys of the first row are the columns."""
    columns = [*rows[0]]
    lines = [columns, ["---"] * len(columns), *([_text(row.get(column, "")) for column in columns] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _text(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
