"""A place in a recipe, and a mistake that points there with line and caret."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

MAX_SHOWN = 120  # characters of a line that a message shows


@dataclass(frozen=True)
class Mark:
    """A place in a file; `line` is 0 where there is no line to show (the command line, a mapping given in Python)."""

    where: str
    folder: Path
    """The folder that a relative path is relative to where it is written in this file."""
    line: int = 0
    column: int = 0
    width: int = 1
    text: str = ""


@dataclass(frozen=True)
class Mistake:
    """One mistake: what is wrong, where, and what to do."""

    message: str
    mark: Mark
    hint: str = ""

    def __str__(self) -> str:
        message = "".join(char if char.isprintable() or char == "\n" else f"{char!a}"[1:-1] for char in self.message)
        if not self.mark.line:
            place = f"{self.mark.where}: " if self.mark.where else ""
            return f"{place}{message}" + (f"\n      {self.hint}" if self.hint else "")
        before, word, after = _around(self.mark)
        return (
            f"{self.mark.where}:{self.mark.line}:{self.mark.column}: {message}\n"
            f"{self.mark.line:5} | {before}{word}{after}\n"
            f"      | {' ' * _cells(before)}{'^' * max(1, _cells(word))} {self.hint}".rstrip()
        )


def _around(mark: Mark) -> tuple[str, str, str]:
    """The parts of the line before, at and after what is wrong. They hold no more of the line than fits on a screen."""
    text, start = mark.text.replace("\t", " "), mark.column - 1
    end = min(start + mark.width, start + MAX_SHOWN // 2)
    first, last = max(0, start - MAX_SHOWN // 4), end + MAX_SHOWN // 4
    if len(text) <= MAX_SHOWN:
        first, last = 0, len(text)
    before = ("..." if first else "") + text[first:start]
    return before, text[start:end], text[end:last] + ("..." if last < len(text) else "")


def _cells(text: str) -> int:
    """How many columns a terminal gives a text. East Asian characters take two, and combining ones none."""
    return sum(0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF") for char in text)
