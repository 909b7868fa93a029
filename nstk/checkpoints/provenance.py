"""What a run is made from (files with their hashes, settings, versions), and what of this has changed since the run began."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ..errors import UserError
from ..files import file_hash, shown, trouble, working_directory
from ..pictures import PREFIX, Original, base_name
from ..recipe.defaults import LABELLED, SLOTS
from ..recipe.model import RECORD, Recipe
from ..recipe.paths import file_fields, models_by_label, regions_in, relative
from ..recipe.settings import SPELLINGS, Settings
from . import provenance

INDIFFERENT = ("output", "checkpoint", "callbacks")
"""The keys of a recipe that do not change the picture."""

CHANGES = "changes"
"""The key of what changes on the way. A run may add to it, so that it is kept beside the settings that it began with."""


def origins(recipe: Recipe) -> dict[str, Any]:
    """The name and settings of a recipe, its files, inputs and plugins with their hashes, and the versions.

    The paths of the recipe's files are written as seen from the folder of the output.
    """
    settings = {key: value for key, value in flat(_settings(recipe)) if key != CHANGES}
    return {
        "name": recipe.name,
        CHANGES: _changes(recipe),
        "recipes": {relative(str(path), _folder(recipe)): file_hash(path) for path in recipe.files if not trouble(path)},
        "settings": settings,
        **provenance.sources(recipe),
        "versions": provenance.versions(),
    }


def with_changes(origins: Mapping[str, Any], recipe: Recipe) -> dict[str, Any]:
    """The origins of a run whose recipe has changed on the way."""
    return {**origins, CHANGES: _changes(recipe)}


def _changes(recipe: Recipe) -> list[dict[str, Any]]:
    return [it.model_dump(mode="json") for it in recipe.changes]


def changes(then: Mapping[str, Any], recipe: Recipe) -> list[str]:
    """The changes since `then` that make another picture, each in words: of recipe files, settings, inputs and plugins."""
    now = origins(recipe)
    files = recipe_files(then, _folder(recipe))
    found = [f"{shown(path)} was edited" for path, sha256 in files.items() if _edited(path, sha256)]
    for key in sorted(then["settings"].keys() | now["settings"].keys()):
        was, is_ = (side["settings"].get(key, "not there") for side in (then, now))
        if was != is_:
            found.append(f"`{key}` was {was} and is {is_}")
    for where, file in now["inputs"].items():
        if where in then["inputs"] and then["inputs"][where]["sha256"] != file["sha256"]:
            what = "picture" if file["path"].startswith(PREFIX) else "file"
            found.append(f"`{where}` is another {what} now ({shown(Path(file['path']))})")
    was_defined = {row["where"]: row for row in then["plugins"]}
    for row in now["plugins"]:
        before = was_defined.get(row["where"], row)
        if row["sha256"] != before["sha256"] and not row["where"].startswith("callbacks."):
            found.append(f"the code of `{row['use']}` in `{row['where']}` was changed ({row['origin']})")
    return found


def settings_of(recipe: Recipe) -> dict[str, Any]:
    """The settings that have a part in a picture's file: also those of the file, and of callbacks, which may end the run."""
    callbacks = {label: _definition(it) for label, it in recipe.callbacks.items() if not it.shows}
    output = recipe.output.model_dump(mode="json", exclude={"path"})
    return dict(flat({**_settings(recipe), "output": output, "callbacks": callbacks}))


def is_of(record: Mapping[str, Any], recipe: Recipe) -> bool:
    """Whether the record of a picture tells of the same settings, inputs and plugins as a recipe."""
    now = {"settings": settings_of(recipe), **provenance.sources(recipe)}
    return bool(_essence(record) == _essence(json.loads(json.dumps(now, default=str))))


def record_of(picture: Path) -> Mapping[str, Any]:
    """What the record beside a picture says; nothing where there is none."""
    try:
        record = json.loads(picture.with_name(base_name(picture) + RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _essence(record: Mapping[str, Any]) -> Any:
    """What of a record says whether a picture is the same; None where that is not known."""
    try:
        settings = record["settings"]
        inputs = {where: file["sha256"] for where, file in record["inputs"].items()}
        code = {row["where"]: row["sha256"] for row in record["plugins"]}
    except (LookupError, TypeError, AttributeError):
        return None
    used = {where: sha256 for where, sha256 in code.items() if f"{where}.use" in settings}
    return settings, inputs, used


def _folder(recipe: Recipe) -> Path:
    """The output's folder; the working directory if nothing is written."""
    return recipe.path.parent if recipe.path else working_directory() or Path(os.sep)


def recipe_files(then: Mapping[str, Any], folder: Path) -> dict[Path, str]:
    """Where the files of the recipe are now, if the output is in `folder`, and the hashes that they had."""
    return {Path(os.path.abspath(folder / path)): sha256 for path, sha256 in then["recipes"].items()}


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """The versions that differ between two sets, such as `tensorflow 2.16.1, now 2.17.0`."""
    return ", ".join(f"{what} {was}, now {now[what]}" for what, was in then.items() if now.get(what, was) != was)


def _settings(recipe: Recipe) -> dict[str, Any]:
    """The settings of a recipe that change the picture. File names are left out, for files are told apart by their hashes."""
    keys = set(Settings.model_fields) - {*INDIFFERENT, *SPELLINGS}
    data: dict[str, Any] = _without_files(recipe, recipe.model_dump(include=keys, mode="json")) | recipe.measures
    for key in SLOTS:
        data[key] = _definition(getattr(recipe, key))
    for key in set(LABELLED) - set(INDIFFERENT):
        data[key] = {label: _definition(definition) for label, definition in getattr(recipe, key).items()}
    return data


def _definition(definition: Any) -> dict[str, Any]:
    return {"use": definition.name, **_without_files(definition, definition.model_dump(mode="json"))}


def _without_files(model: BaseModel, data: dict[str, Any]) -> dict[str, Any]:
    files = {name for name, _ in file_fields(type(model))}
    kept = {key: value for key, value in data.items() if key not in files}
    for key, _ in models_by_label(type(model)):
        kept[key] = {label: _without_files(it, data[key][label]) for label, it in getattr(model, key).items()}
    return kept | {name: _definition(region) for name, region in regions_in(model)}


def flat(data: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a nested mapping by dotted keys: `{"losses": {"tv": {"weight": 1}}}` gives `("losses.tv.weight", 1)`."""
    for key, value in data.items():
        if isinstance(value, dict):
            yield from flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _edited(path: Path, sha256: str) -> bool:
    """Whether the content of a file has changed. A file that is gone, or cannot be read, does not count as changed."""
    return not trouble(path) and file_hash(path) != sha256


PACKAGES = ("nstk-styletransfer", "tensorflow", "keras", "numpy", "pillow", "imagecodecs", "tifffile", "pluggy", "pydantic")


def versions() -> dict[str, str]:
    """The versions of Python, the platform and the packages, on which the exact bits of a picture depend."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # TensorFlow has other distributions too, such as tensorflow-cpu
            found[package] = getattr(sys.modules.get(package), "__version__", "not installed")
    return found


def sources(recipe: Recipe) -> dict[str, Any]:
    """The inputs and the plugins that a run is made from, with their hashes."""
    inputs = {where: {"path": str(path), "sha256": Original.of(path).sha256} for where, path in recipe.inputs().items()}
    return {"inputs": inputs, "plugins": plugins(recipe)}


def plugins(recipe: Recipe) -> list[dict[str, Any]]:
    """Each definition in use, with the plugin that owns it and the hash of the code that defines it."""
    rows = []
    for where, definition in recipe.definitions():
        try:
            owner = recipe.registry.owner(type(definition))
        except StopIteration:
            which = f"`{where}` is a {type(definition).__name__}, which no plugin of this recipe defines"
            raise UserError(f"{which}: list its file in `plugins`") from None
        row = {"where": where, "use": definition.name, "plugin": owner.name, "version": owner.version, "origin": owner.origin}
        rows.append({**row, "sha256": recipe.registry.code_hash(type(definition))})
    return rows
