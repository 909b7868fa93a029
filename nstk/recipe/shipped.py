"""The recipes that come with nstk: found by name, and copied with their pictures so that the copy can be changed."""

from __future__ import annotations

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

LOOKS = "looks"
"""The folder, within that of the recipes, of those that reproduce a known tool."""

GROUPS = {
    "default": "The default:",
    "": "Pictures to try, with `nstk run NAME`:",
    LOOKS: "Looks of known tools, with `nstk run NAME photo.jpg painting.jpg`:",
}
"""The groups of the recipes, each with its heading."""


def shipped() -> dict[str, Path]:
    """The recipes that come with nstk, by name."""
    folder = recipes_folder()
    found = [*folder.glob("*.yaml"), *folder.glob(f"{LOOKS}/*.yaml")]
    return {path.stem: path for path in sorted(found, key=lambda path: path.stem)}


def grouped() -> dict[str, dict[str, str]]:
    """The headings of the groups, each with the recipes of the group: their names, and what they say of themselves."""
    groups: dict[str, dict[str, str]] = {heading: {} for heading in GROUPS.values()}
    for name, path in shipped().items():
        group = LOOKS if path.parent.name == LOOKS else name
        groups[GROUPS.get(group, GROUPS[""])][name] = headline(path)
    return groups


def headline(recipe: Path) -> str:
    """What a recipe that comes with nstk says of itself: its second line, a comment below the one that names the schema."""
    return recipe.read_text(encoding="utf-8").splitlines()[1].removeprefix("# ")


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
    text, copies = read_text(source), {}
    for said, file in _named(source):
        text = text.replace(said, _place(file))  # a look says `../images/louvre.jpg`
    for file in _files_of(source):
        copies[target.parent / _place(file)] = file.read_bytes()
    text = text.replace(f"$schema=../{SCHEMA}", f"$schema={SCHEMA}")
    copies = {target: text.encode(), **copies}
    there = [copy for copy, data in copies.items() if exists(copy) and not _holds(copy, data)]
    if there:
        raise OutputError(f"{shown(there[0])} exists already and is another file: choose another place")
    # A schema that is there may know more plugins, and stays.
    copies[target.parent / SCHEMA] = (recipes_folder() / SCHEMA).read_bytes()
    for copy, data in copies.items():
        if not exists(copy):
            write_whole(copy, data)
    return list(copies)


def _holds(file: Path, data: bytes) -> bool:
    return os.path.isfile(file) and file.read_bytes() == data


def _place(file: Path) -> str:
    """The place of a file within the folder of the recipes."""
    return file.relative_to(recipes_folder()).as_posix()


def _files_of(recipe: Path) -> Iterator[Path]:
    """The files that a recipe names, and those that are named by the recipes that it extends."""
    for _, file in _named(recipe):
        yield file
        if file.suffix in _RECIPES:
            yield from _files_of(file)


def _named(recipe: Path) -> Iterator[tuple[str, Path]]:
    """The files that a recipe names, each after what the recipe says."""
    for node in walk(parse(read_text(recipe), str(recipe), recipe.parent)):
        if isinstance(node.value, str) and node.value:
            file = Path(os.path.normpath(recipe.parent / node.value))
            if file.is_file():
                yield node.value, file
