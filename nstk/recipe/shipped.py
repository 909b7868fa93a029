"""The recipes that come with nstk: found by name, and copied with their pictures so that the copy can be changed."""

from __future__ import annotations

import filecmp
import os
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

from ..errors import OutputError, UserError
from ..files import exists, shown, write_whole
from ..hints import suggest
from ..syntax.nodes import walk
from ..syntax.parse import parse, read_text
from .defaults import recipes_folder


def shipped() -> dict[str, Path]:
    """The recipes that come with nstk, by name."""
    return {path.stem: path for path in sorted(recipes_folder().glob("*.yaml"))}


def find_recipe(name: str | PathLike[str]) -> Path:
    """The file of a recipe. `name` is a path, or the name of a recipe that comes with nstk."""
    path, known = Path(name), shipped()
    if str(name) in known and not os.path.isfile(path):  # a folder of that name is likely to hold a copy of the recipe
        return known[str(name)]
    if path.suffix in (*_RECIPES, ".json") or len(path.parts) > 1 or exists(path):
        return path
    hint = suggest(str(name), known) or f"shipped recipes: {', '.join(known)}"
    raise UserError(f"no recipe `{name}`, neither a file nor one that comes with nstk: {hint}")


_RECIPES = (".yaml", ".yml")


SCHEMA = "nstk.schema.json"
"""The file of the JSON Schema of recipes, which the first line of a shipped recipe names for editors."""


def copy_recipe(name: str, dest: Path) -> list[Path]:
    """Copy the shipped recipe `name` to `dest` (a file, or a folder), with its pictures and the schema for editors beside it.

    Nothing is overwritten.
    """
    known = shipped()
    if name not in known:
        raise UserError(f"no recipe `{name}` comes with nstk: {suggest(name, known) or 'there are ' + ', '.join(known)}")
    source = known[name]
    target = dest if dest.suffix in _RECIPES and not os.path.isdir(dest) else dest / source.name
    pairs = {source: target}
    for file in _files_of(source):
        pairs[file] = target.parent / file.relative_to(source.parent)
    there = [copy for origin, copy in pairs.items() if exists(copy) and not filecmp.cmp(origin, copy, shallow=False)]
    if there:
        raise OutputError(f"{shown(there[0])} exists already and is another file: choose another place")
    pairs[source.parent / SCHEMA] = target.parent / SCHEMA  # a schema that is there may know more plugins, and stays
    for origin, copy in pairs.items():
        if not exists(copy):
            write_whole(copy, origin.read_bytes())
    return list(pairs.values())


def _files_of(recipe: Path) -> Iterator[Path]:
    """The files that a recipe names, and those that are named by the recipes that it extends."""
    for node in walk(parse(read_text(recipe), str(recipe), recipe.parent)):
        if isinstance(node.value, str) and node.value and (file := recipe.parent / node.value).is_file():
            yield file
            if file.suffix in _RECIPES:
                yield from _files_of(file)
