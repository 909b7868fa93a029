"""Whose words may run code: a plugin is code, and a recipe may be a stranger's.

The user's own are those on the command line, those of a mapping given in Python, and those of a recipe under the working
directory. Another recipe may use what is loaded already: what comes with nstk, what is installed as a plugin of nstk, what `-p`
names. It may name no file, and no other module either: importing one runs it, and not only plugins are importable (one of
Python's own opens a browser).
"""

from __future__ import annotations

import os
from pathlib import Path

from ..files import located, shown
from ..registry.registry import Registry
from ..syntax.mistakes import Mark
from .defaults import recipes_folder

HINT = "look into it first; `--trust` (in Python, `trust=True`) allows it"


def distrust(spec: str, mark: Mark, registry: Registry) -> str:
    """Why a plugin that is named at `mark` must not be loaded; nothing if it may, or if that would run nothing new."""
    if not mark.line or registry.knows(spec, mark.folder):  # without a line: the command line, or a mapping
        return ""
    here, shipped = Path.cwd(), recipes_folder()
    file = mark.folder / Path(mark.where).name
    places = (file.resolve(), mark.folder.resolve())  # whose words they are, and whose files they mean
    if all(any(place.is_relative_to(home.resolve()) for home in (here, shipped)) for place in places):
        return ""
    what = f"run {shown(located(spec, mark.folder))}" if spec.endswith(".py") else f"import the module {spec}"
    link = f" (a link to {places[0]})" if Path(os.path.abspath(file)).is_relative_to(here) else ""
    return f"`plugins` would {what}, and this recipe{link} is not under the working directory"
