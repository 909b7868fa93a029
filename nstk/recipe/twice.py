"""Settings that are given twice: two overrides, or an option and an override, of which only one could count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import RecipeError
from ..syntax.parse import parse
from .overlay import COMMAND_LINE, bare_word

Place = tuple[str, ...]


class Said(NamedTuple):
    """A setting such as `content=a.jpg`, and the words that the user wrote for it, such as `--content a.jpg`."""

    words: str
    setting: str


class _Set:
    """What one setting sets. A setting that cannot be read sets nothing here; it is reported where it is applied."""

    def __init__(self, said: Said):
        self.words = said.words
        key, equals, text = said.setting.partition("=")
        self.path: Place = tuple(step.strip() for step in key.split("."))
        self.good = bool(equals) and all(self.path)
        self.value: Any = None
        try:
            self.value = parse(text, COMMAND_LINE, Path()).plain()
        except RecipeError:
            self.good = False
        if self.good and isinstance(self.value, str) and (word := bare_word(self.path)):
            self.path = (*self.path, word)
        self.leaves = set(_leaves(self.value, self.path))

    def undoes(self, before: _Set) -> Place | None:
        """The place that an earlier setting had set and that this one sets again, if there is one."""
        if both := sorted(self.leaves & before.leaves):
            return both[0]
        if before.path[: len(self.path)] == self.path:  # the earlier one is inside what this one replaces
            return before.path
        inside = self.path[: len(before.path)] == before.path
        return before.path if inside and not isinstance(before.value, dict) and before.value is not None else None


def _leaves(value: Any, path: Place) -> Iterator[Place]:
    """The places of the plain values in a value at `path`."""
    if not isinstance(value, dict) or not value:
        yield path
        return
    for key, item in value.items():
        at = (*path, key)
        word = bare_word(at) if isinstance(item, str) else None
        yield from _leaves(item, (*at, word) if word else at)


def twice(settings: Sequence[Said]) -> Iterator[str]:
    """A sentence for each setting of which another one before it would be lost."""
    made = [it for it in map(_Set, settings) if it.good]
    for index, later in enumerate(made):
        for before in made[:index]:
            if place := later.undoes(before):
                name = ".".join(place[:-1] if bare_word(place[:-1]) == place[-1] else place)
                yield f"`{before.words}` and `{later.words}` both set `{name}`: leave one of them out"
