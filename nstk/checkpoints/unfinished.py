"""From `nstk resume out/louvre.png` to the recipe, the folder and the checkpoint of a run that is not finished."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UserError
from ..files import exists, located, real, same_file, shown, trouble
from ..hints import suggest_file
from ..pictures import base_name
from ..recipe.load import load_recipe
from ..recipe.model import RECORD, Recipe
from ..recipe.settings import Change
from ..registry.registry import PluginLike
from ..syntax.parse import parse, read_text
from . import provenance
from .archive import Saved
from .folder import RECIPE, SUFFIX, RunFolder
from .provenance import changes, differences, recipe_files

if TYPE_CHECKING:
    from ..pictures import PictureLike

log = logging.getLogger("nstk")


@dataclass(frozen=True)
class Unfinished:
    """A run to go on with: its recipe, its folder and its latest whole checkpoint."""

    recipe: Recipe
    folder: RunFolder
    saved: Saved


def unfinished(
    path: str | PathLike[str],
    *,
    plugins: Sequence[PluginLike] = (),
    content: PictureLike | None = None,
    style: PictureLike | Sequence[PictureLike] | Mapping[str, PictureLike] | None = None,
    force: bool = False,
    trust: bool = False,
) -> Unfinished:
    """The run of a folder (`out/louvre.run`) or of a picture (`out/louvre.png`), from its latest checkpoint.

    Raises `UserError` where there is no such run and, unless `force` is given, where the recipe or what it reads has changed
    since the run began. The other arguments are those of `load_recipe`: what was given in Python has to be given again.
    TensorFlow is never imported.
    """
    folder = _find(Path(path))
    saved = folder.latest()
    made_from = saved.state.origins
    # The files are those that the run was begun from, which must not be written over, and not the copy in the folder.
    files = [*recipe_files(made_from, folder.path.parent)]
    recipe = load_recipe(folder.recipe, plugins=plugins, content=content, style=style, trust=trust)
    on_the_way = [Change(**it) for it in made_from.get(provenance.CHANGES, [])]
    recipe = recipe.model_copy(update={"name": made_from["name"], "files": files, provenance.CHANGES: on_the_way})
    assert recipe.path  # only a run that writes a picture has a folder
    if Path(path).suffix and not os.path.isdir(path) and not same_file(recipe.path, Path(path)):
        raise UserError(f"{shown(folder.path)} paints {shown(recipe.path)}, not {path}: name that one, or the folder")
    if changed := changes(made_from, recipe):
        what = f"{shown(folder.path)} was begun with something else: {'; '.join(changed)}"
        if not force:
            raise UserError(f"{what}: `--force` goes on all the same, `nstk run` starts anew")
        log.warning("%s", what)
    if differ := differences(made_from["versions"], provenance.versions()):
        log.warning("the picture may differ in its rounding: %s", differ)
    if not saved.step:
        log.warning("%s holds no step yet: the run starts from the beginning", shown(folder.path))
    return Unfinished(recipe, folder, saved)


def goes_on(folder: RunFolder, recipe: Recipe) -> bool:
    """Whether an unfinished run is of the same settings and inputs, as far as its folder can be read."""
    try:
        return not changes(folder.latest().state.origins, recipe)
    except (UserError, OSError, LookupError):
        return False


def _find(path: Path) -> RunFolder:
    """The folder of the unfinished run that a path names. Raises `UserError` where there is no such run."""
    path = real(path) if os.path.islink(path) else path
    folder = RunFolder(path) if os.path.isdir(path) or path.suffix == SUFFIX else RunFolder.of(path)
    if "cannot" in (why := trouble(folder.recipe)):
        raise UserError(f"{shown(folder.recipe)} {why}: make it readable to go on with the run")
    for found in (folder, RunFolder(path.with_name(path.stem + SUFFIX))):  # as folders once were called
        if found.unfinished and (found.path == folder.path or not exists(path) or _paints(found, path)):
            return RunFolder(found.path.absolute())
    if os.path.isdir(path):
        raise UserError(f"{path} is no run's folder: it has no {RECIPE}; a run's folder is called NAME{SUFFIX}")
    if exists(path):
        raise UserError(f"nothing to resume: {_ended(path)}; `nstk run` paints it anew")
    hint = suggest_file(path) or f"{shown(folder.path)} would be its folder"
    raise UserError(f"no run {path}, neither a folder nor a picture: {hint}")


def _paints(folder: RunFolder, picture: Path) -> bool:
    """Whether a folder is that of a picture, as far as its recipe can be read."""
    try:
        output = parse(read_text(folder.recipe), str(folder.recipe), folder.path).plain()["output"]
        return same_file(located(output["path"] if isinstance(output, dict) else output, folder.path), picture)
    except (UserError, LookupError, TypeError):
        return False


def _ended(picture: Path) -> str:
    """How the run of a picture ended, as far as that is known."""
    record = picture.with_name(base_name(picture) + RECORD)
    if "cannot" in (why := trouble(record)):
        return f"its record {shown(record)} {why}"
    try:
        stopped = json.loads(record.read_text(encoding="utf-8"))["stopped"]
    except (OSError, ValueError, KeyError):
        return f"{picture} comes from no run that is known here"
    if stopped == "done":
        return f"{picture} is finished"
    return f"the run of {picture} ended ({stopped}) and kept no checkpoint"
