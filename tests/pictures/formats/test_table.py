"""The tables of the documentation say what the tests of this folder try: no more, and no less."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from nstk import pictures
from nstk.errors import PictureError
from nstk.pictures.formats import READABLE
from tests.pictures.formats.refused import REFUSED
from tests.pictures.formats.test_formats import CELLS

PAGE = Path(__file__).parents[3] / "docs" / "picture_files.md"
NETPBM = "PPM"
"""What Pillow calls the format."""


def table(section: str) -> Iterator[list[str]]:
    """The rows of the table in a section of the page, without its head."""
    text = PAGE.read_text(encoding="utf-8").partition(f"## {section}\n")[2].partition("\n## ")[0]
    rows = [line for line in text.splitlines() if line.startswith("|")]
    return ([cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:])


FORMATS = {name: rest for name, *rest in table("What is read")}
WAYS_OUT = dict(table("What is not read"))


def words(cell: str) -> set[str]:
    return {word.strip() for word in cell.split(",") if word.strip()}


def test_each_format_has_its_row():
    assert {cell.row for cell in CELLS} == set(FORMATS)
    known = {"".join(name.split()).upper() for name in FORMATS} - {"NETPBM", "JPEGXL", "HEIC"} | {NETPBM}
    assert known == set(READABLE)


@pytest.mark.parametrize("row", FORMATS)
def test_a_row_says_what_is_tried(row):
    bits, colours, spaces, alpha, turns = FORMATS[row]
    cells = [cell for cell in CELLS if cell.row == row]
    assert words(bits) == {cell.bits for cell in cells}
    assert words(colours) == {cell.colours for cell in cells}
    assert words(spaces) == {cell.space for cell in cells if cell.space}
    assert (alpha == "yes") == any(cell.alpha for cell in cells)
    assert {cell.turn for cell in cells} == (set(range(1, 9)) if turns == "yes" else {1})


def test_each_kind_of_file_has_its_row():
    assert set(REFUSED) == set(WAYS_OUT)


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_read_is_named(tmp_path, what):
    for number, data in enumerate(REFUSED[what]):
        path = tmp_path / f"{number}.png"
        path.write_bytes(data)
        with pytest.raises(PictureError) as refused:
            pictures.check_picture(path)
        assert re.match(rf"{re.escape(str(path))} is {re.escape(what)}.*: ", str(refused.value))
        assert WAYS_OUT[what] in str(refused.value)
        assert "\n" not in str(refused.value)
