"""Decides whose words may load plugins: a plugin is code, and a recipe may be a stranger's.

The command line, a mapping given in Python, a recipe under the working directory and a recipe that comes with nstk may name any
plugin. Any other recipe may name only plugins that are loaded already: those that come with nstk, those that are installed, and
those that `-p` names. Such a recipe may name no file, and no other module either: to import a module is to run it, and not only
plugins can be imported (one of Python's own modules opens a browser).
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
    """Why a plugin that is named at `mark` must not be loaded, or nothing if loading it is allowed or runs nothing new."""
    if not mark.line or registry.knows(spec, mark.folder):  # the command line and a mapping have no lines
        return ""
    here, shipped = Path.cwd(), recipes_folder()
    file = mark.folder / Path(mark.where).name
    places = (file.resolve(), mark.folder.resolve())  # where the words are written, and where the files they name lie
    if all(any(place.is_relative_to(home.resolve()) for home in (here, shipped)) for place in places):
        return ""
    what = f"run {shown(located(spec, mark.folder))}" if spec.endswith(".py") else f"import the module {spec}"
    link = f" (a link to {places[0]})" if Path(os.path.abspath(file)).is_relative_to(here) else ""
    return f"`plugins` would {what}, and this recipe{link} is not under the working directory"
