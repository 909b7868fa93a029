"""The files that a recipe names: their paths are made absolute while it is resolved, and its pictures are looked at."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from pydantic import BaseModel

from .. import pictures
from ..api import File
from ..errors import PictureError
from ..files import exists, located
from ..syntax.mistakes import Mark, Mistake
from ..syntax.nodes import Node, map_texts
from .checks import Findings
from .given import how_to_give, in_words
from .paintings import shortened
from .paths import file_fields, models_by_label, unreadable


class NamedFiles(Findings):
    """Finds the files that the tree of a recipe names. `given` holds the pictures that were given in Python, by name."""

    def __init__(self, tree: Node, mistakes: list[Mistake], given: Mapping[str, pictures.Original | None]):
        super().__init__(tree, mistakes)
        self.given = given
        self.originals: list[pictures.Original] = []
        """The pictures that were found, which are decoded once."""

    def files(self, cls: type[BaseModel], nodes: dict[str, Node], path: tuple[str, ...]) -> list[str]:
        """Make the paths of the files that `cls` reads absolute. Returns the fields with a file that cannot be used.

        A path is relative to the folder of the recipe that names the file.
        """
        missing: list[str] = []

        def absolute(text: str, mark: Mark, name: str, marker: File) -> str:
            usable, there = self._found(text, mark, shortened(".".join([*path, name])), marker)
            missing.extend([] if usable else [name])
            return there

        for name, marker in file_fields(cls):
            if name in nodes:
                nodes[name] = map_texts(nodes[name], partial(absolute, name=name, marker=marker))
        for name, model in models_by_label(cls):
            if name in nodes and isinstance(nodes[name].value, dict):
                inside = {label: dict(it.value) for label, it in nodes[name].value.items() if isinstance(it.value, dict)}
                missing += [name for label, it in inside.items() if self.files(model, it, (*path, name, label))]
                made = {label: Node(inside.get(label, it.value), it.mark, it.key) for label, it in nodes[name].value.items()}
                nodes[name] = Node(made, nodes[name].mark, nodes[name].key)
        return missing

    def _found(self, text: str, mark: Mark, place: str, marker: File) -> tuple[bool, str]:
        """Whether the file that a recipe calls `text` can be used, and its absolute path. What is wrong is reported."""
        if text in marker.words:
            return True, text
        if text.startswith(pictures.PREFIX):
            return self._given(text, mark, place.split("."), marker), text
        file = located(text, mark.folder)
        if not text:
            self.mistake(f"`{place}` is empty: name a file", mark)
            return False, str(file)
        if (wrong := unreadable(file, text, marker.words)) and not (marker.picture and exists(file)):
            self.mistake(wrong[0], mark, wrong[1])
            return False, str(file)
        if marker.picture:
            original = pictures.Original.of(file)
            self.originals.append(original)
            try:
                original.size  # noqa: B018 (to ask for the size decodes the whole picture)
            except PictureError as error:
                self.mistake(str(error), mark)
                return False, str(file)
        return True, str(file)

    def _given(self, text: str, mark: Mark, place: list[str], marker: File) -> bool:
        """Keep the picture of this name, which was given in Python. Returns whether the picture is there and may be used."""
        original = self.given.get(text)
        if original and marker.picture:
            self.originals.append(original)
            return True
        if original:
            self.mistake(f"`{'.'.join(place)}` names a file, and a picture was given in Python instead", mark)
        elif text not in self.given:
            self.mistake(f"{in_words(place)} was given in Python and is asked for again", mark, how_to_give(place))
        return False
