"""A sheet of a folder of results: a table of small pictures with their values, seconds and scores, as HTML and as PNG."""

from __future__ import annotations

import base64
import html
import io
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..errors import UserError
from ..files import exists, file_hash, shown, write_whole
from ..pictures import base_name, read_small, to_uint8, write_picture
from ..pictures.contact_sheet import Cell, contact_sheet
from ..recipe.model import RECIPE
from .combinations import SHEET
from .table import Row, Table

if TYPE_CHECKING:
    import numpy as np

log = logging.getLogger("nstk")

PAGE, PICTURE, SCORES = f"{SHEET}.html", f"{SHEET}.png", "scores.json"

MARK = '<meta name="generator" content="nstk sheet">'
"""What the page holds by which it is known to be one of nstk's, which the next one may replace."""

EDGE = 320
"""The long edge of a small picture, in pixels."""

LARGE = 64_000_000
"""From how many pixels on a picture is not judged, because it would have to be opened whole."""

MEASURES = ("lp", "ge", "cf")
"""The scores that stand below a picture. What they say is in docs/judging_pictures.md."""

Say = Callable[[str], None]


def write_sheet(table: Table, *, scores: bool = True, say: Say = lambda words: None) -> tuple[Path, Path]:
    """Write the sheet into the folder of the table: `sheet.html`, whose pictures lead to the files, and `sheet.png`."""
    page, picture = table.folder / PAGE, table.folder / PICTURE
    _check_place(page, picture)
    judged = scores_of(table, say) if scores else {}
    small = {}
    for row in table.rows:
        say(row.path.name)
        small[row.path] = small_picture(row.path)
    rows, columns = arranged(table)
    write_whole(page, _page(table, rows, columns, small, judged))
    cells = [_on_paper(table, it, small, judged) for line in rows for it in line]
    write_picture(contact_sheet(cells, len(columns) if columns else 0), picture)
    return page, picture


def _check_place(page: Path, picture: Path) -> None:
    """Raise `UserError` where something is in the sheet's place that is no sheet."""
    try:
        mine = MARK in page.read_text(encoding="utf-8")
    except (OSError, ValueError):
        mine = False
    for path in (page, picture):
        if not mine and exists(path):
            raise UserError(f"{shown(path)} is there already, and nstk has not made it as a sheet: move it away, or rename it")


def arranged(table: Table) -> tuple[list[list[Row | None]], list[str]]:
    """The rows of the sheet, and what stands above its columns.

    The values of the last key stand above the columns, and the others before the rows. Where only one key varies, all pictures
    are in one row, and where values come together only once, as with `--zip`, they are not laid out as a table at all.
    """
    if not table.keys:
        return [[*table.rows]], []
    last, others = table.keys[-1], table.keys[:-1]
    columns = table.values(last)
    places = {key: {value: place for place, value in enumerate(table.values(key))} for key in others}
    lines = groupby(
        sorted(table.rows, key=lambda it: [places[key][it.values.get(key, "")] for key in others]),
        key=lambda it: [it.values.get(key, "") for key in others],
    )
    made = []
    for _, line in lines:
        by_value = {it.values.get(last, ""): it for it in line}
        made.append([by_value.get(value) for value in columns])
    filled, cells = sum(it is not None for line in made for it in line), sum(map(len, made))
    if filled < len(table.rows) or (others and filled <= max(len(made), len(columns)) < cells):
        return [[*table.rows]], []
    return made, columns


def small_picture(path: Path) -> np.ndarray:
    """A picture with a long edge of `EDGE` pixels at most; a grey square where it cannot be read."""
    import numpy as np

    try:
        return to_uint8(read_small(path, EDGE))
    except UserError as error:
        log.warning("%s", error)
        return np.full((EDGE, EDGE, 3), 190, np.uint8)


def scores_of(table: Table, say: Say) -> dict[Path, Mapping[str, float]]:
    """The scores of the pictures whose photograph and painting are still there. They are kept in the folder."""
    kept, found = _kept(table.folder), dict[Path, Mapping[str, float]]()
    hashes = {row.path: file_hash(row.path) for row in table.rows}
    missing: dict[tuple[str, str], list[Path]] = {}
    for row in table.rows:
        if hashes[row.path] in kept:
            found[row.path] = kept[hashes[row.path]]
        elif not _is_large(row) and (pair := _pair(row)):
            missing.setdefault(pair, []).append(row.path)
    for (content, style), paths in missing.items():
        from ..judging.scores import score

        say(f"judging {len(paths)} of {Path(content).name}")
        try:
            judged = score(content, style, paths, copies=False)
        except UserError as error:
            log.warning("no scores for %s: %s", ", ".join(it.name for it in paths), error)
            continue
        for path, it in zip(paths, judged, strict=True):
            found[path] = kept[hashes[path]] = {key: round(float(getattr(it, key)), 3) for key in MEASURES}
    if missing:
        write_whole(
            table.folder / SCORES, json.dumps({value: kept[value] for value in hashes.values() if value in kept}, indent=1)
        )
    return found


def _kept(folder: Path) -> dict[str, Mapping[str, float]]:
    try:
        data = json.loads((folder / SCORES).read_text(encoding="utf-8"))
        return {str(it): {key: float(scores[key]) for key in MEASURES} for it, scores in data.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def _is_large(row: Row) -> bool:
    """Whether a picture is too large to be opened whole, by its record."""
    try:
        last = row.record["scales"][-1]
        return bool(last["width"] * last["height"] > LARGE)
    except (LookupError, TypeError):
        return False


def _pair(row: Row) -> tuple[str, str] | None:
    """The photograph and the painting of a picture; None where there are several paintings, or where a file is gone."""
    inputs = row.record.get("inputs")
    inputs = inputs if isinstance(inputs, dict) else {}
    styles = [it for key, it in inputs.items() if (key.startswith("style.") and key.endswith("picture")) or key == "style"]
    if "content" not in inputs or len(styles) != 1:
        return None
    pair = str(inputs["content"].get("path")), str(styles[0].get("path"))
    known = (inputs["content"].get("sha256"), styles[0].get("sha256"))
    if not all(exists(Path(it)) and file_hash(Path(it)) == sha256 for it, sha256 in zip(pair, known, strict=True)):
        return None
    return pair


def _on_paper(
    table: Table, row: Row | None, small: Mapping[Path, np.ndarray], judged: Mapping[Path, Mapping[str, float]]
) -> Cell:
    """A cell of the PNG; white where there is no picture."""
    import numpy as np

    if row is None:
        return Cell(np.full((1, 1, 3), 255, np.uint8), "")
    return Cell(small[row.path], _title(table, row), "  ".join(_figures(row, judged)))


def _title(table: Table, row: Row) -> str:
    return "  ".join(row.values.get(key, "") for key in table.keys) or row.path.stem


def _figures(row: Row, judged: Mapping[Path, Mapping[str, float]]) -> Iterator[str]:
    """The seconds and the scores of a picture."""
    seconds = row.record.get("seconds")
    if isinstance(seconds, (int, float)):
        yield f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
    yield from (f"{key.upper()} {value:.2f}" for key, value in judged.get(row.path, {}).items())


def _page(
    table: Table,
    rows: Sequence[Sequence[Row | None]],
    columns: Sequence[str],
    small: Mapping[Path, np.ndarray],
    judged: Mapping[Path, Mapping[str, float]],
) -> str:
    """The sheet as a page that holds its small pictures, and leads to the files beside it."""
    others = table.keys[:-1] if columns else []
    lines = []
    if columns:
        heads = [html.escape(key) for key in others]
        heads += [f"<small>{html.escape(table.keys[-1])}</small><br>{html.escape(value)}" for value in columns]
        lines.append(f"<tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>")
    for row in rows:
        first = next(it for it in row if it)
        cells = "".join(f"<th>{html.escape(first.values.get(key, ''))}</th>" for key in others)
        lines.append(f"<tr>{cells}{''.join(_cell(table, it, small, judged, not columns) for it in row)}</tr>")
    said = ", ".join(table.keys)
    title = html.escape(table.folder.resolve().name)
    above = html.escape(f"{len(table.rows)} pictures" + (f" by {said}" if said else ""))
    shape = "grid" if columns else "loose"
    return _PAGE.substitute(mark=MARK, title=title, above=above, shape=shape, table="\n".join(lines))


def _cell(
    table: Table, row: Row | None, small: Mapping[Path, np.ndarray], judged: Mapping[Path, Mapping[str, float]], named: bool
) -> str:
    if row is None:
        return "<td></td>"
    figures = " &middot; ".join(map(html.escape, _figures(row, judged)))
    recipe = base_name(row.path) + RECIPE
    link = f' &middot; <a href="{quote(recipe)}">recipe</a>' if (table.folder / recipe).exists() else ""
    title = html.escape(_title(table, row))
    source = _embedded(small[row.path])
    image = f'<a href="{quote(row.path.name)}"><img src="{source}" alt="{title}" title="{title}" loading="lazy"></a>'
    return f"<td>{image}<p>{f'<b>{title}</b><br>' if named else ''}{figures}{link}</p></td>"


def _embedded(picture: Any) -> str:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


_PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8">$mark<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.4 system-ui, sans-serif; margin: 1.5rem; background: Canvas; color: CanvasText; }
table { border-collapse: separate; border-spacing: 10px; }
th { font-weight: 600; text-align: left; vertical-align: middle; max-width: 16rem; overflow-wrap: break-word; }
th small { font-weight: 400; opacity: .75; }
.grid tr:first-child th { position: sticky; top: 0; background: Canvas; padding: .3rem 0; vertical-align: bottom; }
.loose tr { display: flex; flex-wrap: wrap; gap: 10px; }
td { vertical-align: top; min-width: 160px; max-width: 320px; }
img { max-width: 320px; height: auto; display: block; border-radius: 3px; }
a:focus img, a:hover img { outline: 3px solid Highlight; }
p { margin: .3rem 0 .6rem; font-size: 13px; opacity: .85; }
</style></head>
<body><h1>$title</h1><p>$above. A picture leads to its file.</p>
<table class="$shape">
$table
</table></body></html>
""")
