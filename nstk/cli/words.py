"""The words of a command line read as a recipe, and what commands do before their own work."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import UserError
from ..files import quoted
from .group import is_trusting, is_verbose, open_registry, warn_broken
from .override import is_recipe

if TYPE_CHECKING:
    from ..recipe.model import Recipe
    from ..registry.registry import Registry


_OPTIONS = {"content": "--content", "style": "--style", "output.path": "-o"}
"""The options that say the same as an override."""


def split(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """The recipe, if one of the words is one, and the overrides."""
    names, overrides = [], []
    for place, word in enumerate(words):
        if not is_recipe(word):
            overrides.append(word)
        elif meant := _in_two_words(word, words[place + 1 :]):
            raise UserError(f"`{word}` is not an override: write key=value without spaces, `{meant}`")
        else:
            names.append(word)
    if len(names) > 1:
        *recipes, last = names
        said = f"`{'`, `'.join(recipes)}` and `{last}`"
        raise UserError(f"{said} cannot all be the recipe: name one; an override is written key=value, such as steps=200")
    return names[0] if names else None, overrides


def _in_two_words(word: str, after: Sequence[str]) -> str:
    """The override that is meant by `steps 200`, `steps: 200` or `steps = 200`, if a line has one here."""
    from ..files import exists
    from ..recipe.other_words import is_ours

    key, value = word.rstrip(":"), next((it for it in after if it != "="), "")
    return f"{key}={value}" if value and is_ours(key) and not exists(Path(word)) else ""


def to_paint(
    words: Sequence[str], options: Mapping[str, str | Sequence[str] | None], flags: Mapping[str, str | None] | None = None
) -> tuple[str | None, list[str]]:
    """The recipe, if there is one, and the overrides, with the files that options name and with what flags stand for."""
    from ..recipe.twice import Said, twice

    name, overrides = split(words)
    said = [Said(word, word) for word in overrides]
    for key, value in options.items():
        values = [value] if isinstance(value, str) else [*(value or ())]
        if values:
            named = [*map(quoted, values)]
            overrides.append(f"{key}={named[0]}" if len(named) == 1 else f"{key}=[{', '.join(named)}]")
            said.append(Said(" ".join(f"{_OPTIONS.get(key, key)} {it}" for it in values), overrides[-1]))
    for flag, override in (flags or {}).items():
        if override is not None and override not in overrides:
            overrides.append(override)
            said.append(Said(flag, override))
    for message in twice(said):
        raise UserError(message)
    missing = [key for key in ("content", "style") if key not in {re.split("[.=]", it)[0].strip() for it in overrides}]
    if name is None and len(missing) == 2:
        raise UserError("nothing to paint: name a recipe (`nstk recipes` lists them), or give --content and --style")
    if name is None and missing:
        photograph = missing == ["style"]
        what = "photograph and no painting" if photograph else "painting and no photograph"
        option = "--style painting.jpg" if photograph else "--content photo.jpg"
        raise UserError(f"nothing to paint: there is a {what}; add `{option}`, or name a recipe (`nstk recipes` lists them)")
    return name, overrides


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
        from ..machine.quietly import import_tensorflow

        import_tensorflow()
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("nstk").setLevel(logging.INFO if verbose else logging.WARNING)
