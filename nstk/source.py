"""YAML text to a tree of values that remember where they were written, and the problems that point there.

Scalars follow YAML 1.2 (`1e-4` is a number, `on` is a word, `010` is ten). PyYAML's own rules are those of 1.1, and of two equal keys
it silently keeps the last, so nodes are read here rather than by its constructors. Text that is no recipe at all (binary, aliases
that nest to explode, a tree too deep) ends in a `Problem` as every other mistake does.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .errors import RecipeError

Path_ = tuple[str, ...]
"""A place in a recipe: `("losses", "gram", "weight")`."""

MAX_BYTES = 256 * 1024  # a recipe is a page; the pure-Python scanner takes seconds a megabyte
MAX_VALUES = 10_000
MAX_DEPTH = 40


@dataclass(frozen=True)
class Mark:
    """A place in a file; `line` is 0 where there is no line to show (the command line, a mapping given in Python)."""

    where: str
    folder: Path
    """What a relative path written here is relative to."""
    line: int = 0
    column: int = 0
    width: int = 1
    text: str = ""


@dataclass(frozen=True)
class Problem:
    """One mistake: what is wrong, where, and what to do."""

    message: str
    mark: Mark
    hint: str = ""

    def __str__(self) -> str:
        if not self.mark.line:
            return f"{self.mark.where}: {self.message}" + (f"\n      {self.hint}" if self.hint else "")
        caret = " " * (self.mark.column - 1) + "^" * self.mark.width
        return (
            f"{self.mark.where}:{self.mark.line}:{self.mark.column}: {self.message}\n"
            f"{self.mark.line:5} | {self.mark.text}\n"
            f"      | {caret} {self.hint}".rstrip()
        )


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
        """The node at `path`, or the closest one above it; steps that are not in the tree are passed over."""
        here = self
        for step in path:
            if isinstance(here.value, dict) and step in here.value:
                here = here.value[step]
            elif isinstance(here.value, list) and isinstance(step, int) and step < len(here.value):
                here = here.value[step]
        return here

    def find(self, word: str) -> Node | None:
        """The first key or value below this node that says `word`."""
        children: Iterable[tuple[Any, Node]] = ()
        if isinstance(self.value, dict):
            children = self.value.items()
        elif isinstance(self.value, list):
            children = enumerate(self.value)
        for key, node in children:
            if key == word:
                return Node(word, node.key or node.mark)
            if node.value == word and isinstance(node.value, str):
                return node
            if found := node.find(word):
                return found
        return None


def suggest(word: str, choices: Iterable[str]) -> str:
    """`did you mean ...?`, or nothing."""
    close = difflib.get_close_matches(word, list(choices), n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else ""


def shown(path: Path) -> str:
    """A path as a person at this working directory would write it."""
    try:
        return str(path.resolve().relative_to(Path.cwd().resolve()))
    except (ValueError, OSError):
        return str(path)


class _Resolver(yaml.SafeLoader):
    """PyYAML's composer with the scalars of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 (PyYAML's own name)


class _Dumper(yaml.SafeDumper):
    """Quotes what the reader above would not take for a word."""

    yaml_implicit_resolvers = _Resolver.yaml_implicit_resolvers


_INT = r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
_FLOAT = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
for _tag, _pattern, _first in (
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", _INT, "-+0123456789"),
    ("float", _FLOAT, "-+.0123456789"),
):
    _Resolver.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), list(_first))


def _scalar(node: yaml.ScalarNode) -> Any:
    kind, text = node.tag.rpartition(":")[2], node.value
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if kind == "float":
        return float(text.replace(".inf", "inf").replace(".Inf", "inf").replace(".INF", "inf").replace(".n", "n").replace(".N", "N"))
    return text


class _Reader:
    """Turns one composed YAML document into nodes; collects what is wrong with it."""

    def __init__(self, text: str, where: str, folder: Path):
        self.lines, self.where, self.folder = text.splitlines(), where, folder
        self.problems: list[Problem] = []
        self.count = 0

    def mark(self, start: yaml.Mark, end: yaml.Mark | None = None) -> Mark:
        text = self.lines[start.line] if start.line < len(self.lines) else ""
        width = end.column - start.column if end and end.line == start.line else len(text) - start.column
        return Mark(self.where, self.folder, start.line + 1, start.column + 1, max(1, width), text.replace("\t", " "))

    def problem(self, message: str, node: yaml.Node, hint: str = "") -> None:
        self.problems.append(Problem(message, self.mark(node.start_mark, node.end_mark), hint))

    def read(self, node: yaml.Node, depth: int = 0) -> Node:
        self.count += 1
        mark = self.mark(node.start_mark, node.end_mark)
        if self.count > MAX_VALUES or depth > MAX_DEPTH:
            what = "is nested too deeply" if depth > MAX_DEPTH else f"holds more than {MAX_VALUES} values"
            raise RecipeError([Problem(f"this recipe {what}: do its aliases (`*name`) repeat each other?", mark)])
        if isinstance(node, yaml.MappingNode):
            return Node(self._mapping(node, depth), mark)
        if isinstance(node, yaml.SequenceNode):
            return Node([self.read(item, depth + 1) for item in node.value], mark)
        if not node.tag.startswith("tag:yaml.org,2002:") or node.tag.rpartition(":")[2] not in (
            "null",
            "bool",
            "int",
            "float",
            "str",
        ):
            self.problem(f"the tag `{node.tag}` has no place in a recipe", node, "write a plain value")
            return Node(None, mark)
        try:
            return Node(_scalar(node), mark)
        except ValueError:
            self.problem(f"`{node.value[:20]}` is not a number that can be read", node)
            return Node(None, mark)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Node]:
        out: dict[str, Node] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.problem("a key must be one word", key_node)
                continue
            key = str(key_node.value)
            if key in out:
                first = out[key].key
                self.problem(f"`{key}` is written twice", key_node, f"the first is on line {first.line if first else '?'}")
                continue
            if key == "<<":
                self.problem("merge keys (`<<`) are not read", key_node, "use `extends: other.yaml`")
                continue
            out[key] = self.read(value_node, depth + 1)
            out[key].key = self.mark(key_node.start_mark, key_node.end_mark)
        return out


def parse(text: str, where: str, folder: Path) -> Node:
    """Read YAML. Raises `RecipeError` with every mistake that can be told at this level."""
    reader = _Reader(text, where, folder)
    try:
        root = _Resolver(text).get_single_node()
        node = reader.read(root) if root else Node(None, Mark(where, folder))
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        mark = reader.mark(at) if at else Mark(where, folder)
        raise RecipeError([Problem(f"not valid YAML: {error.problem or error}", mark, _yaml_hint(reader.lines, mark, error))]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = f"not a text file: character {error.character!r} on line {line}"
        raise RecipeError([Problem(message, Mark(where, folder), "a recipe is YAML in UTF-8")]) from None
    except RecursionError:
        raise RecipeError([Problem("this recipe is nested too deeply", Mark(where, folder))]) from None
    if reader.problems:
        raise RecipeError(reader.problems)
    return node


def _yaml_hint(lines: Sequence[str], mark: Mark, error: yaml.MarkedYAMLError) -> str:
    line = lines[mark.line - 1] if 0 < mark.line <= len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "indent with spaces, not tabs"
    if "mapping values are not allowed" in str(error.problem):
        return "is a `:` missing its line break, or a text its quotes?"
    return error.context or ""


def read_text(path: Path, mark: Mark | None = None) -> str:
    """The text of a recipe file. `mark` is where it was asked for."""
    mark = mark or Mark(shown(path), path.parent)

    def refuse(message: str, hint: str = "") -> RecipeError:
        return RecipeError([Problem(message, mark, hint)])

    try:
        if path.is_dir():
            raise refuse(f"{shown(path)} is a folder, not a recipe")
        data = path.read_bytes()
    except FileNotFoundError:
        raise refuse(f"no file {shown(path)}", suggest(path.name, siblings(path))) from None
    except OSError as error:
        raise refuse(f"cannot read {shown(path)}: {error.strerror or error}") from None
    except ValueError as error:  # a NUL in the name
        raise refuse(f"not a file name: {error}") from None
    if len(data) > MAX_BYTES:
        raise refuse(f"{shown(path)} has {len(data):,} bytes, a recipe at most {MAX_BYTES:,}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse(f"{shown(path)} is not a text file: byte {error.start} is not UTF-8", "a recipe is YAML in UTF-8") from None


def siblings(path: Path) -> list[str]:
    """The names of the files beside `path`, for suggestions."""
    try:
        return sorted(os.listdir(path.parent))[:1000]
    except OSError:
        return []


def from_plain(value: Any, mark: Mark) -> Node:
    """A node from plain data given in Python: every part carries the same mark."""
    if isinstance(value, dict):
        return Node({str(key): from_plain(item, mark) for key, item in value.items()}, mark)
    if isinstance(value, (list, tuple)):
        return Node([from_plain(item, mark) for item in value], mark)
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    return Node(value, mark)


def merge(below: Node, above: Node) -> Node:
    """`above` laid over `below`: mappings merge, all else replaces. Another `use:` is another thing, so it replaces too."""
    if not (isinstance(below.value, dict) and isinstance(above.value, dict)):
        return above
    ours, theirs = above.value.get("use"), below.value.get("use")
    if ours is not None and (theirs is None or ours.value != theirs.value):
        return above
    merged = {key: merge(node, above.value[key]) if key in above.value else node for key, node in below.value.items()}
    return Node(merged | {key: node for key, node in above.value.items() if key not in below.value}, above.mark, above.key)


SHORTHAND = {"output": "path"}
"""What a bare name stands for in a slot where it is not `use`."""


def override(root: Node, setting: str) -> None:
    """Apply `losses.gram.weight=1e5`, in place, as if the file had been edited there."""
    path, equals, text = setting.partition("=")
    mark = Mark(f"on the command line, {setting!r}", Path.cwd())
    keys = path.split(".")
    if not equals or not all(keys):
        raise RecipeError([Problem("an override is written key=value, such as losses.gram.weight=5", mark)])
    here = root
    for depth, key in enumerate(keys[:-1]):
        child = here.value.get(key)
        if child is None or child.value in (None, False):
            child = here.value[key] = Node({}, mark, mark)
        elif isinstance(child.value, list):
            inside = ".".join(keys[: depth + 1])
            raise RecipeError([Problem(f"`{inside}` is a list: override it as a whole, {inside}=[...]", mark)])
        elif not isinstance(child.value, dict):
            child.value = {SHORTHAND.get(key, "use"): Node(child.value, child.mark, child.key)}
        here = child
    try:
        value = parse(text, mark.where, mark.folder)
    except RecipeError as error:
        raise RecipeError([Problem(problem.message, mark, problem.hint) for problem in error.problems]) from None
    here.value[keys[-1]] = _remark(value, mark)


def _remark(node: Node, mark: Mark) -> Node:
    """The same tree with one mark everywhere: a command line has no lines to point at."""
    fresh = from_plain(node.plain(), mark)
    fresh.key = mark
    return fresh


def walk(node: Node) -> Iterator[Node]:
    """Every node of the tree, parents first."""
    yield node
    children = node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else ()
    for child in children:
        yield from walk(child)


def dump(data: Any) -> str:
    """YAML that `parse` reads back to the same data."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text
