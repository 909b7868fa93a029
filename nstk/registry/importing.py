"""Import a plugin: a file under a name of its own, or a module."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

from ..errors import PluginError
from ..files import shown
from ..hints import suggest


def place(spec: str, folder: Path) -> tuple[Path | None, str, str]:
    """The file that a plugin is (None for a module), its name and its origin."""
    if not spec.endswith(".py"):
        return None, spec, spec
    path = Path(os.path.abspath(folder / os.path.expanduser(spec)))
    return path, path.stem, shown(path)


def import_module(name: str, folder: Path) -> ModuleType:
    beside = f"{name}.py"
    hint = f"did you mean the file `{beside}`?" if (folder / beside).is_file() else "a file is written with its `.py`"
    missing = PluginError(f"there is no module `{name}`: {hint}")
    if not all(part.isidentifier() for part in name.split(".")):
        raise missing
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # the module is there, and what it imports is not
        raise missing from error


def import_file(path: Path) -> ModuleType:
    """Import a file under a name of its own. It is in `sys.modules` before it runs, so that its annotations resolve."""
    if not path.is_file():
        there = [other.name for other in path.parent.glob("*.py")]
        raise PluginError(": ".join(filter(None, ["there is no such file", suggest(path.name, there)])))
    name = f"nstk_file_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
