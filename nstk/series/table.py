"""The table of a folder of results: which keys vary, and which value each picture has of them.

A series writes it into the folder as it begins (`series.json`). Where there is none, the records beside the pictures tell the
same: a key varies if not all of them have one value for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..checkpoints.provenance import record_of
from ..errors import UserError
from ..files import shown, write_whole
from ..pictures import READ, base_name
from ..recipe.model import RECORD
from .planned import Planned

FILE = "series.json"


@dataclass(frozen=True)
class Row:
    """A picture of a folder, with its record."""

    path: Path
    record: Mapping[str, Any]
    values: Mapping[str, str]
    """The value of each key that varies, in words."""


@dataclass(frozen=True)
class Table:
    """The pictures of a folder, and the keys that vary in them, the slowest first."""

    folder: Path
    keys: Sequence[str]
    rows: Sequence[Row]

    def values(self, key: str) -> list[str]:
        """The values of a key in the order in which they come."""
        return [*dict.fromkeys(row.values.get(key, "") for row in self.rows)]


def note(series: Sequence[Planned]) -> None:
    """Write into the folder of a series what varies in it. What earlier series noted there stays, if their pictures do."""
    for folder in dict.fromkeys(it.path.parent for it in series):
        folder.mkdir(parents=True, exist_ok=True)
        mine = [it for it in series if it.path.parent == folder]
        before = {name: values for name, values in _noted(folder).items() if (folder / name).exists()}
        now = {it.path.name: {key: value.name for key, value in it.combination.values} for it in mine}
        write_whole(folder / FILE, json.dumps(before | now, indent=1, ensure_ascii=False) + "\n")


def table(folder: Path) -> Table:
    """The finished pictures of a folder, in the order of the series or by their names. Raises `UserError` if there are none."""
    if not folder.is_dir():
        raise UserError(f"{shown(folder)} is no folder: name one that holds pictures which nstk has painted")
    found = {path.name: record for path, record in _results(folder)}
    if not found:
        raise UserError(f"{shown(folder)} holds no picture with its record (NAME{RECORD}): no run of nstk has painted here")
    noted = {name: values for name, values in _noted(folder).items() if name in found}
    if noted.keys() != found.keys():
        values = _differing(found)
        names = sorted(found)
    else:
        values, names = noted, [*noted]
    keys = [*dict.fromkeys(key for it in names for key in values[it])]
    return Table(folder, keys, [Row(folder / name, found[name], values[name]) for name in names])


def _results(folder: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The pictures of a folder that have a record of a finished run."""
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in READ and (folder / (base_name(path) + RECORD)).exists():
            record = record_of(path)
            if "settings" in record and Path(str(record.get("output", ""))).name == path.name:
                yield path, record


def _noted(folder: Path) -> dict[str, dict[str, str]]:
    """What the folder's file says; nothing where somebody has edited it beyond understanding."""
    try:
        data = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return {str(name): {str(key): str(value) for key, value in values.items()} for name, values in data.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _differing(found: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """The fewest keys, pictures before settings, by which each picture can be told from the others."""
    flat = {name: {**_inputs(record), **_settings(record)} for name, record in found.items()}
    keys = [*dict.fromkeys(key for it in flat.values() for key in it)]
    groups, chosen = [[*flat]], list[str]()
    for key in keys:
        split = [part for group in groups for part in _parted(group, {name: flat[name].get(key, "") for name in group})]
        if len(split) > len(groups):
            chosen.append(key)
            groups = split
    return {name: {key: flat[name].get(key, "") for key in chosen} for name in flat}


def _parted(group: Iterable[str], values: Mapping[str, str]) -> list[list[str]]:
    parts: dict[str, list[str]] = {}
    for name in group:
        parts.setdefault(values[name], []).append(name)
    return [*parts.values()]


def _inputs(record: Mapping[str, Any]) -> dict[str, str]:
    inputs = record.get("inputs")
    return {key: Path(str(it.get("path", ""))).stem for key, it in inputs.items()} if isinstance(inputs, dict) else {}


def _settings(record: Mapping[str, Any]) -> dict[str, str]:
    settings = record["settings"]
    if not isinstance(settings, dict):
        return {}
    return {key: str(value) for key, value in settings.items() if not key.startswith(("output.", "callbacks."))}
