"""Find plugins, load them without letting one break the rest, and remember which plugin defines what.

A registry belongs to one run: nothing here is global.
"""

from __future__ import annotations

import importlib.util
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pluggy

from .._version import __version__
from ..api import Definition
from ..api.hookspecs import KINDS, PROJECT, Hooks
from ..errors import PluginError
from ..hints import suggest
from .blame import blame, spot
from .given import (
    ORIGIN,
    PYTHON as PYTHON,
    PluginLike as PluginLike,
    checked,
    class_named as class_named,
    how_to_give as how_to_give,
    listed as listed,
    spec_of as spec_of,
)
from .importing import Files, import_module, place, source_hash, with_siblings as with_siblings
from .refusals import check_class, check_returned, refuse_hookless, refuse_slips
from .source import class_hash

if TYPE_CHECKING:
    import click


SHIPPED = "nstk"
"""The name of the plugin that ships with nstk, which a recipe may write before the name of a class: `nstk:gram`."""


BROKEN = (Exception, SystemExit)
"""The exceptions by which a plugin fails to load. `KeyboardInterrupt` is not among them, for it comes from the user."""


@dataclass
class Plugin:
    """A plugin: all that was loaded from one place."""

    name: str
    version: str
    origin: str
    """Where the plugin comes from: `built in`, a distribution, a file, a module, or `given in Python`."""
    modules: list[ModuleType] = field(default_factory=list)
    defines: list[tuple[str, str]] = field(default_factory=list)
    """The kind and the name of everything that the plugin defines."""


@dataclass(frozen=True)
class Failure:
    """A plugin that did not load or could not add its commands, and why."""

    name: str
    origin: str
    error: BaseException
    what: str = "did not load"

    def __str__(self) -> str:
        return f"plugin `{self.name}` ({self.origin}) {self.what}: {blame(self.error)}"


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
        self.given: dict[str, type[Definition]] = {}
        """The classes that were given in Python, by their own names."""
        self._files = Files()
        self._owned: dict[tuple[str, str], list[tuple[Plugin, type[Definition]]]] = {}
        if SHIPPED in self.without:
            raise PluginError(f"`no:{SHIPPED}` would leave out everything that comes with nstk")
        self._load_shipped()
        if installed:
            for entry in sorted(entry_points(group=PROJECT), key=lambda entry: (entry.name, entry.value)):
                self._load_entry(entry)

    @classmethod
    def of(cls, plugins: Sequence[PluginLike]) -> Registry:
        """The plugins that come with nstk, those that are installed, and those that are asked for.

        `-p` asks for files and modules, and Python also for classes. `no:NAME` leaves an installed plugin out.
        """
        plugins = listed(plugins)
        specs = [spec_of(it) for it in plugins]
        registry = cls(without=[spec[3:] for spec in specs if spec.startswith("no:")])
        for it, spec in zip(plugins, specs, strict=True):
            if isinstance(it, ModuleType):
                registry.load(spec, Path.cwd(), it)
            elif not (inspect.isclass(it) or spec.startswith("no:")):
                registry.load(spec, Path.cwd())
        registry._load_classes([it for it in plugins if inspect.isclass(it)])
        return registry

    def _load_classes(self, classes: Iterable[type[Definition]]) -> None:
        """Register the classes that were given in Python, as one plugin. Raises `PluginError`."""
        plugin = Plugin(PYTHON, "", ORIGIN)
        for kind, cls in checked(classes):
            plugin.defines.append((kind, cls.name))
            self.given[cls.__name__] = cls
            self._owned.setdefault((kind, cls.name), []).append((plugin, cls))
        if plugin.defines:
            self.plugins.append(plugin)

    def _load_shipped(self) -> None:
        """Load `nstk.plugins`. A broken file that somebody put there must not take the others down."""
        plugin = Plugin(SHIPPED, __version__, "built in")
        self.plugins.append(plugin)
        package = importlib.import_module("nstk.plugins")
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.ispkg or any(part.startswith("_") for part in found.name.split(".")):  # plugins share a module with `_`
                continue
            try:
                self._register(plugin, importlib.import_module(found.name))
            except BROKEN as error:
                self.failures.append(Failure(SHIPPED, found.name, error))

    def _load_entry(self, entry: EntryPoint) -> None:
        """Load one installed plugin. A broken plugin must not take the tool down."""
        if entry.name in self.without:
            return
        dist = entry.dist
        plugin = Plugin(entry.name, dist.version if dist else "", f"{dist.name} {dist.version}" if dist else entry.value)
        try:
            self._register(plugin, entry.load())
        except BROKEN as error:
            self.failures.append(Failure(plugin.name, plugin.origin, error))
        else:
            self.plugins.append(plugin)

    def knows(self, spec: str, folder: Path) -> bool:
        """Whether `load` would run no code, because the plugin is loaded, left out, or known to be broken."""
        modules = (module.__name__ for plugin in self.plugins for module in plugin.modules)
        return self._is_settled(*place(spec, folder)) or spec in (*modules, *(failure.name for failure in self.failures))

    def _is_settled(self, path: Path | None, name: str, origin: str) -> bool:
        files = {str(vars(module).get("__file__")) for plugin in self.plugins for module in plugin.modules if path}
        return name in self.without or str(path) in files or any(origin in (it.origin, it.name) for it in self.plugins)

    def load(self, spec: str, folder: Path, given: ModuleType | None = None) -> None:
        """Load what a recipe or `-p` asked for: a file (`foo.py`, relative to `folder`), a module, or an installed plugin.

        A module that was given in Python is not imported again. Raises `PluginError`: what was asked for has to work.
        """
        if name := class_named(spec):
            if name not in self.given:
                raise PluginError(f"the class {name} was given in Python: {how_to_give(name)}")
            return
        path, name, origin = place(spec, folder)
        if self._is_settled(path, name, origin):
            return
        for failure in self.failures:
            if spec == failure.name:
                raise PluginError(str(failure)) from failure.error
        plugin = Plugin(name, "", origin)
        try:
            module = given or (self._files.load(path) if path else import_module(spec, folder))
            plugin.version = str(getattr(module, "__version__", ""))
            self._register(plugin, module)
        except BROKEN as error:
            raise PluginError(str(Failure(name, origin, error))) from error
        if plugin.modules:  # an installed plugin may have brought the same module
            self.plugins.append(plugin)

    def _register(self, plugin: Plugin, module: Any) -> None:
        """Register one module with pluggy and note what the module defines. A failure leaves nothing behind."""
        if not isinstance(module, ModuleType):
            raise PluginError(f"a plugin is a module, but its entry point names {repr(module)[:60]}")
        refuse_slips(module)
        if self.manager.is_registered(module):
            return
        if plugin.name != SHIPPED:  # a file of nstk may hold only what several plugins share
            refuse_hookless(module)
        try:
            self.manager.register(module, f"{plugin.origin}/{module.__name__}")
            found = [(kind, cls) for hook, (kind, base) in KINDS.items() for cls in self._classes(hook, base, module)]
            names = [*plugin.defines, *((kind, cls.name) for kind, cls in found)]
            for kind, cls in reversed(found):
                if names.count((kind, cls.name)) > 1:
                    raise PluginError(f"{spot(cls)}: it defines the {kind} `{cls.name}` twice")
        except BaseException as error:
            if self.manager.is_registered(module):  # a register() that fails leaves the plugin half registered
                self.manager.unregister(module)
            if isinstance(error, pluggy.PluginValidationError):
                raise PluginError(" ".join(str(error).split())) from error
            raise
        plugin.modules.append(module)
        plugin.defines[:] = names
        for kind, cls in found:
            self._owned.setdefault((kind, cls.name), []).append((plugin, cls))

    def _classes(self, hook: str, base: type[Definition], module: ModuleType) -> list[type[Definition]]:
        """The classes that one hook of one module returns. Modules are asked one by one, so that each error has an owner."""
        classes: list[type[Definition]] = []
        for call in getattr(self.manager.hook, hook).get_hookimpls():
            if call.plugin is not module:
                continue
            made = call.function()
            if inspect.isclass(made) or not isinstance(made, Iterable):
                raise PluginError(f"{spot(call.function)}: `{hook}` returns {repr(made)[:60]}: return a list of classes")
            for cls in made:
                check_returned(cls, base, call.function)
                check_class(cls)
                classes.append(cls)
        return classes

    def names(self, kind: str) -> list[str]:
        """Every name of a kind, sorted."""
        return sorted({name for k, name in self._owned if k == kind})

    def with_key(self, kind: str, key: str) -> list[str]:
        """The names of a kind whose classes have the parameter `key`."""
        return [name for name in self.names(kind) if any(key in cls.model_fields for _, cls in self.owned(kind, name))]

    def owned(self, kind: str, name: str) -> Sequence[tuple[Plugin, type[Any]]]:
        """Every class of this kind and name, with the plugin that defines the class."""
        return self._owned.get((kind, name), [])

    def get(self, kind: str, name: str) -> type[Any]:
        """The class called `gram`, or `histogram:gram` where two plugins define a `gram`."""
        owner, _, short = name.rpartition(":")
        found = [(plugin, cls) for plugin, cls in self.owned(kind, short) if owner in ("", plugin.name)]
        if not found:
            raise PluginError(f"no {kind} is called `{name}`")
        if len(found) == 1:
            return found[0][1]
        if len({plugin.name for plugin, _ in found}) < len(found):
            origins = " and ".join(plugin.origin for plugin, _ in found)
            raise PluginError(f"two plugins define the {kind} `{name}` and have the same name: rename one of {origins}")
        choices = " or ".join(f"`{plugin.name}:{short}` ({plugin.origin})" for plugin, _ in found)
        raise PluginError(f"two plugins define the {kind} `{name}`: write {choices}")

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

    def code_hash(self, cls: type[Definition]) -> str:
        """The sha256 of the code of a class, in hexadecimal: of the file that defines the class.

        If nstk imported that file by its path, the files in its folder that it imports count too. For a class that was given in
        Python or is in no file, only the source of the class and of its bases counts.
        """
        module = sys.modules.get(cls.__module__)
        file = getattr(module, "__file__", None)
        known = self.owner(cls).name != PYTHON and file and source_hash(cls.__module__, file)
        return known or class_hash(cls)

    def commands(self, core: Mapping[str, click.Command]) -> dict[str, click.Command]:
        """The commands that plugins add to the `core` ones. Commands of one name become `plugin:name`, so that none wins."""
        found: list[tuple[Plugin, str, click.Command]] = []
        for call in self.manager.hook.nstk_commands.get_hookimpls():
            plugin = next(plugin for plugin in self.plugins if call.plugin in plugin.modules)
            try:
                added = _added_commands(call.function, call.argnames, core)
            except BROKEN as error:
                self.failures.append(Failure(plugin.name, plugin.origin, error, "could not add its commands"))
                continue
            plugin.defines += [("command", name) for name in added]
            found += [(plugin, name, command) for name, command in added.items()]
        names = [name for _, name, _ in found]
        return {name if names.count(name) == 1 else f"{plugin.name}:{name}": command for plugin, name, command in found}


def _added_commands(
    hook: Callable[..., Any], arguments: Sequence[str], core: Mapping[str, click.Command]
) -> dict[str, click.Command]:
    """The commands that one plugin's `nstk_commands` adds. None is taken if the hook fails or replaces a core command."""
    import click

    group = click.Group(PROJECT, commands=dict(core))
    hook(*[group] * len(arguments))
    added = {name: command for name, command in group.commands.items() if core.get(name) is not command}
    for name in added:
        if name in core:
            raise PluginError(f"{spot(hook)}: `nstk {name}` is a command of nstk, which a plugin cannot replace")
    return added


def describe_plugins(registry: Registry) -> Sequence[tuple[str, str, str, str]]:
    """The rows of `nstk plugins`: name, version, origin, what a plugin defines or why it is broken. Broken plugins are last."""
    rows = []
    for plugin in registry.plugins:
        defines = ", ".join(f"{kind} {name}" for kind, name in plugin.defines)
        rows.append((plugin.name, plugin.version, plugin.origin, defines or "nothing"))
    return rows + [
        (failure.name, "", failure.origin, f"broken: {failure.what}: {blame(failure.error)}") for failure in registry.failures
    ]
