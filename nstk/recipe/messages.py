"""Tells what pydantic finds wrong, in nstk's words and with the place in the recipe."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from ..hints import suggest
from ..syntax.mistakes import Mark, Mistake
from ..syntax.nodes import Node
from .paintings import STYLE

_BOUNDS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
    "multiple_of": ("a multiple of", "multiple_of"),
}


_TYPES = {
    "float": "a number",
    "int": "a whole number",
    "bool": "true or false",
    "string": "a text",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "dict": "a mapping",
    "model": "a mapping",
    "none": "empty",
}


_SAID_BY_HAND: dict[tuple[str, ...], str] = {
    ("content",): "the recipe names no content picture: add `content: photo.jpg`",
    ("style",): "the recipe names no style picture: add `style: painting.jpg`",
}


_OF_SEVERAL_FORMS = {
    "style": "a picture, a list of pictures, or a mapping of label to picture",
    "output": "a path, false, or a mapping with `path`, `quality`, `depth` and `gps`",
}
"""The keys of a recipe whose value may be short for a mapping, each with words for what the value must be."""


_BOOLS = {"yes": "true", "on": "true", "no": "false", "off": "false"}


class Unfit(ValueError):
    """A field refuses a value. The message says what the value must be, and `hint` says what was probably meant."""

    def __init__(self, message: str, hint: str = ""):
        super().__init__(message)
        self.hint = hint


def translate(
    error: ValidationError,
    cls: type[BaseModel],
    tree: Node,
    path: Sequence[str],
    elsewhere: Callable[[str], str],
) -> list[Mistake]:
    """One mistake for each thing that is wrong with the values at `path`, which were to become a `cls`.

    For a key that `cls` does not have, `elsewhere` hints at the place where the key belongs.
    """
    found: dict[tuple[Mark, str], Mistake] = {}
    wanted: dict[tuple[Mark, str], list[tuple[bool, str]]] = {}
    given: dict[tuple[Mark, str], str] = {}
    hints: dict[Mark, str] = {}
    details = error.errors(include_url=False)
    places = [_Place(detail, cls, tree, tuple(path)) for detail in details]
    outer = {place.steps[:count] for place in places for count in range(1, len(place.steps))}
    for detail, place in zip(details, places, strict=True):
        if place.steps in outer:
            continue  # another branch of a union knows better what is wrong
        if must := _must_be(detail, place):
            key = place.node.mark, place.name
            wanted.setdefault(key, []).append((detail["type"] in _BOUNDS, must))
            given[key] = max(given.get(key, ""), _not(detail), key=len)  # `the text x` says more than `x`
            hints[place.node.mark] = hints.get(place.node.mark) or _type_hint(detail, must)
        else:
            mistake = _problem(detail, place, elsewhere)
            found.setdefault((mistake.mark, mistake.message), mistake)
    must_be = [
        Mistake(f"{name} must be {_either(musts)}, {given[mark, name]}", mark, hints[mark])
        for (mark, name), musts in wanted.items()
    ]
    return [*found.values(), *must_be]


def _either(musts: Sequence[tuple[bool, str]]) -> str:
    """The words for what a value must be, where each branch of a union complains about the value.

    If a branch finds only that the value is out of bounds, that branch is the one that was meant.
    """
    bounds = [must for is_bound, must in musts if is_bound]
    return " or ".join(dict.fromkeys(bounds or [must for _, must in musts]))


class _Place:
    """The place in the recipe to which one of pydantic's complaints belongs."""

    def __init__(self, detail: Any, cls: type[BaseModel], tree: Node, path: tuple[str, ...]):
        self.cls = cls
        self.path, self.node = [*path], tree.at(path)
        self.loc = [step for step in detail["loc"] if step != "[key]"]
        steps: list[str] = []
        for step in self.loc:
            below = self.node.at([step])
            if below is not self.node or len(self.loc) == 1:  # any other step is pydantic's own, for the branch of a union
                steps.append(str(step))
            self.node = below
        self.steps = tuple(steps)
        self.key = str(self.loc[-1]) if self.loc else ""
        self.parent = ".".join([*path, *(steps[:-1] if steps and steps[-1] == self.key else steps)])
        inside = f" in {'.'.join(path)}" if path else ""
        self.name = f"`{'.'.join(steps)}`{inside}" if steps else f"`{'.'.join(path)}`"

    @property
    def key_mark(self) -> Mark:
        return self.node.key or self.node.mark

    def known_keys(self) -> list[str]:
        """The keys that could stand beside the last key of this place."""
        if len(self.loc) < 2:
            return [*self.cls.model_fields]
        field = self.cls.model_fields.get(str(self.loc[0]))
        return [key for model in _models(field.annotation if field else None) for key in model.model_fields]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _must_be(detail: Any, place: _Place) -> str:
    """The words for what the value must be, or nothing if the complaint is of another form."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _BOUNDS:
        word, bound = _BOUNDS[kind]
        return f"{word} {_number(context[bound])}"
    if kind == "finite_number":
        return "a finite number"
    if kind in ("literal_error", "enum"):
        return re.sub("True|False", lambda word: word[0].lower(), str(context["expected"]).replace("'", ""))
    if place.path == [] and len(place.loc) == 1 and place.key in _OF_SEVERAL_FORMS and kind not in ("value_error", "missing"):
        return _OF_SEVERAL_FORMS[place.key]
    if place.path == [] and len(place.loc) == 2 and place.loc[0] == STYLE and kind.endswith("_type"):
        return "a picture, or a mapping with `picture` and other keys"
    if kind == "string_pattern_mismatch":
        return f"a text that matches {context['pattern']}"
    ours = ("_type", "_parsing", "_from_float", "_attributes_type", "_required")
    return next((words for prefix, words in _TYPES.items() if re.fullmatch(f"{prefix}({'|'.join(ours)})", kind)), "")


def _problem(detail: Any, place: _Place, elsewhere: Callable[[str], str]) -> Mistake:
    """The mistake for a complaint that `_must_be` has no words for."""
    kind, context, mark = detail["type"], detail.get("ctx", {}), place.node.mark
    if kind == "extra_forbidden":
        inside = f" in {place.parent}" if place.parent else ""
        known = place.known_keys()
        hint = suggest(place.key, known) or (elsewhere(place.key) if len(place.loc) == 1 else "")
        return Mistake(f"unknown key `{place.key}`{inside}", place.key_mark, hint or f"known: {', '.join(known)}")
    if kind == "missing" and isinstance(place.loc[-1], int):
        return Mistake(f"`{place.parent}` has too few items", mark)
    if kind == "missing":
        message = _SAID_BY_HAND.get((*place.path, place.key))
        if message:  # the recipe has no word to point at
            return Mistake(message, Mark(mark.where, mark.folder))
        return Mistake(f"`{place.parent}` needs the key `{place.key}`", place.key_mark)
    if kind == "union_tag_invalid":
        tags = re.findall("'(.*?)'", context["expected_tags"])
        hint = suggest(context["tag"], tags) or f"the kinds are {', '.join(tags)}"
        return Mistake(f"{place.name} has no kind `{context['tag']}`", place.node.at(["use"]).mark, hint)
    if kind in ("too_short", "too_long", "string_too_short", "string_too_long"):
        least = "min_length" in context
        unit = "character" if kind.startswith("string") else "entry"
        count = context["min_length" if least else "max_length"]
        units = unit if count == 1 else "characters" if unit == "character" else "entries"
        return Mistake(f"{place.name} must have {'at least' if least else 'at most'} {count} {units}", mark)
    if kind in ("value_error", "assertion_error"):
        error = context["error"]
        mark = place.key_mark if detail["loc"] and detail["loc"][-1] == "[key]" else mark
        return Mistake(f"{place.name} {str(error) or 'is not valid'}", mark, getattr(error, "hint", ""))
    message = re.sub("^Input should be", "must be", detail["msg"])
    return Mistake(f"{place.name} {message}" if message != detail["msg"] else f"{place.name}: {message}", mark)


def _type_hint(detail: Any, must: str) -> str:
    """What to do about a value of the wrong type."""
    value = detail["input"]
    if detail["loc"] and detail["loc"][0] == "pyramid" and must == "a mapping" and isinstance(value, int):
        return f"write `pyramid: {{levels: {value}}}`" if value > 0 and value is not True else ""
    if isinstance(value, str):
        if must == "true or false" and value.lower() in _BOOLS:
            return f"write `{_BOOLS[value.lower()]}`"
        if must in ("a number", "a whole number") and re.fullmatch(r"[-+]?[\d_,]*\.?\d+([eE][-+]?\d+)?", value):
            plain = re.sub("[_,]", "", value)
            return "leave out the quotes" if plain == value else f"write {plain}"
        if detail["type"] in ("literal_error", "enum"):
            return suggest(value, re.findall("'(.*?)'", detail["ctx"]["expected"]))
    if must == "a text" and isinstance(value, (int, float)):
        return "put it in quotes"
    return ""


def _not(detail: Any) -> str:
    text = isinstance(detail["input"], str) and detail["type"] not in ("literal_error", "enum")
    return instead(detail["input"]).replace("not ", "not the text ", 1) if text else instead(detail["input"])


def _number(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) and value == round(value, 5) else str(value)
    return text if len(text) <= 20 else f"{float(value):g}"


def instead(value: Any) -> str:
    """The words for what the recipe says instead, such as `not a list`."""
    if value is None:
        return "but nothing is written there"
    if isinstance(value, dict):
        return "not a mapping"
    if isinstance(value, list):
        return "not a list"
    if isinstance(value, bool):
        return f"not {str(value).lower()}"
    if isinstance(value, str):
        return f"not `{value}`" if len(value) <= 60 else f"not `{value[:60]}...`"
    return f"not {_number(value)}"
