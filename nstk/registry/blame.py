"""Which line of whose file a mistake is in."""

from __future__ import annotations

import importlib
import inspect
import os
import traceback
from pathlib import Path
from typing import Any

from .errors import PluginError


def spot(thing: Any) -> str:
    """`foo.py:12`: where a function or a class is defined."""
    try:
        lines, first = inspect.getsourcelines(thing)
        file = inspect.getsourcefile(thing) or ""
    except (OSError, TypeError):  # made without a source, by exec for instance
        return str(getattr(thing, "__module__", thing))
    above = next((i for i, line in enumerate(lines) if line.lstrip().startswith(("def ", "class ", "async def "))), 0)
    return f"{Path(file).name}:{max(1, first) + above}"  # a decorator is a line above what it decorates


def blame(error: BaseException) -> str:
    """`ModuleNotFoundError: No module named 'x' (foo.py:3)`: what was raised, and the line of the plugin that led to it."""
    if isinstance(error, PluginError):
        return str(error)
    said = str(error).partition("\n")[0]
    places = [
        (frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__) if _is_plugins(frame.filename)
    ]
    if isinstance(error, SyntaxError):
        said, place = error.msg, (error.filename or "?", error.lineno)
    elif places:
        home = _home(places[0][0])  # what the plugin called (pydantic, TensorFlow) is not where to look
        place = next(place for place in reversed(places) if _home(place[0]) == home)
    else:
        place = None
    return ": ".join(filter(None, [type(error).__name__, said])) + (f" ({Path(place[0]).name}:{place[1]})" if place else "")


def _is_plugins(file: str) -> bool:
    """Whether a line in `file` may be a plugin's: it is neither the core's nor the import machinery's."""
    ours, machinery = Path(__file__).parent, Path(importlib.__file__).parent
    return not file.startswith("<") and Path(file).parent != ours and machinery not in Path(file).parents


def _home(file: str) -> tuple[str, ...]:
    """The installed package that a file belongs to; nothing for a file of the user's own."""
    parts = Path(file).parts
    for folder in ("site-packages", "dist-packages"):
        if folder in parts:
            return parts[: parts.index(folder) + 2]
    library = Path(os.__file__).parent
    return library.parts if library in Path(file).parents else ()
