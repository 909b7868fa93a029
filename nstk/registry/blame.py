"""Which plugin a mistake is in, and in which line.

`spot` tells where a function or a class is defined. `blame` tells where an error comes from, both while a plugin is loaded and
while a run calls what the plugin defines.
"""

from __future__ import annotations

import importlib
import os
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..api import Definition
from ..errors import NstkError, OutOfMemory, PluginError, RunError
from .source import lines_of

SCOPE = "loss.{}"
"""The name scope of a loss, made from its label. In a compiled step, the names of the loss's operations hold this scope."""

_CORE = Path(__file__).parents[1]
_PLUGINS = _CORE / "plugins"
"""The folder of the plugins that come with nstk, in a wheel. A line of these is blamed like a line of any other plugin."""
_IMPORTING = Path(importlib.__file__).parent
_LIBRARY = Path(os.__file__).parent
_OUT_OF_MEMORY = ("ResourceExhaustedError", "MemoryError")
"""The exceptions that mean a lack of memory, by name because TensorFlow is not imported here."""
_NODE = re.compile(r"\{\{.*?\}\} ?")
"""The names of nodes with which many of TensorFlow's messages begin."""

_Line = tuple[str, int | None]
"""A file and a line of it."""


def spot(thing: Any) -> str:
    """Where a function or a class is defined, such as `foo.py:12`."""
    try:
        file, first, lines = lines_of(thing)
    except OSError:  # the thing was made without a source, by exec for instance
        return str(getattr(thing, "__module__", thing))
    above = next((i for i, line in enumerate(lines) if line.lstrip().startswith(("def ", "class ", "async def "))), 0)
    return _shown((file, first + above))  # a decorator is a line above what it decorates


@contextmanager
def blaming(who: str, definition: Definition) -> Iterator[None]:
    """What a plugin's code raises inside becomes a `RunError` that begins with `who` and ends with the plugin's line."""
    try:
        yield
    except NstkError:
        raise
    except Exception as error:
        if type(error).__name__ in _OUT_OF_MEMORY:
            raise OutOfMemory(f"{who} ran out of memory: choose a smaller `size`") from error
        raise RunError(f"{who} failed: {blame(error, definition)}") from error


def blame(error: BaseException, definition: Definition | None = None) -> str:
    """What was raised, and the line of the plugin that led to the error, such as `ValueError: no such thing (foo.py:12)`.

    If a `definition` raised the error, the line is the deepest one in the folders of the definition's own code. The deepest
    line of all is often TensorFlow's.
    """
    if isinstance(error, PluginError):
        return str(error)
    said = _NODE.sub("", str(error)).strip()
    if said.startswith("Graph execution error"):
        return f"{type(error).__name__}: {_in_graph(said)}"
    if isinstance(error, SyntaxError):
        return _told(error, error.msg, (error.filename or "?", error.lineno))
    own = _deepest_of(error, definition) if definition else None
    return _told(error, said.partition("\n")[0], own or _deepest(error))


def code(definition: Definition, *methods: str) -> list[tuple[str, int]]:
    """The file and line of each method that the definition's own classes define, or only of those named in `methods`."""
    owned = [cls for cls in type(definition).__mro__ if issubclass(cls, Definition) and not _is_of_api(cls)]
    found = [getattr(cls.__dict__.get(name), "__code__", None) for cls in owned for name in methods or cls.__dict__]
    return [(code.co_filename, code.co_firstlineno) for code in found if code]


def _is_of_api(cls: type) -> bool:
    """Whether a class is one that plugins subclass."""
    return cls.__module__.startswith(f"{Definition.__module__.rpartition('.')[0]}.")


def _deepest_of(error: BaseException, definition: Definition) -> _Line | None:
    """The deepest line that is in a folder of the definition's own code."""
    homes = {Path(file).parent for file, _ in code(definition)}
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).parent in homes:
            return frame.filename, frame.lineno
    # A method that does not take its arguments raises a TypeError before any line of the method runs.
    called = code(definition, "__call__", "step", "start") if isinstance(error, TypeError) else []
    return called[0] if called else None


def _deepest(error: BaseException) -> _Line | None:
    """The deepest line of the package whose line comes first.

    The packages that this package called, such as pydantic or TensorFlow, are not where to look for the mistake.
    """
    lines = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    lines = [line for line in lines if _is_plugins(line[0])]
    return next((line for line in reversed(lines) if _home(line[0]) == _home(lines[0][0])), None)


def _is_plugins(file: str) -> bool:
    """Whether a line in `file` may be a plugin's: it is neither the core's nor the import machinery's."""
    parents = Path(file).parents
    cores = _CORE in parents and _PLUGINS not in parents
    return not (file.startswith("<frozen") or cores or _IMPORTING in parents)


def _home(file: str) -> tuple[str, ...]:
    """The parts of the path of the installed package that a file belongs to; empty for a file of the user's own."""
    parts = Path(file).parts
    for folder in ("site-packages", "dist-packages"):
        if folder in parts:
            return parts[: parts.index(folder) + 2]
    return _LIBRARY.parts if _LIBRARY in Path(file).parents else ()


def _in_graph(said: str) -> str:
    """What TensorFlow says of an error in a compiled step: `assertion failed: [too dark] in loss `mine` (my_loss.py:12)`.

    TensorFlow's message lists the node, the lines of code that made the node, and after an empty line what is wrong.
    """
    what = said.split("\n\n")[-1].strip().partition("\n")[0]
    label = re.search(r"Detected at node \S*" + SCOPE.format(r"([\w-]+)"), said)
    lines = re.findall(r'File "(.+)", line (\d+)', said)
    where = f" ({_shown((lines[-1][0], int(lines[-1][1])))})" if lines else ""
    return what + (f" in loss `{label[1]}`" if label else "") + where


def _told(error: BaseException, said: str, line: _Line | None) -> str:
    return ": ".join(filter(None, [type(error).__name__, said])) + (f" ({_shown(line)})" if line else "")


def _shown(line: _Line) -> str:
    return f"{Path(line[0]).name}:{line[1]}"
