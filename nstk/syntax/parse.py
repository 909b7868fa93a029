"""YAML text to a tree of values, and back; the files that it is in, and the words that were meant.

Scalars follow YAML 1.2 (`1e-4` is a number, `on` is a word, `010` is ten). PyYAML's own rules are those of 1.1, and of two
equal keys it silently keeps the last, so nodes are read here rather than by its constructors. Text that is no recipe at all
(binary, aliases that nest to explode, a tree too deep) ends in a `Problem` as every other mistake does.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from .errors import RecipeError
from .tree import MAX_DEPTH, MAX_DIGITS, Mark, Node, Problem
from .yaml_errors import explain

MAX_BYTES = 64 * 1024  # a recipe is a page; the pure-Python scanner takes up to ten seconds a megabyte
MAX_VALUES = 10_000


class _Resolver(yaml.SafeLoader):
    """PyYAML's composer with the scalars of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 (PyYAML's own name)


class _Dumper(yaml.SafeDumper):
    """Quotes what the reader above would not take for a word; writes a value that occurs twice twice."""

    yaml_implicit_resolvers = _Resolver.yaml_implicit_resolvers

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_str(self, text: str) -> yaml.ScalarNode:
        breaks = any(char in text for char in "\x85\u2028\u2029")  # YAML's own line breaks, folded unless they are escaped
        return self.represent_scalar(_STR, text, style='"' if breaks else None)


_Dumper.add_representer(str, _Dumper.represent_str)


_INT = r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
_FLOAT = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
_TAG = "tag:yaml.org,2002:"
_STR = _TAG + "str"
_SCALARS = (  # name, what it is called, pattern, first characters
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
        text.encode()  # half a character, as in "\\ud800", is none: no file and no terminal takes it
        return text
    if not _PATTERNS[tag].match(text) or (tag.endswith("int") and len(text) > MAX_DIGITS):
        raise ValueError
    if tag.endswith("int"):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if tag.endswith("float"):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return None if tag.endswith("null") else text.lower() == "true"


class _Reader:
    """Turns one composed YAML document into nodes; collects what is wrong with it."""

    def __init__(self, text: str, where: str, folder: Path):
        self.lines, self.where, self.folder = text.splitlines(), where, folder
        self.problems: list[Problem] = []
        self.count = 0

    def mark(self, start: yaml.Mark, end: yaml.Mark | None = None) -> Mark:
        text = self.lines[start.line] if start.line < len(self.lines) else ""
        width = end.column - start.column if end and end.line == start.line else len(text) - start.column
        return Mark(self.where, self.folder, start.line + 1, start.column + 1, max(1, width), text)

    def problem(self, message: str, node: yaml.Node, hint: str = "") -> None:
        self.problems.append(Problem(message, self.mark(node.start_mark, node.end_mark), hint))

    def read(self, node: yaml.Node, depth: int = 0) -> Node:
        self.count += 1
        mark = self.mark(node.start_mark, node.end_mark)
        if depth > MAX_DEPTH:
            raise RecipeError([Problem(f"this recipe is nested more than {MAX_DEPTH} levels deep", mark)])
        if self.count > MAX_VALUES:
            message = f"this recipe holds more than {MAX_VALUES} values: do its aliases (`*name`) repeat each other?"
            raise RecipeError([Problem(message, mark)])
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return Node(self._mapping(node, depth), mark)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return Node([self.read(item, depth + 1) for item in node.value], mark)
        return Node(self._value(node), mark)

    def _value(self, node: yaml.Node) -> Any:
        """The value of a scalar; None, and a problem, if it has none."""
        if not isinstance(node, yaml.ScalarNode) or node.tag not in _WORDS:
            self.problem(f"the tag `{node.tag.replace(_TAG, '!!')}` has no place in a recipe", node, "write a plain value")
            return None
        try:
            return _scalar(node.tag, node.value)
        except ValueError:
            said = node.value if len(node.value) <= 20 else f"{node.value[:20]}..."
            hint = (
                "it holds half a character"
                if node.tag == _STR
                else f"it has {len(node.value)} digits"
                if said != node.value
                else ""
            )
            self.problem(f"`{said}` cannot be read as {_article(_WORDS[node.tag])}", node, hint)
            return None

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Node]:
        out: dict[str, Node] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.problem("a key must be one word", key_node)
                continue
            key, good = str(key_node.value), len(self.problems)
            if key_node.tag not in _PATTERNS:  # `null:` and `1:` are words here
                self._value(key_node)
            if len(self.problems) > good:
                continue
            if key in out:
                first = out[key].key
                self.problem(f"`{key}` is written twice", key_node, f"the first is on line {first.line}" if first else "")
            elif key == "<<":
                self.problem("merge keys (`<<`) are not read", key_node, "use `extends: other.yaml`")
            else:
                out[key] = self.read(value_node, depth + 1)
                out[key].key = self.mark(key_node.start_mark, key_node.end_mark)
        return out


def _article(word: str) -> str:
    return f"a {word}" if word in ("text", "number") else word


def parse(text: str, where: str, folder: Path) -> Node:
    """Read YAML. Raises `RecipeError` with every mistake that can be told at this level."""
    reader = _Reader(text, where, folder)
    try:
        root = _Resolver(text).get_single_node()
        node = reader.read(root) if root else Node(None, Mark(where, folder))
    except yaml.MarkedYAMLError as error:
        found = explain(error, reader.lines)
        line = reader.lines[found.line] if found.line < len(reader.lines) else ""
        mark = Mark(where, folder, found.line + 1, found.column + 1, found.width, line)
        raise RecipeError([Problem(found.message, mark, found.hint)]) from None
    except yaml.reader.ReaderError as error:
        place = f"the character U+{error.character:04X} on line {text.count(chr(10), 0, error.position) + 1}"
        raise RecipeError(
            [Problem(f"this is not text: it holds {place}", Mark(where, folder), "a recipe is YAML in UTF-8")]
        ) from None
    except RecursionError:
        message = f"this recipe is nested more than {MAX_DEPTH} levels deep"
        raise RecipeError([Problem(message, Mark(where, folder))]) from None
    if reader.problems:
        raise RecipeError(reader.problems)
    return node


def read_text(path: Path, asked: Mark | None = None) -> str:
    """The text of a recipe file. `asked` is where it was asked for."""
    name, mark = shown(path), asked or Mark("", path.parent)

    def refuse(message: str, hint: str = "") -> RecipeError:
        return RecipeError([Problem(message, mark, hint)])

    try:
        if path.is_dir():
            raise refuse(f"{name} is a folder, not a recipe")
        if (
            asked and path.exists() and not path.is_file()
        ):  # the user may give a pipe, but a recipe must not make us wait at one
            raise refuse(f"{name} is a device, not a recipe")
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)  # no more: a name typed wrong may be that of a film
    except (FileNotFoundError, NotADirectoryError):
        raise refuse(f"no file {name}", suggest_file(path)) from None
    except OSError as error:
        raise refuse(f"cannot read {name}: {error.strerror or error}") from None
    except ValueError:  # a NUL in the name
        raise refuse(f"no file {name}") from None
    if len(data) > MAX_BYTES:
        raise refuse(f"{name} is too long for a recipe, which has at most {MAX_BYTES:,} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse(f"{name} is not a text file: byte {error.start} is not UTF-8", "a recipe is YAML in UTF-8") from None


def dump(data: Any) -> str:
    """YAML that `parse` reads back to the same data."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text


def suggest(word: str, choices: Iterable[str]) -> str:
    """`did you mean ...?`, or nothing."""
    close = difflib.get_close_matches(word, list(choices), n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else ""


def shown(path: Path) -> str:
    """A path as a person at this working directory would write it."""
    try:
        return str(Path(os.path.abspath(path)).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def located(text: str, folder: Path) -> Path:
    """The file that a text written in a recipe in `folder` means, absolute. It need not exist, nor even be possible."""
    path = folder / os.path.expanduser(text)
    try:
        return real(path.parent) / path.name  # a link keeps its name; `..` behind one means what the system says
    except (OSError, ValueError):  # a NUL or half a character in it
        return path.absolute()


def real(path: Path) -> Path:
    """Where a path leads, through links; links in a loop are left as they are. Raises `ValueError` for a NUL."""
    return Path(os.path.realpath(path))


def possible(path: Path) -> bool:
    """Whether there can be such a file: its name is UTF-8, not too long and without a NUL, and is no link in a loop."""
    try:
        path.name.encode()
        path.stat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return True
    except (OSError, ValueError):
        return False
    return True


def exists(path: Path) -> bool:
    """Whether there is such a file or folder; `path` may be one that no file can have."""
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, or with a NUL in it
        return False


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, through links too; that file need not exist yet."""
    try:
        return real(one) == real(other) or one.samefile(other)
    except (OSError, ValueError):
        return False


def suggest_file(path: Path) -> str:
    """`did you mean ...?` with the name of a file beside `path` that is much like it, also without its suffix; or nothing."""
    try:
        beside = [name for name in sorted(os.listdir(path.parent))[:1000] if name != path.name]  # a link may lead nowhere
    except (OSError, ValueError):
        return ""
    like = difflib.get_close_matches(path.stem, {Path(name).stem for name in beside}, n=3, cutoff=0.7)
    return suggest(path.name, [name for name in beside if Path(name).stem in like])
