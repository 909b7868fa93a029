"""The source of a class or a function, wherever it was defined: in a file, or in a cell of a notebook."""

from __future__ import annotations

import ast
import hashlib
import inspect
import linecache
import re
from collections.abc import Iterator
from types import CodeType
from typing import Any

_OTHERS = ("abc", "builtins", "nstk", "pydantic", "typing")
"""The packages of base classes that are no part of a class's hash. A record holds the versions of these packages."""
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def lines_of(thing: Any) -> tuple[str, int, list[str]]:
    """The file of a class or a function, the line where it begins, and its lines. Raises `OSError` where there is no source."""
    try:
        lines, first = inspect.getsourcelines(thing)
        return inspect.getsourcefile(thing) or "", max(1, first), lines
    except (OSError, TypeError):
        # `inspect` does not find a class of a notebook's cell, but the class's methods tell where the class is.
        if not inspect.isclass(thing):
            raise OSError("no source") from None
        return _found_by_methods(thing)


def class_hash(cls: type) -> str:
    """The sha256 of the source of a class and of those of its bases that are in none of the packages `_OTHERS`.

    Where a class or a base has no source, its compiled code is hashed instead.
    """
    own = [it for it in cls.__mro__ if it.__module__.partition(".")[0] not in _OTHERS]
    return hashlib.sha256("\n".join(map(_text, own)).encode()).hexdigest()


def _text(cls: type) -> str:
    try:
        return "".join(lines_of(cls)[2])
    except OSError:
        return "\n".join(_compiled(cls))


def _found_by_methods(cls: type) -> tuple[str, int, list[str]]:
    """The file of a class, the line where it begins, and its lines, found by the places of its methods."""
    for code in _codes(cls):
        lines = linecache.getlines(code.co_filename)
        try:
            tree = ast.parse("".join(lines))
        except (SyntaxError, ValueError):  # the source was changed since
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name == cls.__name__ and _holds(node, code.co_firstlineno):
                first = min([node.lineno, *(it.lineno for it in node.decorator_list)])
                return code.co_filename, first, lines[first - 1 : node.end_lineno]
    raise OSError("no source")


def _holds(node: ast.ClassDef, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _codes(cls: type) -> Iterator[CodeType]:
    """The code of the functions that a class itself defines."""
    for member in vars(cls).values():
        if (code := _code(member)) and member.__qualname__.startswith(f"{cls.__qualname__}."):
            yield code


def _code(member: Any) -> CodeType | None:
    code = getattr(getattr(member, "__func__", member), "__code__", None)
    return code if isinstance(code, CodeType) else None


def _compiled(cls: type) -> Iterator[str]:
    """What a class without a source does, as text: its functions as they were compiled, its fields and its plain values."""
    yield cls.__qualname__
    for name, member in sorted(vars(cls).items()):
        if code := _code(member):
            yield f"{name}: {_instructions(code)}, {_shown(getattr(member, '__defaults__', None))}"
        elif isinstance(member, (str, int, float, tuple)) and not name.startswith("__"):
            yield f"{name} = {member!r}"
    for name, info in getattr(cls, "model_fields", {}).items():
        yield f"{name}: {_shown(info)}"


def _instructions(code: CodeType) -> str:
    constants = [_instructions(it) if isinstance(it, CodeType) else _constant(it) for it in code.co_consts]
    return f"{code.co_code.hex()}, {code.co_names}, {constants}"


def _constant(value: Any) -> str:
    # The members of a frozenset are sorted, because their order may differ between processes.
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)


def _shown(value: Any) -> str:
    return _ADDRESS.sub("", repr(value))
