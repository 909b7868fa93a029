"""YAML text to a tree of values, and back.

Scalars follow YAML 1.2 (`1e-4` is a number, `on` is a word, `010` is ten). PyYAML follows YAML 1.1, and of two equal keys it
silently keeps the last, so nodes are read here and not by PyYAML's constructors. Text that is no recipe at all (binary data,
aliases that nest until they explode, a tree too deep) ends in a `Mistake`, as every other mistake does.
"""

from __future__ import annotations

import os
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path
from typing import Any

import yaml

from ..errors import RecipeError
from ..files import NOT_THERE, shown, trouble
from ..hints import suggest_file
from .json_text import is_json, without_tabs
from .mistakes import Mark, Mistake
from .nodes import MAX_DEPTH, MAX_DIGITS, Node, as_before, is_text, stand_in
from .yaml_errors import explain

MAX_BYTES = 64 * 1024  # a recipe has about a page; PyYAML's scanner takes up to ten seconds a megabyte


MAX_VALUES = 10_000


class _Resolver(yaml.SafeLoader):
    """PyYAML's composer with the scalars of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 (PyYAML's own name)


class _Dumper(yaml.SafeDumper):
    """PyYAML's writer. It quotes what `_Resolver` would not take for a word, and uses no aliases for values that come twice."""

    yaml_implicit_resolvers = _Resolver.yaml_implicit_resolvers

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_str(self, text: str) -> yaml.ScalarNode:
        breaks = any(char in text for char in "\x85\u2028\u2029")  # YAML folds them unless they are escaped
        return self.represent_scalar(_STR, text, style='"' if breaks else None)


_Dumper.add_representer(str, _Dumper.represent_str)


_INT = r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"


_FLOAT = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"


_TAG = "tag:yaml.org,2002:"


_STR = _TAG + "str"


_SCALARS = (  # each has its name, its words in messages, its pattern and the characters that it may begin with
    ("bool", "true or false", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", "null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", "number", _INT, "-+0123456789"),
    ("float", "number", _FLOAT, "-+.0123456789"),
)


_PATTERNS = {_TAG + name: re.compile(f"(?:{pattern})$") for name, _, pattern, _ in _SCALARS}


_WORDS = {_TAG + name: word for name, word, _, _ in _SCALARS} | {_STR: "text"}


for _name, _, _, _first in _SCALARS:
    _Resolver.add_implicit_resolver(_TAG + _name, _PATTERNS[_TAG + _name], list(_first))


def _scalar(tag: str, text: str) -> Any:
    """The value of a scalar. Raises `ValueError`."""
    if tag == _STR:
        if any("\ud800" <= char <= "\udfff" for char in text):  # JSON escapes a rare character as its two halves
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        if not is_text(text):
            raise ValueError
        return text
    if not _PATTERNS[tag].match(text) or (tag.endswith("int") and len(text) > MAX_DIGITS):
        raise ValueError
    if tag.endswith("int"):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if tag.endswith("float"):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return None if tag.endswith("null") else text.lower() == "true"


class _Reader:
    """Turns one composed YAML document into nodes, and collects the mistakes in it."""

    def __init__(self, text: str, where: str, folder: Path):
        self.lines, self.where, self.folder = text.splitlines(), where, folder
        self.mistakes: list[Mistake] = []
        self.names: dict[str, str] = {}
        self.readable: str = stand_in(text, self.names)  # a command line may hold a name that is not UTF-8
        if is_json(text):
            self.readable, slashes = without_tabs(self.readable)
            if slashes is not None:
                raise RecipeError([self._slashes(slashes)])
        self.count = 0

    def _slashes(self, index: int) -> Mistake:
        """The mistake of a comment as JavaScript has it."""
        before = self.readable[:index].splitlines() or [""]
        line, column = (len(before), 1) if self.readable[index - 1] in "\r\n" else (len(before) - 1, len(before[-1]) + 1)
        mark = Mark(self.where, self.folder, line + 1, column, 2, self.lines[line])
        begins = self.readable[index : index + 2]
        return Mistake(f"`{begins}` begins no comment here", mark, "begin a comment with `#`, or put the text in quotes")

    def told(self, value: Any) -> Any:
        """The value as it was told, with the bytes for which other characters stood in."""
        return as_before(value) if self.names and isinstance(value, str) else value

    def mark(self, start: yaml.Mark, end: yaml.Mark | None = None) -> Mark:
        text = self.lines[start.line] if start.line < len(self.lines) else ""
        width = end.column - start.column if end and end.line == start.line else len(text) - start.column
        return Mark(self.where, self.folder, start.line + 1, start.column + 1, max(1, width), text)

    def mistake(self, message: str, node: yaml.Node, hint: str = "") -> None:
        self.mistakes.append(Mistake(message, self.mark(node.start_mark, node.end_mark), hint))

    def read(self, node: yaml.Node, depth: int = 0) -> Node:
        self.count += 1
        mark = self.mark(node.start_mark, node.end_mark)
        if depth > MAX_DEPTH:
            raise RecipeError([Mistake(f"this recipe is nested more than {MAX_DEPTH} levels deep", mark)])
        if self.count > MAX_VALUES:
            message = f"this recipe holds more than {MAX_VALUES} values: do its aliases (`*name`) repeat each other?"
            raise RecipeError([Mistake(message, mark)])
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return Node(self._mapping(node, depth), mark)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return Node([self.read(item, depth + 1) for item in node.value], mark)
        return Node(self._value(node), mark)

    def _value(self, node: yaml.Node) -> Any:
        """The value of a scalar. If the scalar has none, the value is None and a mistake is noted."""
        if not isinstance(node, yaml.ScalarNode) or node.tag not in _WORDS:
            self.mistake(f"the tag `{node.tag.replace(_TAG, '!!')}` has no place in a recipe", node, "write a plain value")
            return None
        try:
            return self.told(_scalar(node.tag, node.value))
        except ValueError:
            said = node.value if len(node.value) <= 20 else f"{node.value[:20]}..."
            hint = (
                "it holds half a character"
                if node.tag == _STR
                else f"it has {len(node.value)} digits"
                if said != node.value
                else ""
            )
            self.mistake(f"`{said}` cannot be read as {_article(_WORDS[node.tag])}", node, hint)
            return None

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Node]:
        out: dict[str, Node] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.mistake("a key must be one word", key_node)
                continue
            key, good = self.told(str(key_node.value)), len(self.mistakes)
            if key_node.tag not in _PATTERNS:  # as keys, `null:` and `1:` are words
                self._value(key_node)
            if len(self.mistakes) > good:
                continue
            if key in out:
                first = out[key].key
                self.mistake(f"`{key}` is written twice", key_node, f"the first is on line {first.line}" if first else "")
            elif key == "<<":
                self.mistake("merge keys (`<<`) are not read", key_node, "use `extends: other.yaml`")
            else:
                out[key] = self.read(value_node, depth + 1)
                out[key].key = self.mark(key_node.start_mark, key_node.end_mark)
        return out


def _article(word: str) -> str:
    return f"a {word}" if word in ("text", "number") else word


def parse(text: str, where: str, folder: Path) -> Node:
    """Read YAML. Raises `RecipeError` with every mistake that YAML alone shows."""
    reader = _Reader(text, where, folder)
    try:
        root = _Resolver(reader.readable).get_single_node()
        node = reader.read(root) if root else Node(None, Mark(where, folder))
    except yaml.MarkedYAMLError as error:
        found = explain(error, reader.readable.splitlines())
        line = reader.lines[found.line] if found.line < len(reader.lines) else ""
        mark = Mark(where, folder, found.line + 1, found.column + 1, found.width, line)
        raise RecipeError([Mistake(found.message, mark, found.hint)]) from None
    except yaml.reader.ReaderError as error:
        place = f"the character U+{error.character:04X} on line {text.count(chr(10), 0, error.position) + 1}"
        raise RecipeError(
            [Mistake(f"this is not text: it holds {place}", Mark(where, folder), "a recipe is YAML in UTF-8")]
        ) from None
    except RecursionError:
        message = f"this recipe is nested more than {MAX_DEPTH} levels deep"
        raise RecipeError([Mistake(message, Mark(where, folder))]) from None
    if reader.mistakes:
        raise RecipeError(reader.mistakes)
    return node


def read_text(path: Path, asked: Mark | None = None) -> str:
    """The text of a recipe file. `asked` is the place that asked for the file."""
    name, mark = shown(path), asked or Mark("", path.parent)

    def refuse(message: str, hint: str = "") -> RecipeError:
        return RecipeError([Mistake(message, mark, hint)])

    try:
        if os.path.isdir(path):
            raise refuse(f"{name} is a folder, not a recipe")
        if (
            asked and os.path.exists(path) and not os.path.isfile(path)
        ):  # a user may give a pipe, but no recipe makes nstk wait at one
            raise refuse(f"{name} is a device, not a recipe")
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)  # reads no more, because a name typed wrong may be that of a film
    except (OSError, ValueError) as error:
        why = trouble(path) or f"cannot be read ({error})"
        raise (refuse(f"no file {name}", suggest_file(path)) if why == NOT_THERE else refuse(f"{name} {why}")) from None
    if len(data) > MAX_BYTES:
        raise refuse(f"{name} is too long for a recipe, which has at most {MAX_BYTES:,} bytes")
    encoding = "UTF-16" if data.startswith((BOM_UTF16_BE, BOM_UTF16_LE)) else "UTF-8"
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        message = f"{name} is not a text file: byte {error.start} is not {encoding}"
        raise refuse(message, "a recipe is YAML in UTF-8") from None


def dump(data: Any) -> str:
    """YAML that `parse` reads back to the same data."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text
