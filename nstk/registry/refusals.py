"""Find the mistakes of plugin authors that pluggy passes over in silence, or that fail far from the line to mend."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from pydantic import PydanticUndefinedAnnotation, ValidationError

from ..api import Backbone, Definition, Layer
from ..api.definition import NAME
from ..api.hookspecs import KINDS, PROJECT, Hooks
from ..errors import PluginError
from ..hints import suggest
from .blame import spot

HOOKS = {
    name: tuple(inspect.signature(member).parameters)[1:]
    for name, member in vars(Hooks).items()
    if name.startswith(f"{PROJECT}_")
}
"""Every hook, and the names of its arguments."""


def is_hook(function: Any) -> bool:
    """Whether a value is a function that is marked with `@nstk.hookimpl`."""
    return inspect.isfunction(function) and hasattr(function, f"{PROJECT}_impl")


def _functions(module: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The functions that a module itself defines."""
    for name, member in list(vars(module).items()):
        if inspect.isfunction(member) and member.__module__ == module.__name__:
            yield name, member


def refuse_slips(module: ModuleType) -> None:
    """Refuse a misspelt hook, a forgotten `@nstk.hookimpl`, and arguments that a hook does not have or that have a default."""
    for name, function in _functions(module):
        if not is_hook(function):
            if name in HOOKS:
                raise PluginError(f"{spot(function)}: `{name}` is not marked as a hook: write `@nstk.hookimpl` above it")
            continue
        if name not in HOOKS:
            hint = suggest(name, HOOKS) or f"the hooks are {', '.join(HOOKS)}"
            raise PluginError(f"{spot(function)}: `{name}` is not a hook of nstk: {hint}")
        for parameter in inspect.signature(function).parameters.values():
            where = f"{spot(function)}: `{name}`"
            if parameter.default is not parameter.empty:  # pluggy passes only arguments without a default
                raise PluginError(
                    f"{where} gives `{parameter.name}` a default, so nothing else would ever be passed: leave it out"
                )
            if parameter.name not in HOOKS[name]:
                known = f"`{', '.join(HOOKS[name])}`" if HOOKS[name] else "nothing"
                raise PluginError(f"{where} has no argument `{parameter.name}`: it is called with {known}")


def refuse_hookless(module: ModuleType) -> None:
    """Refuse a module that implements no hook at all: it cannot be a plugin."""
    if any(is_hook(member) for member in vars(module).values()):
        return
    for name, function in _functions(module):
        if name.startswith(f"{PROJECT}_") and (hint := suggest(name, HOOKS)):
            raise PluginError(f"{spot(function)}: `{name}` is not a hook of nstk: {hint} (with `@nstk.hookimpl` above it)")
    raise PluginError("it has no hook: write `@nstk.hookimpl` above a function such as `def nstk_losses(): return [MyLoss]`")


def check_returned(cls: Any, base: type[Definition], hook: Callable[..., Any]) -> None:
    """Refuse what a hook must not return: a value that is no class, or a class of another kind."""
    if not inspect.isclass(cls):
        hint = "return the class, not an instance of it" if isinstance(cls, base) else "return a list of classes"
        raise PluginError(f"{spot(hook)}: `{hook.__name__}` returns {repr(cls)[:60]}: {hint}")
    if not issubclass(cls, base):
        right = next((name for name, (_, other) in KINDS.items() if issubclass(cls, other)), "")
        hint = f"return it from `{right}`" if right else f"write `class {cls.__name__}(nstk.{base.__name__})`"
        raise PluginError(f"{spot(hook)}: `{hook.__name__}` returns {cls.__name__}, which is no nstk.{base.__name__}: {hint}")


def check_class(cls: type[Definition]) -> None:
    """Refuse a class that no recipe could use, such as a class without a good name or with a default that is refused."""
    _check_name(cls)
    layers = getattr(cls, "layers", None)
    if issubclass(cls, Backbone) and not (isinstance(layers, tuple) and layers and all(isinstance(it, Layer) for it in layers)):
        raise PluginError(f"{spot(cls)}: {cls.__name__} needs its layers: write `layers = (nstk.Layer(...),)` in the class")
    try:
        cls.model_rebuild()  # a complete class stays as it is
    except PydanticUndefinedAnnotation as error:
        raise PluginError(f"{spot(cls)}: {cls.__name__} has a field whose type cannot be found: {error.message}") from error
    _check_defaults(cls)


def _check_defaults(cls: type[Definition]) -> None:
    """Refuse a default that its own field would refuse in a recipe."""
    try:
        cls.model_validate({})
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            if detail["type"] != "missing":
                key = ".".join(map(str, detail["loc"]))
                raise PluginError(
                    f"{spot(cls)}: the default of `{key}` in {cls.__name__} is no good: {detail['msg']}"
                ) from error


def _check_name(cls: type[Definition]) -> None:
    wanted = f'write `name = "{cls.__name__.lower()}"` in the class'
    if "name" in cls.model_fields:
        raise PluginError(f"{spot(cls)}: the type after `name:` makes {cls.__name__}'s name a recipe key: {wanted}")
    name = getattr(cls, "name", None)
    if not name:
        raise PluginError(f"{spot(cls)}: {cls.__name__} needs a name: {wanted}")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise PluginError(f"{spot(cls)}: {cls.__name__} has the name {name!r}: use letters, digits, `_` and `-`")
