"""The recipes of a series, all checked before the first picture is painted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from ..errors import RecipeError
from ..pictures import FORMATS
from ..recipe.load import load_recipe, read_tree
from ..recipe.model import Recipe
from ..registry.registry import PluginLike, Registry
from .combinations import Combination

PNG = ".png"


@dataclass(frozen=True)
class Planned:
    """A picture of a series: what varies in it, and its recipe."""

    combination: Combination
    recipe: Recipe

    @property
    def name(self) -> str:
        return self.combination.name

    @property
    def path(self) -> Path:
        assert self.recipe.path
        return self.recipe.path


def planned(
    recipe: str | PathLike[str] | Mapping[str, Any] | None,
    overrides: Sequence[str],
    combinations: Sequence[Combination],
    folder: Path,
    *,
    plugins: Sequence[PluginLike] = (),
    trust: bool = False,
) -> list[Planned]:
    """The recipe of each picture, which goes to `folder` under its name, in the format that the recipe asks for.

    Raises `RecipeError` with the mistakes of all of them, each once.
    """
    registry, suffix = Registry.of(plugins), _suffix(recipe, overrides)
    made: list[Planned] = []
    mistakes: dict[str, object] = {}
    for it in combinations:
        output = str(folder / f"{it.name}{suffix}")
        try:
            said = [*overrides, *it.overrides]
            loaded = load_recipe(recipe, said, plugins=plugins, output=output, trust=trust, registry=registry)
        except RecipeError as error:
            mistakes |= {str(mistake): mistake for mistake in error.mistakes}
        else:
            made.append(Planned(it, loaded.model_copy(update={"name": it.name})))
    if mistakes:
        raise RecipeError([*mistakes.values()])
    return made


def _suffix(recipe: str | PathLike[str] | Mapping[str, Any] | None, overrides: Sequence[str]) -> str:
    """How the names of the pictures end: as that of the recipe's own picture does."""
    if isinstance(recipe, Mapping):
        said = recipe.get("output")
    else:
        said = (
            read_tree(recipe, [it for it in overrides if it.partition("=")[0].strip().startswith("output")])
            .plain()
            .get("output")
        )
    path = said.get("path") if isinstance(said, Mapping) else said
    suffix = Path(path).suffix if isinstance(path, str) else ""
    return suffix if suffix.lower() in FORMATS else PNG
