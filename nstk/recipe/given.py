"""Pictures and classes that are given to a recipe in Python: how the recipe names them, and how it asks for them again.

A picture becomes the text `python:9f86d081884c7d65`, and a class in `plugins` becomes the text `python:MyLoss`. A saved recipe
holds these texts, and comments that say what was given. Whoever loads the saved recipe has to give the same again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from .. import pictures
from ..api import Definition
from ..errors import PictureError
from ..syntax.mistakes import Mark, Mistake
from ..syntax.nodes import MAX_DEPTH

PLACES = ("content", "style")
"""The keys of a recipe whose pictures can also be arguments of `nstk.load_recipe`."""


class Given:
    """The pictures and plugins that one call was given in Python. What is wrong with a picture goes to `mistakes`."""

    def __init__(self, mistakes: list[Mistake]):
        self.mistakes = mistakes
        self.pictures: dict[str, pictures.Original | None] = {}
        """The pictures, by the names that the recipe has for them. A picture that cannot be used is reported, and is None."""
        self.plugins: list[Any] = []
        """The Python objects in the recipe's own `plugins`: classes and modules, but no texts."""

    def recipe(self, mapping: Mapping[str, Any]) -> dict[str, Any]:
        """The recipe in `mapping` with names in place of the pictures, and without the Python objects among its plugins."""
        plain: dict[str, Any] = {key: self.named(it, (str(key),)) for key, it in mapping.items() if key != "plugins"}
        if "plugins" in mapping:
            plugins = mapping["plugins"]
            listed = plugins if isinstance(plugins, (list, tuple)) else [plugins]
            self.plugins += [it for it in listed if _is_python(it)]
            plain["plugins"] = [it for it in listed if not _is_python(it)] if self.plugins else plugins
        return plain

    def named(self, value: Any, place: tuple[str, ...]) -> Any:
        """The data in `value`, with the name of each picture in place of the picture."""
        if len(place) > MAX_DEPTH:
            return value
        if isinstance(value, Mapping):
            return {key: self.named(item, (*place, str(key))) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.named(item, (*place, str(index))) for index, item in enumerate(value)]
        return self._name(value, place) if pictures.is_picture(value) else value

    def _name(self, value: Any, place: tuple[str, ...]) -> str:
        try:
            original = pictures.given(value, f"{in_words(place)} given in Python")
            original.size  # noqa: B018 (to ask for the size decodes the whole picture)
        except PictureError as error:
            self.mistakes.append(Mistake(str(error), Mark("recipe", Path.cwd())))
            name = f"{pictures.PREFIX}no good {len(self.mistakes)}"
            self.pictures[name] = None
            return name
        self.pictures[str(original.path)] = original
        return str(original.path)


def _is_python(plugin: Any) -> bool:
    return isinstance(plugin, (type, ModuleType, Definition))


def in_words(place: Sequence[str]) -> str:
    """What the picture at a place of a recipe is called, such as `the content`."""
    if len(place) == 1 and place[0] in PLACES:
        return f"the {place[0]}"
    if place[0] in PLACES:
        return f"the {place[0]} `{'.'.join(place[1:])}`"
    return f"the picture `{'.'.join(place)}`"


def how_to_give(place: Sequence[str]) -> str:
    """What to do where a picture that was given in Python is missing."""
    if place[0] in PLACES:
        return "`nstk.load_recipe(path, content=..., style=...)` takes it, and so does `nstk.resume`"
    inner = "..."
    for step in reversed(place):
        inner = f'{{"{step}": {inner}}}'
    return f'`nstk.load_recipe({{"extends": path, {inner[1:]})` takes it'


def notes(classes: Sequence[tuple[str, type[Definition]]], inputs: Mapping[str, Path]) -> str:
    """The comments that say what a recipe needs to be given in Python. The text is empty if that is nothing.

    `classes` are the classes that were given in Python, with their kinds. `inputs` are all the files that the recipe reads, by
    their places.
    """
    needs: dict[str, list[str]] = {}
    for kind, cls in classes:
        call = f"nstk.load_recipe(path, plugins=[{cls.__name__}])"
        needs.setdefault(call, []).append(f"the {kind} `{cls.name}` (class {cls.__name__})")
    for place, file in inputs.items():
        if str(file).startswith(pictures.PREFIX):
            steps = place.split(".")
            needs.setdefault(how_to_give(steps).split("`")[1], []).append(in_words(steps))
    return "".join(
        f"# It needs {' and '.join(what)}, given in Python and to be given again:\n#     {call}\n"
        for call, what in needs.items()
    )
