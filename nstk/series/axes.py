"""What varies in a series of pictures: a key of the recipe, and the values that it takes one after the other."""

from __future__ import annotations

import glob
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..files import exists, quoted
from ..hints import suggest_file
from ..pictures import READ

WILD = re.compile(r"[*?\[]")
"""What makes a word a pattern for names of files."""

PICTURED = "content", "style", "picture", "where", "mask", "map", "paint"
"""The last parts of the keys whose values are pictures. At others, a word is never taken for a folder."""

OPENING, CLOSING, QUOTES = "[{", "]}", "'\""


@dataclass(frozen=True)
class Value:
    """A value of a key."""

    text: str
    """The value as an override has it."""
    name: str
    """What names it in a picture's file name and on a sheet: a picture's own name without its folder and suffix."""


@dataclass(frozen=True)
class Axis:
    """A key of the recipe with its values, in their order."""

    key: str
    values: tuple[Value, ...]
    of_pictures: bool = False
    """Whether its values are files, whose names say enough."""


def axis(said: str) -> Axis:
    """The axis that `--vary losses.gram.weight=1,3,10` or `--vary 'style=paintings/*.jpg'` means. Raises `UserError`.

    Values stand between commas; a comma within brackets or quotes belongs to its value. A pattern or a folder stands for the
    pictures in it.
    """
    key, equals, text = said.partition("=")
    key = key.strip()
    if not equals or not key:
        raise UserError(f"`--vary {said}` says no values: write KEY=VALUE,VALUE, such as losses.tv.weight=0.1,1,10")
    words = [word for word in _split(text) if word]
    if not words:
        raise UserError(f"`--vary {said}` says no values: write them after the `=`, with commas between, `{key}=1,3,10`")
    if any(_is_several(key, word) for word in words):
        return Axis(key, tuple(map(_of_file, found(words, f"--vary {key}="))), of_pictures=True)
    return _of_words(key, words)


def given(key: str, values: Sequence[Any]) -> Axis:
    """The axis of values that were given in Python: whatever a recipe takes there, or files."""
    if not values:
        raise UserError(f"`{key}` has no values to take")
    texts = [str(it) if isinstance(it, Path) else it if isinstance(it, str) else json.dumps(it) for it in values]
    return _of_words(key, texts)


def pictures(key: str, words: Sequence[str]) -> Axis:
    """The axis of pictures: files, patterns, and folders. Raises `UserError`."""
    return Axis(key, tuple(map(_of_file, found(words, f"--{key} "))), of_pictures=True)


def found(words: Sequence[str], option: str) -> list[Path]:
    """The pictures that some words name: files as they stand, and those of patterns and folders in the order of their names."""
    files: list[Path] = []
    for word in words:
        path = Path(word)
        if path.is_dir():
            inside = sorted((it for it in path.iterdir() if _is_picture(it)), key=_in_order)
            if not inside:
                raise UserError(f"`{option}{word}`: no pictures are in this folder")
            files += inside
        elif exists(path) or not WILD.search(word):
            if not exists(path):
                raise UserError(f"`{option}{word}`: there is no such file or folder{_hint(path)}")
            files.append(path)
        else:
            matching = sorted((it for it in map(Path, glob.glob(word, recursive=True)) if _is_picture(it)), key=_in_order)
            if not matching:
                raise UserError(f"`{option}{word}`: no picture matches this pattern")
            files += matching
    return [*dict.fromkeys(files)]


def _is_several(key: str, word: str) -> bool:
    """Whether a word stands for several pictures: a pattern, or a folder where a key has pictures."""
    pictured = key.startswith("style.") or key.rpartition(".")[2] in PICTURED
    if word.startswith(tuple(OPENING + QUOTES)) or not pictured:
        return False
    return bool(WILD.search(word)) or Path(word).is_dir()


def _of_words(key: str, words: Sequence[str]) -> Axis:
    """The axis of some words: of pictures, if all of them are files of pictures that are there."""
    files = all(Path(word).suffix.lower() in READ and exists(Path(word)) for word in words)
    values = tuple(_of_file(Path(word)) if files else Value(word, _named(word)) for word in words)
    return Axis(key, values, of_pictures=files)


def _hint(path: Path) -> str:
    hint = suggest_file(path)
    return f": {hint}" if hint else ""


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in READ and not path.name.startswith(".") and path.is_file()


def _in_order(path: Path) -> list[Any]:
    """Names as people order them: `2.jpg` before `10.jpg`."""
    parts = re.split(r"(\d+)", str(path))
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]


def _of_file(path: Path) -> Value:
    return Value(quoted(str(path)), path.stem)


def _named(text: str) -> str:
    """A value as a part of a file's name: letters and digits of any script, and what is between them as one `-`."""
    sign = "-" if text.startswith("-") else ""
    return sign + re.sub(r"[^\w.+-]+", "-", text).strip("-.") or "empty"


def _split(text: str) -> Iterator[str]:
    """The parts between commas that are in no brackets and no quotes."""
    word, depth, quote = "", 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in QUOTES:
            quote = letter
        else:
            depth += (letter in OPENING) - (letter in CLOSING)
            if letter == "," and depth == 0:
                yield word.strip()
                word = ""
                continue
        word += letter
    yield word.strip()
