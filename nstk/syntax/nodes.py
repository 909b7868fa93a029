"""A recipe as a tree of values that remember where they were written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import RecipeError
from .mistakes import Mark, Mistake

MAX_DEPTH = 40


MAX_DIGITS = 100  # a float has at most 309, and Python refuses to print an integer of 4300


_STAND_INS = {byte: byte + 0x100000 for byte in range(0xDC80, 0xDD00)}


_BYTES = {char: byte for byte, char in _STAND_INS.items()}


@dataclass
class Node:
    """A value of a recipe: a scalar, a `list[Node]` or a `dict[str, Node]`, with the marks of the value and of its key."""

    value: Any
    mark: Mark
    key: Mark | None = None

    def plain(self) -> Any:
        """The value without marks."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def at(self, path: Iterable[str | int]) -> Node:
        """The node at `path`, or the closest node above it. Steps that are not in the tree are passed over."""
        here = self
        for step in path:
            if isinstance(here.value, dict):
                here = here.value.get(step, here)
            elif isinstance(here.value, list) and isinstance(step, int) and step < len(here.value):
                here = here.value[step]
        return here

    def words(self) -> Iterator[tuple[str, Mark]]:
        """Every key and every text below this node, each with its place, in the order of the file."""
        children: Iterable[tuple[Any, Node]] = ()
        if isinstance(self.value, dict):
            children = self.value.items()
        elif isinstance(self.value, list):
            children = enumerate(self.value)
        for key, node in children:
            if isinstance(key, str):
                yield key, node.key or node.mark
            if isinstance(node.value, str):
                yield node.value, node.mark
            yield from node.words()


def from_plain(value: Any, mark: Mark, depth: int = 0) -> Node:
    """A node of plain data that is given in Python. Every part of it carries the same mark."""
    if depth > MAX_DEPTH:
        raise RecipeError([Mistake(f"this recipe is nested more than {MAX_DEPTH} levels deep", mark)])
    if isinstance(value, Mapping):
        return Node({str(key): from_plain(item, mark, depth + 1) for key, item in value.items()}, mark, mark)
    if isinstance(value, (list, tuple)):
        return Node([from_plain(item, mark, depth + 1) for item in value], mark, mark)
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    elif not isinstance(value, (str, int, float)) and getattr(value, "ndim", None) == 0:
        value = value.item()  # it is a number of numpy's
    if value is not None and not _is_scalar(value):
        message = f"a recipe is made of mappings, lists, texts and numbers, so this has no place in it: {value!a:.60}"
        raise RecipeError([Mistake(message, mark)])
    return Node(value, mark, mark)


def _is_scalar(value: Any) -> bool:
    if isinstance(value, str):
        return is_text(value)
    if isinstance(value, int):
        return bool(abs(value) < 10**MAX_DIGITS)
    return isinstance(value, float)


def is_text(text: str) -> bool:
    """Whether a file can hold a text: half a character, as in `\\ud800`, is none.

    The half characters `\\udc80` to `\\udcff` are the bytes of a file's name that is not UTF-8 (PEP 383), and stand in texts.
    """
    return not any("\ud800" <= char < "\udc80" or "\udd00" <= char <= "\udfff" for char in text)


def stand_in(value: Any, names: dict[str, str]) -> Any:
    """The data with other characters in place of bytes that are not UTF-8, for readers that take whole characters only.

    `names` gets each text that has changed, by the text that stands in for it. The characters are such as nobody uses.
    """
    if isinstance(value, dict):
        return {stand_in(key, names): stand_in(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [stand_in(item, names) for item in value]
    if isinstance(value, str) and (changed := value.translate(_STAND_INS)) != value:
        names[changed] = value
        return changed
    return value


def as_before(text: str) -> str:
    """The text for which another one stands in."""
    return text.translate(_BYTES)


def walk(node: Node) -> Iterator[Node]:
    """Every node of the tree, parents first."""
    yield node
    children = node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else ()
    for child in children:
        yield from walk(child)


def whole_numbers(value: Any) -> Any:
    """The data, with a number such as `1e3`, which YAML takes for a fraction, as the whole number that it is."""
    if isinstance(value, dict):
        return {key: whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [whole_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def in_mapping(node: Node, key: str | None) -> Node:
    """A bare text as the mapping that it is short for, which has it under `key`. Any other node stays as it is."""
    if key and isinstance(node.value, str):
        return Node({key: Node(node.value, node.mark, node.key)}, node.mark, node.key)
    return node


def map_plain(value: Any, change: Callable[[str], str]) -> Any:
    """Plain data with every text changed that is not a key."""
    if isinstance(value, Mapping):
        return {key: map_plain(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [map_plain(item, change) for item in value]
    return change(value) if isinstance(value, str) else value


def map_texts(node: Node, change: Callable[[str, Mark], str]) -> Node:
    """A tree like `node`, with every text changed."""
    if isinstance(node.value, dict):
        return Node({key: map_texts(child, change) for key, child in node.value.items()}, node.mark, node.key)
    if isinstance(node.value, list):
        return Node([map_texts(child, change) for child in node.value], node.mark, node.key)
    return Node(change(node.value, node.mark), node.mark, node.key) if isinstance(node.value, str) else node
