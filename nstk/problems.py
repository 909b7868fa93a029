"""What pydantic finds wrong, in nstk's words and with the place in the recipe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from .source import Mark, Node, Problem, suggest

_BOUNDS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
}
_TYPES = {
    "float": "a number",
    "int": "a whole number",
    "bool": "true or false",
    "string": "a text",
    "list": "a list",
    "dict": "a mapping",
    "model": "a mapping",
}
_MISSING = {
    (): {
        "content": "the recipe names no content picture: add `content: photo.jpg`",
        "style": "the recipe names no style picture: add `style: painting.jpg`",
    }
}


def translate(error: ValidationError, cls: type[BaseModel], tree: Node, path: Sequence[str]) -> list[Problem]:
    """One problem for each thing that is wrong with the values at `path`, which were to become a `cls`."""
    found: dict[tuple[Mark, str], Problem] = {}
    for detail in error.errors(include_url=False):
        problem = _problem(detail, cls, tree, tuple(path))
        found.setdefault((problem.mark, problem.message), problem)
    return list(found.values())


def _problem(detail: Any, cls: type[BaseModel], tree: Node, path: tuple[str, ...]) -> Problem:
    kind, context = detail["type"], detail.get("ctx", {})
    loc = [step for step in detail["loc"] if step != "[key]"]
    node = tree.at([*path, *loc])
    key = str(loc[-1]) if loc else ""
    inside = f" in {'.'.join(path)}" if path else ""
    name = f"`{_readable(tree, path, loc)}`" if loc else f"`{'.'.join(path)}`"
    if kind == "extra_forbidden":
        return Problem(f"unknown key `{key}`{inside}", node.key or node.mark, suggest(key, _keys(cls)))
    if kind == "missing":
        message = _MISSING.get(path, {}).get(key, f"`{'.'.join(path) or 'the recipe'}` needs the key `{key}`")
        return Problem(message, node.key or node.mark)
    if kind in _BOUNDS:
        word, bound = _BOUNDS[kind]
        return Problem(f"{name}{inside} must be {word} {_number(context[bound])}, not {_said(detail)}", node.mark)
    if kind == "finite_number":
        return Problem(f"{name}{inside} must be a finite number, not {_said(detail)}", node.mark)
    if kind in ("literal_error", "enum"):
        choices = context["expected"].replace("'", "")
        hint = suggest(str(detail["input"]), choices.replace(" or ", ", ").split(", "))
        return Problem(f"{name}{inside} must be {choices}, not {_said(detail)}", node.mark, hint)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return Problem(f"{name}{inside} is not one of {context.get('expected_tags', 'the kinds known')}", node.mark)
    if kind == "value_error":
        return Problem(f"{name}{inside} {context['error']}", node.mark)
    wanted = next((words for prefix, words in _TYPES.items() if kind.startswith(prefix + "_")), None)
    if wanted:
        return Problem(f"{name}{inside} must be {wanted}, not {_said(detail)}", node.mark)
    return Problem(f"{name}{inside}: {detail['msg']}", node.mark)


def _readable(tree: Node, path: tuple[str, ...], loc: Sequence[Any]) -> str:
    """The keys of `loc` that the recipe really has: pydantic's own steps (the branch of a union) are left out."""
    here, steps = tree.at(path), []
    for step in loc:
        below = here.at([step])
        if below is not here or len(loc) == 1:
            steps.append(str(step))
        here = below
    return ".".join(steps) or str(loc[0])


def _keys(cls: type[BaseModel]) -> list[str]:
    return [*cls.model_fields, "use"]


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _said(detail: Any) -> str:
    value = detail["input"]
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    return f"`{str(value)[:60]}`" if isinstance(value, str) else _number(value)
