"""Tells what PyYAML finds wrong with a text, in sentences for someone who writes a recipe."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import yaml


class Found(NamedTuple):
    """What is wrong, and where. Lines and columns count from 0."""

    message: str
    line: int
    column: int
    hint: str = ""
    width: int = 1


def explain(error: yaml.MarkedYAMLError, lines: Sequence[str]) -> Found:
    """The mistake behind an error of PyYAML's scanner, parser or composer. `lines` are the lines of the text."""
    problem, context = str(error.problem or ""), str(error.context or "")
    at = error.problem_mark or error.context_mark
    begin = error.context_mark or at
    here = (at.line, at.column) if at else (0, 0)
    there = (begin.line, begin.column) if begin else here
    line = lines[here[0]] if here[0] < len(lines) else ""
    indent = len(line) - len(line.lstrip())

    if "\t" in line[:indent]:
        return Found("this line is indented with a tab", here[0], line.index("\t"), "indent with spaces")
    if "quoted scalar" in context and "escape" not in problem + context:
        return Found("this quote is never closed", *there, "close it on the same line")
    if "escape" in problem:
        return Found("a `\\` in double quotes begins a special character", *here, "use single quotes, or write `\\\\`")
    if problem == "mapping values are not allowed here":
        return Found("a `:` is not expected here", *here, _colon_hint(lines, *here))
    if problem == "could not find expected ':'":
        key = _line(lines, there[0])[there[1] :].rstrip()
        hint = "write a space behind the `:`" if ":" in key else "write `key: value`"
        return Found("a `: ` is missing behind this key", *there, hint, width=len(key) or 1)
    if bracket := re.match(r"expected ',' or '(.)'", problem):
        opening = {"}": "{", "]": "["}[bracket[1]]
        text = "".join(lines)
        closed = all(text.count(one) == text.count(other) for one, other in ("{}", "[]"))
        if here[0] < len(lines) and (there[0] == here[0] or closed):
            return Found(f"a `,` or `{bracket[1]}` is missing before this", *here)
        return Found(f"this `{opening}` is never closed", *there, f"add `{bracket[1]}` where it ends")
    if here[0] >= len(lines) or "<stream end>" in problem:
        last = next((number for number in reversed(range(len(lines))) if lines[number].strip()), 0)
        return Found(
            "the recipe ends in the middle of this", last, 0, "is a bracket never closed?", len(_line(lines, last)) or 1
        )
    return _explain_rest(problem, context, here, there, line, indent)


def _explain_rest(problem: str, context: str, here: tuple[int, int], there: tuple[int, int], line: str, indent: int) -> Found:
    """The mistake behind an error whose explanation needs fewer of the lines around it."""
    quotes = "put the text in quotes"
    if problem == "but found another document":
        return Found("a recipe is one document, and this begins another", *here, "remove the line", width=3)
    if problem.startswith("expected <block end>"):
        if line[: here[1]].rstrip().endswith("'"):
            return Found("the quote before this ends the text", *here, "in single quotes, a quote is written `''`")
        if here[1] != indent:
            return Found("something is wrong before this", *here, "is a quote or a line break too many or missing?")
        if line.lstrip().startswith("- "):
            return Found("a list cannot stand between the keys of a mapping", *here, "give it a key, or indent it below one")
        return Found("this line is indented unlike the keys above it", *here, "keys of one mapping begin in the same column")
    if alias := re.match("found undefined alias '(.*)'", problem):
        return Found(f"`*{alias[1]}` repeats a value that is not marked `&{alias[1]}`", *here, quotes, width=len(alias[1]) + 1)
    if context.startswith("found duplicate anchor"):
        return Found("this mark (`&`) is in the recipe already", *here)
    if context in ("while scanning an alias", "while scanning an anchor"):
        return Found(f"a text cannot begin with `{line[there[1] : there[1] + 1]}`", *there, quotes)
    if line[here[1] : here[1] + 1] == "\t":
        return Found("a tab cannot stand here", *here, "write spaces")
    if "directive" in context or line.startswith("%"):
        return Found("a line that begins with `%` has no place in a recipe", *here)
    if start := re.match("found character '(.)' that cannot start any token", problem):
        return Found(f"a text cannot begin with `{start[1]}`", *here, quotes)
    if "tag" in problem or "tag" in context:
        return Found("a tag (`!`) has no place in a recipe", *there, "write a plain value, or put the text in quotes")
    if token := re.search("found '(.)'", problem):
        return Found(f"`{token[1]}` is not expected here", *here)
    return Found("this cannot be read as YAML", *here, "is a line break missing before it, or a text not in quotes?")


def _colon_hint(lines: Sequence[str], line: int, column: int) -> str:
    """What to do about a `:` too many, which comes of a text without quotes or of a key further up that has no end."""
    if ": " in _line(lines, line)[:column]:
        return "put a text with `: ` in it in quotes"
    above = _line(lines, line - 1) if line else ""
    if above.strip() and ": " not in above and not above.rstrip().endswith(":"):
        return f"is the `: ` of a key missing on line {line}?"
    return "is this line indented too far?"


def _line(lines: Sequence[str], index: int) -> str:
    return lines[index] if 0 <= index < len(lines) else ""
