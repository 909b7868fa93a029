"""The definitions that a recipe gets where it names none (`recipes/default.yaml`), and the keys that hold definitions."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..syntax.parse import parse, read_text

SLOTS = {
    "backbone": "backbone",
    "init": "initializer",
    "parametrization": "parametrization",
    "optimizer": "optimizer",
    "colours": "colours",
}
"""The keys of a recipe that hold one definition, each with the kind of the definition."""

LABELLED = {"losses": "loss", "callbacks": "callback"}
"""The keys of a recipe that hold definitions by label, each with the kind of the definitions."""


def recipes_folder() -> Path:
    """The folder of the recipes that come with nstk."""
    return Path(str(files("nstk.recipes")))


@cache
def defaults() -> dict[str, Any]:
    """What the keys for definitions hold in the default recipe.

    A recipe that names any loss gets none of the default losses. The default callbacks stay beside those that a recipe names.
    Each other key gets its default definition where a recipe names none.
    """
    path = recipes_folder() / "default.yaml"
    written: dict[str, Any] = parse(read_text(path), path.name, path.parent).plain()
    return {key: written[key] for key in (*SLOTS, *LABELLED)}


def default_name(slot: str) -> str:
    """The name of what a slot holds where a recipe does not name it."""
    default = defaults()[slot]
    return str(default["use"] if isinstance(default, dict) else default)
