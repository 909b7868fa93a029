"""The words of a command line that are overrides, and those that are recipes."""

from __future__ import annotations

from pathlib import Path


def is_recipe(word: str) -> bool:
    """Whether a word names a file or a recipe, and is no override."""
    from ..files import exists

    return "=" not in word or exists(Path(word))
