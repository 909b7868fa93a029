"""Loads a plugin as nstk does, and checks all that it defines with the contract of its slot."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from os import PathLike, fspath
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import ValidationError

from ..api import Definition
from ..errors import PluginError
from ..registry.blame import spot
from ..registry.registry import SHIPPED, Plugin, Registry, spec_of
from .backbones import check_backbone
from .callbacks import check_callback
from .colours import check_colours
from .common import Broken, require
from .initializers import check_initializer
from .losses import check_loss
from .optimizers import check_optimizer
from .parametrizations import check_parametrization
from .regions import check_region

CONTRACTS: dict[str, Callable[..., None]] = {
    "loss": check_loss,
    "initializer": check_initializer,
    "optimizer": check_optimizer,
    "parametrization": check_parametrization,
    "colours": check_colours,
    "region": check_region,
    "callback": check_callback,
    "backbone": check_backbone,
}
"""What checks a part, by its kind."""

FRAMEWORKS = ("tensorflow", "keras")
"""What no plugin imports before it is used: to list plugins would take seconds."""


def check_plugin(plugin: str | PathLike[str] | ModuleType, settings: Mapping[str, Mapping[str, Any]] | None = None) -> None:
    """Raise an `AssertionError` that says what is broken, unless a plugin loads and all that it defines is sound.

        nstk.testing.check_plugin("sobel.py")
        nstk.testing.check_plugin(nstk_postcard)                           # a module, or its name
        nstk.testing.check_plugin("masked.py", {"masked_content": {"mask": "face.png"}})

    `settings` are recipe keys by the name of a part: those that have no default, or those to check it with. Parts are checked
    by `check_loss`, `check_callback` and so on, and each has to say in words what it is, and what its keys are. Commands have
    to be good click commands, and may replace none of nstk's.
    """
    spec = spec_of(fspath(plugin) if isinstance(plugin, PathLike) else plugin)
    registry = Registry(installed=False)
    loaded, modules = _loaded(registry, spec, plugin if isinstance(plugin, ModuleType) else None)
    for module in modules:
        _check_light(module)
    classes = [*_classes(registry, loaded, modules)]
    commands = _check_commands(registry, loaded)
    require(bool(classes or commands), f"plugin `{loaded.name}` defines nothing: its hooks return no class")
    known = [cls.name for _, cls in classes]
    for name in settings or {}:
        require(
            name in known, f"plugin `{loaded.name}` defines no `{name}`, which has settings here: it has {', '.join(known)}"
        )
    for kind, cls in classes:
        _check_words(kind, cls)
        CONTRACTS[kind](_made(kind, cls, (settings or {}).get(cls.name, {})))


def _loaded(registry: Registry, spec: str, module: ModuleType | None) -> tuple[Plugin, list[ModuleType]]:
    """The plugin, and those of its modules that were asked for. A module of nstk's own is a part of what comes with it."""
    before = len(registry.plugins)
    try:
        registry.load(spec, Path.cwd(), module)
    except PluginError as error:
        raise Broken(str(error)) from error
    if len(registry.plugins) > before:
        return registry.plugins[-1], registry.plugins[-1].modules
    own = next(it for it in registry.plugins if it.name == SHIPPED)
    return own, [it for it in own.modules if it.__name__ == spec]


def _check_light(module: ModuleType) -> None:
    """A plugin must not import TensorFlow when it is loaded."""
    for name, value in vars(module).items():
        home = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        root = home.partition(".")[0] if isinstance(home, str) else ""
        require(
            root not in FRAMEWORKS,
            f"{Path(module.__file__ or module.__name__).name} has `{name}` of {root} at its top, so that listing plugins would "
            f"take seconds: import {root} inside the functions that use it",
        )


def _classes(registry: Registry, plugin: Plugin, modules: list[ModuleType]) -> Iterator[tuple[str, type[Definition]]]:
    """The kind and the class of each part that a plugin defines."""
    names = [module.__name__ for module in modules]
    for kind, name in plugin.defines:
        for owner, cls in registry.owned(kind, name):
            if owner is plugin and (plugin.name != SHIPPED or cls.__module__ in names):
                yield kind, cls


def _check_commands(registry: Registry, plugin: Plugin) -> list[str]:
    """The commands that a plugin adds, each of which must be able to show its help."""
    import click

    from ..cli import cli

    added = registry.commands(cli.commands)
    for failure in registry.failures:
        raise Broken(str(failure)) from failure.error
    for name, command in added.items():
        summary = command.get_short_help_str()
        require(bool(summary), f"plugin `{plugin.name}`: command `{name}` says nothing in `nstk --help`: give it a docstring")
        command.get_help(click.Context(command, info_name=name))
    return [*added]


def _check_words(kind: str, cls: type[Definition]) -> None:
    """What a person reads of a part in `nstk describe` and in an editor must be there."""
    who = f"{kind} `{cls.name}`"
    require(
        bool(inspect.cleandoc(vars(cls).get("__doc__") or "")),
        f"{spot(cls)}: {who} has no docstring: write a sentence, which `nstk describe` shows",
    )
    for key, info in cls.model_fields.items():
        require(
            bool(info.description),
            f"{spot(cls)}: `{key}` of {who} has no description: write `nstk.Field(..., description=...)`, which people read",
        )


def _made(kind: str, cls: type[Definition], keys: Mapping[str, Any]) -> Definition:
    """A part with its keys as a recipe would set them."""
    who = f"{kind} `{cls.name}`"
    try:
        return cls.model_validate(dict(keys))
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        key = ".".join(map(str, detail["loc"]))
        if detail["type"] == "missing":
            give = f"give it a value, check_plugin(..., {{{cls.name!r}: {{{key!r}: ...}}}})"
            raise Broken(f"{who} needs the key `{key}`, which has no default: {give}") from error
        raise Broken(f"{who} does not take `{key}: {keys.get(key)!r}`: {detail['msg']}") from error
