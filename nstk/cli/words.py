"""The words of a command line read as a recipe, and what commands do before their own work."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import UserError
from .group import is_trusting, is_verbose, open_registry, warn_broken

if TYPE_CHECKING:
    from ..recipe.model import Recipe
    from ..registry.registry import Registry


def is_recipe(word: str) -> bool:
    from ..files import exists

    return "=" not in word or exists(Path(word))


def split(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """The recipe, if the first word is one, and the overrides."""
    name = words[0] if words and is_recipe(words[0]) else None
    overrides = list(words if name is None else words[1:])
    for word in overrides:
        if "=" not in word:
            raise UserError(f"`{word}` is not an override: write key=value, such as steps=200")
    return name, overrides


def to_paint(words: Sequence[str], options: Mapping[str, str | None]) -> tuple[str | None, list[str]]:
    """The recipe, if there is one, and the overrides, with the files that options name."""
    name, overrides = split(words)
    overrides += [f"{key}={quoted(value)}" for key, value in options.items() if value is not None]
    if name is None and not {"content", "style"} <= {re.split("[.=]", setting)[0] for setting in overrides}:
        raise UserError("nothing to paint: name a recipe (`nstk recipes` lists them), or give --content and --style")
    return name, overrides


def quoted(value: str) -> str:
    """A file name written so that an override is read back as that name. `a #1.jpg` and `12` need quotes for this."""
    return value if re.fullmatch(r"[A-Za-z_./][\w./-]*\.[A-Za-z]\w*", value) else json.dumps(value, ensure_ascii=False)


def load(name: str | None, overrides: Sequence[str], plugins: Sequence[str], *, quiet: bool = False) -> Recipe:
    from ..recipe.load import load_recipe

    recipe = load_recipe(name, overrides, plugins=plugins, trust=is_trusting(click.get_current_context()))
    if not quiet:
        warn_broken(recipe.registry)
    return recipe


def registry(plugins: Sequence[str]) -> Registry:
    registry = open_registry(plugins)
    warn_broken(registry)
    return registry


def start_tensorflow() -> None:
    """Set up the log. Without `-v`, TensorFlow is imported here, so that its notices about itself are not shown."""
    verbose = is_verbose(click.get_current_context())
    if not verbose:
        from .quietly import import_tensorflow

        import_tensorflow()
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("nstk").setLevel(logging.INFO if verbose else logging.WARNING)
