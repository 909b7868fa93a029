"""Import a plugin: a file under a name of its own, with the files beside it that it imports, or a module.

A file may say `import helpers` where helpers.py lies in the same folder. Only the files of that folder find this helpers.py: no
folder is added to `sys.path`, and no module elsewhere can import it as `helpers`. So two folders may each have a helpers.py,
and a file beside a plugin never stands in for a package that others import. For the plugin itself, as for a script, a file in
its folder comes before an installed package, but never before Python's own modules. A registry runs a file only once, however
many plugins import the file.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import PluginError
from ..files import NOT_THERE, file_hash, shown, trouble
from ..hints import suggest_file

FILE = "nstk_file_"
"""The beginning of the name of each module that nstk has imported from a file."""


def place(spec: str, folder: Path) -> tuple[Path | None, str, str]:
    """The file of a plugin (None for a module), the plugin's name, and the plugin's origin."""
    if not spec.endswith(".py"):
        return None, spec, spec
    path = Path(os.path.abspath(folder / os.path.expanduser(spec)))
    return path, path.stem, shown(path)


def import_module(name: str, folder: Path) -> ModuleType:
    beside = f"{name}.py"
    hint = f"did you mean the file `{beside}`?" if os.path.isfile(folder / beside) else "a file is written with its `.py`"
    missing = PluginError(f"there is no module `{name}`: {hint}")
    if not all(part.isidentifier() for part in name.split(".")):
        raise missing
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # the module is there, and what it imports is not
        raise missing from error


class Files:
    """The files that one registry has imported."""

    def __init__(self) -> None:
        self._modules: dict[Path, ModuleType] = {}

    def load(self, path: Path) -> ModuleType:
        """Import a file under a name of its own. The module is in `sys.modules` before it runs, so that annotations resolve."""
        if path in self._modules:
            return self._modules[path]
        if why := trouble(path):
            missing = ["there is no such file", suggest_file(path)]
            raise PluginError(": ".join(filter(None, missing)) if why == NOT_THERE else f"it {why}")
        stem = os.fsencode(path.stem).decode(errors="replace")  # pydantic reads the name, and takes whole characters only
        name = f"{FILE}{hashlib.sha256(os.fsencode(path)).hexdigest()[:8]}_{stem}"
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path.name} is not a Python file")
        module = importlib.util.module_from_spec(spec)
        # Python asks a module's own builtins what `import` means, also in a function that is called later.
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": self._importer(path)}
        sys.modules[name] = self._modules[path] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name], self._modules[path]
            raise
        return module

    def _importer(self, importing: Path) -> Any:
        """The function that `import` calls in a file. A file in the same folder comes first."""

        def import_(
            name: str,
            globals: Mapping[str, Any] | None = None,
            locals: Mapping[str, Any] | None = None,
            fromlist: Sequence[str] | None = (),
            level: int = 0,
        ) -> ModuleType:
            if level == 0 and (path := _beside(importing, name)):
                return self.load(path)
            return builtins.__import__(name, globals, locals, fromlist or (), level)

        return import_


def _beside(importing: Path, name: str) -> Path | None:
    """The file in the folder of `importing` that `import NAME` means there; None if `import` means no such file."""
    path = importing.parent / f"{name}.py"
    return path if name not in sys.stdlib_module_names and path != importing and os.path.isfile(path) else None


def source_hash(module: str, file: str) -> str:
    """The sha256 of a module's file; empty if there is no such file.

    For a module that nstk imported from a file, the hash also covers the files in its folder that the module imports.
    """
    if not os.path.isfile(file):
        return ""
    files = with_siblings(Path(file)) if module.startswith(FILE) else [Path(file)]
    hashes = [file_hash(path) for path in files]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def with_siblings(path: Path) -> list[Path]:
    """A file, and those in its folder that it imports, wherever in its code, and that these import in turn; sorted."""
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        here = waiting.pop()
        beside = {_beside(here, name) for name in _imported(here)} - {None, path} - found
        new = [other for other in beside if other]
        found.update(new)
        waiting += new
    return [path, *sorted(found)]


def _imported(path: Path) -> Iterator[str]:
    """The names of modules that a file imports."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):  # the file has changed since it was imported, and so has its hash
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module
