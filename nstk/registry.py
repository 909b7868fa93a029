"""Find plugins, load them without letting one break the rest, remember who defined what, and blame the right file.

A registry belongs to one run: nothing here is global.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import pkgutil
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import pluggy

from .api import Definition
from .errors import PluginError
from .hookspecs import KINDS, PROJECT, Hooks
from .source import shown, suggest

SHIPPED = "nstk"
"""The name of the plugin that ships with nstk, and with `nstk:gram` the owner of its gram."""

_D = TypeVar("_D", bound=Definition)


@dataclass
class Plugin:
    """What was loaded from one place."""

    name: str
    version: str
    origin: str
    """`built in`, the distribution, or the file."""
    modules: list[ModuleType] = field(default_factory=list)
    defines: list[tuple[str, str]] = field(default_factory=list)
    """(kind, name) of everything it defines."""


@dataclass(frozen=True)
class Failure:
    """A plugin that did not load, and why."""

    name: str
    origin: str
    error: BaseException

    def __str__(self) -> str:
        return f"plugin `{self.name}` ({self.origin}) did not load: {blame(self.error)}"


def blame(error: BaseException) -> str:
    """`ModuleNotFoundError: no module named x (foo.py:3)`: the last line of code that is not import machinery or ours."""
    if isinstance(error, PluginError):
        return str(error)
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg} ({Path(error.filename or '?').name}:{error.lineno})"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename not in (__file__, importlib.metadata.__file__)
        and "importlib" not in Path(frame.filename).parts
        and not frame.filename.startswith("<")
    ]
    spot = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}{spot}"


def file_hash(path: str | Path) -> str:
    """sha256 of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def _shipped_modules() -> Iterator[ModuleType]:
    import nstk.plugins

    for found in pkgutil.walk_packages(nstk.plugins.__path__, "nstk.plugins."):
        if not found.ispkg and not found.name.rpartition(".")[2].startswith("_"):
            yield importlib.import_module(found.name)


class Registry:
    """The plugins of one run.

    `without` names plugins that are not to be loaded (`-p no:NAME`).
    """

    def __init__(self, *, installed: bool = True, without: Iterable[str] = ()):
        self.manager = pluggy.PluginManager(PROJECT)
        self.manager.add_hookspecs(Hooks)
        self.plugins: list[Plugin] = []
        self.failures: list[Failure] = []
        self.without = frozenset(without)
        self._owned: dict[tuple[str, str], list[tuple[Plugin, type[Definition]]]] = {}
        shipped = Plugin(SHIPPED, _version(), "built in")
        self.plugins.append(shipped)
        for module in _shipped_modules():
            self._register(shipped, module)
        if installed:
            for entry in sorted(entry_points(group=PROJECT), key=lambda entry: entry.name):
                self._load_entry(entry)

    def _load_entry(self, entry: EntryPoint) -> None:
        """Load one installed plugin. One that is broken must not take the tool down."""
        if entry.name in self.without:
            return
        dist = entry.dist
        origin = f"{dist.name} {dist.version}" if dist else entry.value
        try:
            plugin = Plugin(entry.name, dist.version if dist else "", origin)
            self._register(plugin, entry.load())
        except Exception as error:
            self.failures.append(Failure(entry.name, origin, error))
        else:
            self.plugins.append(plugin)

    def load(self, spec: str, folder: Path) -> None:
        """Load what a recipe or `-p` asked for: a file (`./foo.py`) relative to `folder`, or a module (`foo.bar`).

        Raises `PluginError`: what was asked for by name has to work.
        """
        path = (folder / spec).resolve() if spec.endswith(".py") else None
        if path and not path.is_file():
            there = [name for name in _names(path.parent) if name.endswith(".py")]
            raise PluginError(f"no plugin file {shown(path)}" + (f": {hint}" if (hint := suggest(path.name, there)) else ""))
        name = path.stem if path else spec
        origin = shown(path) if path else spec
        if name in self.without or any(origin == plugin.origin for plugin in self.plugins):
            return
        try:
            module = _import_file(path) if path else importlib.import_module(spec)
            plugin = Plugin(name, str(getattr(module, "__version__", "")), origin)
            self._register(plugin, module)
        except Exception as error:
            raise PluginError(str(Failure(name, origin, error))) from error
        self.plugins.append(plugin)

    def _register(self, plugin: Plugin, module: ModuleType) -> None:
        """Register one module with pluggy and take down what it defines. Leaves nothing behind when it fails."""
        _refuse_slips(module)
        if self.manager.is_registered(module):
            return
        if plugin.name != SHIPPED and not any(hasattr(member, f"{PROJECT}_impl") for member in vars(module).values()):
            raise PluginError(f"it has no hook: add one, such as\n    @{PROJECT}.hookimpl\n    def nstk_losses(): return [MyLoss]")
        key = f"{plugin.origin}/{getattr(module, '__name__', plugin.name)}"
        try:
            self.manager.register(module, key)
            found = [(kind, cls) for hook, (kind, base) in KINDS.items() for cls in self._classes(hook, base, module)]
        except BaseException as error:
            self.manager.unregister(module)  # a register() that fails leaves the plugin half in
            if isinstance(error, pluggy.PluginValidationError):
                raise PluginError(" ".join(str(error).split())) from None
            raise
        plugin.modules.append(module)
        for kind, cls in found:
            plugin.defines.append((kind, cls.name))
            self._owned.setdefault((kind, cls.name), []).append((plugin, cls))

    def _classes(self, hook: str, base: type, module: ModuleType) -> list[type[Definition]]:
        """What one module's implementation of one hook returns, so that it, and what it raises, has an owner."""
        classes: list[type[Definition]] = []
        for call in getattr(self.manager.hook, hook).get_hookimpls():
            if call.plugin is not module:
                continue
            made = call.function()
            if inspect.isclass(made) or not isinstance(made, Iterable):
                raise PluginError(f"{_spot(call.function)}: {hook} returns {made!r}: return a list of classes")
            for cls in made:
                _check_class(cls, base, f"{_spot(call.function)}: {hook}")
                classes.append(cls)
        return classes

    def names(self, kind: str) -> list[str]:
        """Every name of a kind, sorted."""
        return sorted({name for k, name in self._owned if k == kind})

    def get(self, kind: str, name: str) -> type[Any]:
        """The class called `gram`, or `histogram:gram` where two plugins define a `gram`."""
        owner, _, short = name.rpartition(":")
        found = [(plugin, cls) for plugin, cls in self._owned.get((kind, short), []) if owner in ("", plugin.name)]
        if len(found) > 1:
            choices = " or ".join(f"`{plugin.name}:{short}` ({plugin.origin})" for plugin, _ in found)
            raise PluginError(f"two plugins define the {kind} `{name}`: write {choices}")
        if not found:
            raise PluginError(f"no {kind} is called `{name}`")
        return found[0][1]

    def unknown_hint(self, kind: str, name: str) -> str:
        """What to do about a name that no plugin defines."""
        elsewhere = [k for k, known in self._owned if known == name]
        parts = [suggest(name, self.names(kind)) or f"known: {', '.join(self.names(kind))}"]
        if elsewhere:
            parts.append(f"`{name}` is a {elsewhere[0]}")
        parts += [f"{failure}; it may define it" for failure in self.failures]
        return "; ".join(parts)

    def owner(self, cls: type[Definition]) -> Plugin:
        """The plugin that defines a class."""
        return next(plugin for owned in self._owned.values() for plugin, known in owned if known is cls)

    def add_commands(self, group: Any) -> None:
        """Let plugins add commands to the command line."""
        for call in self.manager.hook.nstk_commands.get_hookimpls():
            try:
                call.function(group)
            except Exception as error:
                owner = next((plugin for plugin in self.plugins if call.plugin in plugin.modules), self.plugins[0])
                self.failures.append(Failure(owner.name, owner.origin, error))


def _version() -> str:
    try:
        return version("nstk-styletransfer")
    except PackageNotFoundError:  # imported from a checkout that was never installed
        from . import __version__

        return __version__


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def _import_file(path: Path) -> ModuleType:
    """Import a file under a name of its own. It is in `sys.modules` before it runs, so its annotations resolve and it pickles."""
    name = f"nstk_file_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{shown(path)} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _spot(function: Callable[..., Any]) -> str:
    code = inspect.unwrap(function).__code__
    return f"{Path(code.co_filename).name}:{code.co_firstlineno}"


def _refuse_slips(module: ModuleType) -> None:
    """Refuse what pluggy would pass over in silence: a misspelt hook, a forgotten `@nstk.hookimpl`, an argument with a default."""
    hooks = [name for name in vars(Hooks) if name.startswith("nstk_")]
    for name, member in list(vars(module).items()):
        if not inspect.isfunction(member) or member.__module__ != module.__name__:
            continue
        marked = hasattr(member, f"{PROJECT}_impl")
        if marked and name not in hooks:
            hint = suggest(name, hooks) or f"the hooks are {', '.join(hooks)}"
            raise PluginError(f"{_spot(member)}: `{name}` is not a hook of nstk: {hint}")
        if name in hooks and not marked:
            raise PluginError(f"{_spot(member)}: `{name}` is not marked as a hook: write `@nstk.hookimpl` above it")
        if not marked:
            continue
        for parameter in inspect.signature(member).parameters.values():
            if parameter.default is not parameter.empty:
                raise PluginError(f"{_spot(member)}: `{name}` gives `{parameter.name}` a default: no value would ever be passed")


def _check_class(cls: Any, base: type, where: str) -> None:
    if not (inspect.isclass(cls) and issubclass(cls, base)):
        raise PluginError(f"{where} returns {cls!r}, which is not a subclass of nstk.{base.__name__}")
    name = getattr(cls, "name", None)
    if not isinstance(name, str) or not name or ":" in name or "." in name or "=" in name:
        raise PluginError(f'{where}: {cls.__name__} needs a name: write `name = "{cls.__name__.lower()}"` in the class')


def describe_plugins(registry: Registry) -> Sequence[tuple[str, str, str, str]]:
    """Rows of `nstk plugins`: name, version, origin, what it defines or why it is broken; the broken ones last."""
    rows = [
        (plugin.name, plugin.version, plugin.origin, ", ".join(f"{kind} {name}" for kind, name in plugin.defines) or "commands only")
        for plugin in registry.plugins
    ]
    return rows + [(failure.name, "", failure.origin, f"broken: {blame(failure.error)}") for failure in registry.failures]
