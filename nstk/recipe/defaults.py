"""What a recipe gets where it is silent (`recipes/default.yaml`), and which of its keys hold definitions."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..syntax.parse import parse, read_text

SLOTS = {"backbone": "backbone", "init": "initializer", "parametrization": "parametrization", "optimizer": "optimizer"}
"""Keys that hold one definition, and its kind."""

LABELLED = {"losses": "loss", "callbacks": "callback"}
"""Keys that hold definitions by label, and their kind."""


def recipes_folder() -> Path:
    """Where the recipes lie that come with nstk."""
    return Path(str(files("nstk.recipes")))


@cache
def defaults() -> dict[str, Any]:
    """What each slot holds in the default recipe. Naming any loss replaces its losses; other slots merge."""
    path = recipes_folder() / "default.yaml"
    written: dict[str, Any] = parse(read_text(path), path.name, path.parent).plain()
    return {key: written[key] for key in (*SLOTS, *LABELLED)}
