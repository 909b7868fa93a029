"""What a recipe is given in Python besides its words: pictures and classes. How it names them, and how it asks for them again.

A picture becomes the text `python:9f86d081884c7d65`, a class in `plugins` the text `python:MyLoss`. A recipe that is saved
holds these texts, and comments that say what was given; whoever loads it has to give the same again.
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
"""The keys whose pictures are arguments of `nstk.load_recipe` too."""


class Given:
    """What one call was given in Python; `mistakes` takes what is wrong with it."""

    def __init__(self, mistakes: list[Mistake]):
        self.mistakes = mistakes
        self.pictures: dict[str, pictures.Original | None] = {}
        """By the names that the recipe has for them; None for one that is no good, which is reported."""
        self.plugins: list[Any] = []
        """What the recipe's own `plugins` hold that is no text."""

    def recipe(self, mapping: Mapping[str, Any]) -> dict[str, Any]:
        """A recipe with the names of pictures in place of what was given, and without the classes among its plugins."""
        plain: dict[str, Any] = {key: self.named(it, (str(key),)) for key, it in mapping.items() if key != "plugins"}
        if "plugins" in mapping:
            plugins = mapping["plugins"]
            listed = plugins if isinstance(plugins, (list, tuple)) else [plugins]
            self.plugins += [it for it in listed if _is_python(it)]
            plain["plugins"] = [it for it in listed if not _is_python(it)] if self.plugins else plugins
        return plain

    def named(self, value: Any, place: tuple[str, ...]) -> Any:
        """The same data with the name of each picture in its place."""
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
            original.size  # noqa: B018 (all of it is decoded)
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
    """Comments that say what a recipe needs which was given in Python; nothing where nothing was.

    `classes` are those that were given, with their kinds; `inputs` are all the files that the recipe reads, by their places.
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
