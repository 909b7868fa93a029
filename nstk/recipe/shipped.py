"""Copy a shipped recipe with its pictures, so that the copy runs and can be changed."""

from __future__ import annotations

import filecmp
from collections.abc import Iterator
from pathlib import Path

from .errors import OutputError, UserError
from .images import write_whole
from .loading import shipped
from .source import parse, read_text, shown, suggest
from .tree import walk

_RECIPES = (".yaml", ".yml")
SCHEMA = "nstk.schema.json"
"""The JSON Schema of recipes, as the first line of a shipped recipe names it for editors."""


def copy_recipe(name: str, dest: Path) -> list[Path]:
    """Copy the shipped recipe `name` to `dest` (a file, or a folder), with its pictures and the schema for editors beside it.

    Nothing is overwritten.
    """
    known = shipped()
    if name not in known:
        raise UserError(f"no recipe `{name}` comes with nstk: {suggest(name, known) or 'there are ' + ', '.join(known)}")
    source = known[name]
    target = dest if dest.suffix in _RECIPES and not dest.is_dir() else dest / source.name
    pairs = {source: target}
    for file in _files_of(source):
        pairs[file] = target.parent / file.relative_to(source.parent)
    there = [copy for origin, copy in pairs.items() if copy.exists() and not filecmp.cmp(origin, copy, shallow=False)]
    if there:
        raise OutputError(f"{shown(there[0])} exists already and is another file: choose another place")
    pairs[source.parent / SCHEMA] = target.parent / SCHEMA  # after the check: one that is there may know more plugins
    for origin, copy in pairs.items():
        if not copy.exists():
            write_whole(copy, origin.read_bytes())
    return list(pairs.values())


def _files_of(recipe: Path) -> Iterator[Path]:
    """The files beside a recipe that it names, and those that a recipe names which it extends."""
    for node in walk(parse(read_text(recipe), str(recipe), recipe.parent)):
        if isinstance(node.value, str) and node.value and (file := recipe.parent / node.value).is_file():
            yield file
            if file.suffix in _RECIPES:
                yield from _files_of(file)
