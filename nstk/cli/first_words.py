"""The first words that a newcomer types: `--steps 200`, the options of other tools, pictures without options.

What is plain is understood. Otherwise the message shows the whole line to write, with the user's own values in it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ..errors import NstkError, RecipeError, UserError
from ..files import quoted
from .loose_pictures import placed, sorted_out, takes_next
from .override import is_recipe

if TYPE_CHECKING:
    from ..syntax.nodes import Node

_LETTERS = {"n": "iterations", "e": "iterations", "c": "content_image", "s": "style_image"}
"""What a letter is short for in other tools. Some have `-i` for the iterations, and some for the input."""

_NUMBER = re.compile(r"-?[0-9]*[.,]?[0-9]+([eE]-?[0-9]+)?")

_SWITCH = re.compile("-?[0-9]+(,[0-9]+)*|true|false|yes|no|on|off|c|/?(cuda|[cg]pu)(:[0-9]+)?|nn|cudnn|clnn|mkl|mps", re.I)
"""What may follow an option of another tool that is on or off. Any other word belongs to the rest of the line."""

_STARTS = {"image": "content", "photo": "content", "random": "noise"}
"""What other tools start from. `init=image` exists here too, and needs a file."""


_EXAMPLES = {"steps": "100", "time": "2min"}
"""Values for keys whose default is no example of what those who write them down have in mind."""


class _Other(NamedTuple):
    """A word of another tool: as the user said it, its key, and the text of its value if there is one."""

    said: str
    key: str
    text: str | None


def understood(command: click.Command, name: str, args: Sequence[str]) -> list[str]:
    """The arguments of a command, in which `--steps 200` is `steps=200` and two pictures have their options.

    Raises `UserError` with the line to write if there are words of other tools in it, or pictures whose part is not plain. The
    arguments of a command that takes no recipe stay as they are.
    """
    if not any(param.name == "words" for param in command.params):
        return [*args]
    options = {opt: it for it in command.params if isinstance(it, click.Option) for opt in (*it.opts, *it.secondary_opts)}
    items = [*_items(options, args)]
    if others := [it for it in items if isinstance(it, _Other)]:
        raise UserError(_in_our_words(name, items, others, options))
    return placed(name, [it for it in items if isinstance(it, str)], options)


def _items(options: dict[str, click.Option], args: Sequence[str]) -> Iterator[str | _Other]:
    """The words of a line from left to right, those of other tools apart."""
    left = [*args]
    while left:
        word = left.pop(0)
        if word == "--":
            yield from (word, *left)
            return
        if word.startswith("-") and (word.partition("=")[0] in options or takes_next(word, options)):
            yield word
            if takes_next(word, options) and left:
                yield left.pop(0)
        elif re.match(r"--?[^\W\d]", word):
            yield _option(word, left)
        else:
            yield _word(word)


def _option(word: str, left: list[str]) -> str | _Other:
    """An option that the command does not have, with its value, which is taken from the words that are left."""
    from ..recipe.other_words import ABSENT, is_other, is_ours, normal

    said, equals, text = word.partition("=")
    first, dot, below = said.lstrip("-").partition(".")
    key = "output" if said == "-o" else normal(first) + dot + below
    if len(key) == 1 and not said.startswith("--"):
        number = equals + text == "" and bool(left) and bool(_NUMBER.fullmatch(left[0]))
        key = _LETTERS.get(key, "iterations" if number else "content_image") if key in {*_LETTERS, "i"} else key
    if not (is_ours(key) or is_other(key)):
        return word  # click says that there is no such option
    value = text if equals else None
    if value is None and left and (_NUMBER.fullmatch(left[0]) or not left[0].startswith("-")):
        value = left.pop(0) if key not in ABSENT or _SWITCH.fullmatch(left[0]) else None
    if is_other(key):
        return _Other(said, key, value)
    if key == "init" and value in _STARTS and not any(it.startswith(("init.", "--init.")) for it in left):
        return _Other(f"{said} {value}", "initialization", value)
    if value is None:
        raise UserError(f"`{said}` needs a value: write `{key}=...`, such as `{key}={_example(key)}`")
    is_file = key in ("content", "output", "output.path") or key.partition(".")[0] == "style"
    return f"{key}={quoted(value) if is_file else value}"


def _example(key: str) -> str:
    from ..recipe.describe import plain
    from ..recipe.settings import Settings

    if key in _EXAMPLES:
        return _EXAMPLES[key]
    info = Settings.model_fields.get(key)
    if info is None or info.is_required():
        return "..."
    default = info.get_default(call_default_factory=True)
    return "true" if default is False else plain(default).strip('"') if isinstance(default, (int, float, str)) else "..."


def _word(word: str) -> str | _Other:
    """A word that is no option: an override in the words of another tool, or anything else."""
    from ..recipe.other_words import is_other

    key, equals, text = word.partition("=")
    return _Other(word, key, text) if equals and not is_recipe(word) and is_other(key) else word


def _in_our_words(name: str, items: Sequence[str | _Other], others: Sequence[_Other], options: dict[str, Any]) -> str:
    """The message about words of other tools: the same line in nstk's words, and remarks."""
    tree = _tree([it for it in items if isinstance(it, str)], options)
    translated = {id(it): _translated(it, tree, options) for it in others}
    meant = {word.partition("=")[0] for words, _ in translated.values() for word in words if "=" in word}
    line: list[str] = []
    for item in items:
        if not isinstance(item, str):
            line += [word for word in translated[id(item)][0] if word not in line or "=" not in word]
        elif "=" not in item or item.partition("=")[0] not in meant:  # `optimizer=lbfgs` gives way to `optimizer=adam`
            line.append(item)
    remarks = dict.fromkeys(remark for _, remark in translated.values() if remark)
    *first, last = (f"`{it.said}`" for it in others)
    said = f"{', '.join(first)} and {last}" if first else last
    what = "is a word of another tool" if len(others) == 1 else "are words of other tools"
    with suppress(UserError):  # what else is wrong is said when the user has written this line
        line = placed(name, line, options)
    return "\n      ".join([f"{said} {what}: write", shlex.join(["nstk", name, *line]), *remarks])


def _translated(other: _Other, tree: Node | None, options: dict[str, Any]) -> tuple[list[str], str]:
    """A word of another tool in nstk's words, and a remark."""
    from ..recipe.other_words import SAME, meant, normal
    from ..syntax.nodes import whole_numbers
    from ..syntax.parse import parse

    value: Any = other.text
    if SAME.get(normal(other.key)) not in ("content", "style", "output", "init.file", "backbone.weights"):
        with suppress(RecipeError):
            value = whole_numbers(parse(other.text or "", "", Path()).plain())
    found = meant(other.key, value, tree)
    assert found
    (place, setting), *_ = found.settings or [("", None)]
    if other.text is None:
        return ([f"{place}=..."] if place else []), found.remark
    option = {"content": "--content", "style": "--style", "output": "-o"}.get(place)
    if option in options:
        return [option, setting], found.remark
    return [f"{place}={quoted(setting)}"] if option else found.words(), found.remark


def _tree(words: Sequence[str], options: dict[str, Any]) -> Node | None:
    """The recipe of a line with its overrides, as far as it can be read."""
    from ..recipe.load import read_tree

    _, names, _ = sorted_out(words, options)
    try:
        return read_tree(names[0] if names else None, [word for word in words if "=" in word and word[0] != "-"])
    except NstkError:
        return None
