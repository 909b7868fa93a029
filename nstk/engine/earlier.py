"""Earlier pictures where a run would paint: none is lost, and what is kept is said."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import Any

from ..checkpoints.folder import RunFolder
from ..checkpoints.provenance import is_of, record_of
from ..checkpoints.unfinished import goes_on
from ..errors import OutputError, UserError
from ..files import same_file, shown, write_whole
from ..recipe.checks import written
from ..recipe.model import RECIPE, SIDECARS, Recipe
from ..syntax.parse import dump, parse
from .interrupts import INTERRUPTED

log = logging.getLogger("nstk")


def placed(recipe: Recipe, *, force: bool = False) -> Recipe:
    """The recipe with a place for its picture, where none was asked for: out/NAME.png, or NAME.1.png and so on beside it.

    It is the first place that is free or holds the picture of the same settings and inputs. `force` takes the first of all.
    """
    if force or recipe.path is None or not recipe.placed_by_default:
        return recipe
    kept: list[Path] = []
    for path in _places(recipe.path):
        if _may_go_to(path, recipe):
            break
        kept.append(path)
    if kept:
        others = f" and {len(kept) - 1} more" if len(kept) > 1 else ""
        it_is = "are" if others else "is"
        what = f"{shown(kept[0])}{others}, of other settings or inputs, {it_is} kept"
        log.warning("%s: this picture goes to %s; `--force` replaces %s", what, shown(path), shown(kept[0]))
    return recipe.painting_to(path)


def check_place(recipe: Recipe, *, force: bool = False) -> None:
    """Raise `UserError` if another process has just painted to the place that was chosen. The run's folder is locked by now."""
    if recipe.path and recipe.placed_by_default and not force and not _may_go_to(recipe.path, recipe):
        raise UserError(f"{shown(recipe.path)} has just been painted by another process: run this one again")


def keep_finished(output: Path) -> list[Path]:
    """Keep a finished picture, with its recipe and record, under a free name beside it, if there is one. Returns the new files.

    What is at the picture's own place stays there, for the caller to replace.
    """
    if not output.exists() or not _is_finished(record_of(output)):
        return []
    aside = next(path for path in _places(output) if not _is_there(path))
    made: list[Path] = []
    try:
        for old, new, suffix in zip(written(output), written(aside), ("", *SIDECARS), strict=True):
            if old.exists():
                made.append(new)
                _copy(old, new, suffix, aside)
    except OSError as error:
        drop(made)
        raise OutputError(f"cannot keep {shown(output)}, a finished picture, as {shown(aside)} ({error.strerror})") from error
    return made


def drop(files: list[Path]) -> None:
    """Remove copies that are not needed after all."""
    for path in files:
        with suppress(OSError):
            path.unlink()


def _places(output: Path) -> Iterator[Path]:
    yield output
    yield from (output.with_name(f"{output.stem}.{number}{output.suffix}") for number in range(1, 1_000_000))


def _is_there(path: Path) -> bool:
    """Whether a picture, or something that belongs to it, has this place."""
    return any(os.path.lexists(it) for it in written(path)) or RunFolder.of(path).unfinished


def _may_go_to(path: Path, recipe: Recipe) -> bool:
    """Whether a run may paint to a place that nobody asked for."""
    read = [*recipe.inputs().values(), *recipe.files]
    if any(same_file(file, target) for target in written(path) for file in read):
        return False
    folder = RunFolder.of(path)
    if folder.unfinished and not goes_on(folder, recipe):
        return False
    there = any(os.path.lexists(it) for it in written(path))
    return not there or is_of(record_of(path), recipe)


def _is_finished(record: Mapping[str, Any]) -> bool:
    """Whether a picture is more than what a run had when it was broken off. Where nothing is known, it is."""
    return bool(record.get("finished", record.get("stopped") != INTERRUPTED))


def _copy(old: Path, new: Path, suffix: str, picture: Path) -> None:
    """Make `new` what `old` is; a recipe and a record name the `picture` from then on."""
    if suffix in SIDECARS:
        with suppress(UserError, ValueError, LookupError, TypeError):  # somebody has edited it: then it stays as it is
            text = old.read_text(encoding="utf-8")
            return write_whole(new, _naming(text, picture, new) if suffix == RECIPE else _recording(text, picture))
    try:
        os.link(old, new)
    except OSError:  # the file system has no links
        shutil.copy2(old, new)


def _naming(text: str, picture: Path, path: Path) -> str:
    """A saved recipe that paints to `picture`. The comments at its head stay."""
    head = takewhile(lambda line: line.startswith("#"), text.splitlines(keepends=True))
    data = parse(text, shown(path), path.parent).plain()
    output = data["output"] if isinstance(data["output"], dict) else {"path": data["output"]}
    output["path"] = os.path.join(os.path.dirname(output["path"]), picture.name)
    data["output"] = output if len(output) > 1 else output["path"]
    return "".join(head) + dump(data)


def _recording(text: str, picture: Path) -> str:
    record = json.loads(text)
    record["output"] = str(picture)
    return json.dumps(record, indent=2) + "\n"
