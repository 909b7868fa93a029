"""From what a picture's file says to the recipe that paints it again. The words of a stranger load no plugin by themselves."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..api import Scale
from ..errors import UserError
from ..files import exists, file_hash, located, same_file, shown
from ..pictures import FORMATS
from ..recipe import scales
from ..recipe.defaults import recipes_folder
from ..recipe.load import load_recipe
from ..recipe.model import Recipe
from ..recipe.trust import HINT
from ..registry.registry import Registry
from ..syntax.nodes import map_plain
from . import provenance
from .made import Made, Stage

ABOVE = 3
"""In how many folders above the picture's own a file is looked for."""

MOST_LOOKED_AT = 100_000
"""How many files of a folder are looked at for one with the right hash."""

LENGTH = {"steps", "time", "pyramid", "size", "width", "height"}
"""The keys that say how much is painted. Whoever changes one of them wants to see all of it."""

log = logging.getLogger("nstk")


@dataclass(frozen=True)
class Course:
    """What a run was like beyond what its recipe says: how far it went, and what memory allowed."""

    scales: Sequence[Stage]
    whole: bool
    """Whether it came to the end that its recipe asks for."""
    alike: bool
    """Whether the recipe is the same, so that tiles and optimizer are to be the same too."""

    @property
    def done(self) -> int:
        """How many steps were done."""
        return sum(it.done for it in self.scales)


@dataclass(frozen=True)
class Repeat:
    """A picture that is painted again: its recipe, and the course of its run, where that still means something."""

    recipe: Recipe
    course: Course | None


def repeat(
    picture: Path,
    overrides: Sequence[str] = (),
    *,
    output: str | os.PathLike[str] | None = None,
    inputs: Path | None = None,
    plugins: Sequence[str] = (),
    trust: bool = False,
) -> Repeat:
    """The recipe of a picture, with the files that it was made from, wherever they are now, and with changes.

    A file is looked for by its path, as seen from the working directory, from the picture's folder and from those above it,
    among the pictures that come with nstk, and then by its hash in the folder `inputs`. Raises `UserError` where one is not
    found, where the metadata is damaged, and where a plugin would be loaded without `trust`.
    """
    made = Made.of(picture)
    name = shown(picture)
    plain = made.plain(name)
    plain["output"] = {key: value for key, value in _mapping(plain.get("output")).items() if key != "path"}
    changed = {it.partition("=")[0].strip() for it in overrides}
    places = {it.path: str(path) for it, path in _found(made, picture, inputs, changed, name)}
    places |= _trusted(plain, picture, plugins, trust, name)
    plain = map_plain(plain, lambda text: places.get(text, text))
    recipe = load_recipe(plain, overrides, output=output, plugins=plugins, trust=trust)
    told = {it.sha256: it.path for it in made.inputs.values()}
    recipe = recipe.model_copy(update={"name": made.name, "told": told})
    if recipe.path and recipe.placed_by_default:
        suffix = picture.suffix if picture.suffix.lower() in FORMATS else recipe.path.suffix
        recipe = recipe.painting_to(recipe.path.with_name(made.name + suffix))
    if recipe.path and changed and not recipe.placed_by_default and same_file(recipe.path, picture):
        raise UserError(f"{name} would be written over with another picture: choose another output (`-o`)")
    _compare(made, recipe, name)
    if changed & LENGTH or [(it.width, it.height) for it in made.scales] != [(it.width, it.height) for it in _scales(recipe)]:
        return Repeat(recipe, None)
    return Repeat(recipe, Course(made.scales, made.ended and recipe.time is None, not changed))


def _scales(recipe: Recipe) -> Sequence[Scale]:
    return scales.plan(*recipe.shape, recipe.size, recipe.steps, recipe.pyramid)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _found(made: Made, picture: Path, folder: Path | None, changed: set[str], name: str) -> Iterator[tuple[Any, Path]]:
    """Each input with the file that it is, but for those that are changed anyway."""
    missing = {}
    for where, it in made.inputs.items():
        if any(key == where or where.startswith(f"{key}.") for key in changed):
            continue
        path = next((path for path in _places(it.path, picture) if exists(path) and _hash(path) == it.sha256), None)
        if path is None:
            missing[where] = it
        else:
            yield it, path
    if not missing:
        return
    by_hash = _by_hash({it.sha256 for it in missing.values()}, folder)
    for where, it in missing.items():
        if it.sha256 not in by_hash:
            there = any(exists(path) for path in _places(it.path, picture))
            what = f"`{where}` of {name}, {it.path}, is {'another file now' if there else 'not there'}"
            known = f"{shown(folder)} does not hold it either" if folder else "`--inputs FOLDER` says where to look for it"
            raise UserError(f"{what} (sha256 {it.sha256[:16]}): {known}; or name another one, `{where}=FILE`")
        yield it, by_hash[it.sha256]


def _places(text: str, picture: Path) -> Iterator[Path]:
    """Where a file may be that metadata calls so."""
    own = Path(os.path.abspath(picture)).parent
    for folder in (Path.cwd(), own, *list(own.parents)[:ABOVE]):
        yield located(text, folder)
    yield own / Path(text).name
    yield recipes_folder() / "images" / Path(text).name


def _hash(path: Path) -> str:
    try:
        return file_hash(path)
    except OSError:
        return ""


def _by_hash(wanted: set[str], folder: Path | None) -> dict[str, Path]:
    """The files of a folder that have one of the hashes. Raises `UserError` where there is no such folder."""
    if folder is None:
        return {}
    if not folder.is_dir():
        raise UserError(f"no folder {shown(folder)}, in which `--inputs` would have the pictures looked for")
    found: dict[str, Path] = {}
    for looked_at, path in enumerate(sorted(folder.rglob("*"))):
        if looked_at > MOST_LOOKED_AT or len(found) == len(wanted):
            break
        if path.is_file() and (sha256 := _hash(path)) in wanted:
            found.setdefault(sha256, path)
    return found


def _trusted(plain: Mapping[str, Any], picture: Path, plugins: Sequence[str], trust: bool, name: str) -> dict[str, str]:
    """Where the plugins are that a picture names. Raises `UserError` for one that only its words would load."""
    named = plain.get("plugins")
    specs = [it for it in (named if isinstance(named, list) else [named]) if isinstance(it, str)]
    registry = Registry.of(plugins)
    found = {}
    for spec in specs:
        path = next((it for it in _places(spec, picture) if exists(it)), None) if spec.endswith(".py") else None
        if not registry.knows(str(path or spec), Path.cwd()) and not trust:
            raise UserError(f"{name} names the plugin {spec}, which is code: {HINT}")
        if path:
            found[spec] = str(path)
    return found


def _compare(made: Made, recipe: Recipe, name: str) -> None:
    """Warn of what has changed since, and makes another picture."""
    if differ := provenance.differences(made.versions, provenance.versions()):
        log.warning("%s was painted by other versions, and this picture may differ in its rounding: %s", name, differ)
    code = {it.where: it.sha256 for it in made.plugins}
    now = {row["where"]: row for row in provenance.plugins(recipe)}
    for where, row in now.items():
        if code.get(where, row["sha256"]) != row["sha256"] and not where.startswith("callbacks."):
            log.warning("the code of `%s` in `%s` is not that which %s was painted by", row["use"], where, name)
