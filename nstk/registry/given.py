"""Plugins that are given in Python: a class, as a cell of a notebook defines it, or a module.

A recipe writes `python:MyLoss` for a class that was given. nstk cannot find the class again by that name, but can ask for it.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from ..api import Definition
from ..api.hookspecs import KINDS
from ..errors import PluginError
from .blame import spot
from .importing import FILE
from .refusals import check_class

PYTHON = "python"
"""The name of the plugin that holds the classes given in Python."""
ORIGIN = "given in Python"
_PREFIX = f"{PYTHON}:"
_INSTALLED = ("site-packages", "dist-packages")

PluginLike = str | os.PathLike[str] | ModuleType | type[Definition]
"""A plugin as `nstk.load_recipe` takes it: a file, the name of a module, a module, or a class."""


def spec_of(plugin: Any) -> str:
    """A plugin as a recipe names it. Raises `PluginError` for a value that is no plugin."""
    if isinstance(plugin, (str, os.PathLike)):
        return str(os.fspath(plugin))
    if isinstance(plugin, ModuleType):
        return _module_spec(plugin)
    if inspect.isclass(plugin) and issubclass(plugin, Definition):
        return f"{_PREFIX}{plugin.__name__}"
    if isinstance(plugin, Definition):
        cls = type(plugin).__name__
        raise PluginError(f"`plugins` holds an instance of {cls}: give the class itself, `plugins=[{cls}]`")
    if inspect.isclass(plugin):
        hint = f"write `class {plugin.__name__}(nstk.Loss)`, or another of nstk's kinds"
        raise PluginError(f"{spot(plugin)}: `plugins` holds the class {plugin.__name__}, which is no nstk.Definition: {hint}")
    what = "a plugin is a file, the name of a module, a module or a class"
    raise PluginError(f"`plugins` holds {plugin!a:.60}: {what}")


def listed(plugins: Any) -> Sequence[Any]:
    """The plugins, if they were given as a list. Raises `PluginError` for a plugin that is not in a list."""
    if isinstance(plugins, (str, os.PathLike, ModuleType, Definition, type)):
        shown = repr(plugins) if isinstance(plugins, str) else getattr(plugins, "__name__", "...")
        raise PluginError(f"`plugins` is a list: write `plugins=[{shown}]`")
    try:
        return list(plugins)
    except TypeError:
        raise PluginError(f"`plugins` is a list, such as `plugins=[MyLoss]`, not {plugins!a:.60}") from None


def class_named(spec: str) -> str:
    """The name of a class given in Python: `MyLoss` for `python:MyLoss`. The result is empty for any other plugin."""
    return spec.removeprefix(_PREFIX) if spec.startswith(_PREFIX) else ""


def how_to_give(name: str) -> str:
    """What to do where a class that was given in Python is missing."""
    again = " or ".join(f"`nstk.{function}(path, plugins=[{name}])`" for function in ("load_recipe", "resume"))
    return f"give it again, {again}, or put it into a file and name that in `plugins`"


def checked(classes: Iterable[type[Definition]]) -> Sequence[tuple[str, type[Definition]]]:
    """Classes that were given in Python, each once and with its kind.

    Raises `PluginError` for a class that no recipe could use, and for two classes of one name.
    """
    found: list[tuple[str, type[Definition]]] = []
    for cls in dict.fromkeys(classes):
        kind = _kind_of(cls)
        check_class(cls)
        if any(cls.__name__ == other.__name__ for _, other in found):
            raise PluginError(f"{spot(cls)}: two classes given in Python are called {cls.__name__}: rename one of them")
        if (kind, cls.name) in [(its, other.name) for its, other in found]:
            raise PluginError(f"{spot(cls)}: `plugins` defines the {kind} `{cls.name}` twice")
        found.append((kind, cls))
    return found


def _kind_of(cls: type[Definition]) -> str:
    for kind, base in KINDS.values():
        if issubclass(cls, base):
            return kind
    bases = ", ".join(f"nstk.{base.__name__}" for _, base in KINDS.values())
    raise PluginError(f"{spot(cls)}: {cls.__name__} is of no kind that a recipe can use: subclass one of {bases}")


def _module_spec(module: ModuleType) -> str:
    """The name of a module that is installed or in a package; the file of any other module."""
    name, file = module.__name__, getattr(module, "__file__", None) or ""
    by_name = "." in name or hasattr(module, "__path__") or any(folder in Path(file).parts for folder in _INSTALLED)
    if by_name and not name.startswith(FILE):
        return name
    if not file.endswith(".py"):
        raise PluginError(f"the module `{name}` has no file by which a recipe could name it: give its classes instead")
    return os.path.abspath(file)
