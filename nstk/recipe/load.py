"""Loads a recipe: reads its file, lays it over the recipes that it extends, applies overrides, and resolves the result."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import RecipeError, UserError
from ..files import NOT_THERE, from_here, located, same_file, shown, trouble, working_directory
from ..hints import suggest, suggest_file
from ..registry.registry import PluginLike, Registry, class_named, listed, spec_of
from ..syntax.mistakes import Mark, Mistake
from ..syntax.nodes import Node, from_plain
from ..syntax.parse import parse, read_text
from .given import Given
from .model import RECIPE, Recipe
from .overlay import COMMAND_LINE, completed, override, stacked
from .paintings import labelled
from .resolve import Resolver, plugin_spec
from .shipped import find_recipe, shipped
from .twice import Said, twice

if TYPE_CHECKING:
    from ..pictures import PictureLike

RecipeLike = Recipe | str | PathLike[str] | Mapping[str, Any]


def load_recipe(
    recipe: str | PathLike[str] | Mapping[str, Any] | None = None,
    overrides: Iterable[str] = (),
    *,
    plugins: Sequence[PluginLike] = (),
    content: PictureLike | None = None,
    style: PictureLike | Sequence[PictureLike] | Mapping[str, PictureLike] | None = None,
    output: str | PathLike[str] | Literal[False] | None = None,
    trust: bool = False,
    registry: Registry | None = None,
) -> Recipe:
    """Read, check and resolve a recipe.

    `recipe` is a file, the name of a shipped recipe, or a mapping with the same keys, whose paths are relative to the working
    directory. `overrides` are `key=value` texts as on the command line. `output` is the picture's file, or False: then nothing
    is written.

    `plugins` are files, modules, and classes that were defined in Python, and are loaded first. `no:NAME` leaves an installed
    plugin out. Plugins are code: those that a recipe names are loaded only if the recipe's file lies under the working
    directory or comes with nstk, or if you `trust` the recipe.

    `content` and `style` replace the pictures that the recipe names. A picture is a file, or in memory an array of height x
    width x 3 (x 4 with alpha), uint8 or floats of 0..255, an image of Pillow's, the bytes of a picture file, or a file open for
    reading. `style` may be several paintings, a list or a mapping of label to picture. A mapping as `recipe` may hold such
    pictures wherever it names one.

    With one `registry` of the same `plugins`, recipes share the classes of their parts. Raises `RecipeError` with every mistake
    of the recipe, and `PluginError` where one of `plugins` does not load. TensorFlow is never imported.
    """
    mistakes: list[Mistake] = []
    given = Given(mistakes)
    tree, chain = _read(given.recipe(recipe) if isinstance(recipe, Mapping) else recipe)
    asked = [*listed(plugins), *given.plugins]
    registry = registry or Registry.of(asked)
    named = {key: given.named(it, (key,)) for key, it in (("content", content), ("style", style)) if it is not None}
    changes: list[str | tuple[str, Any]] = [*overrides, *([("output.path", output)] if output or output is False else [])]
    changes += [(key, value) for key, value in named.items() if not _says(tree, key, value)]
    _change(tree, changes, mistakes)
    resolver = Resolver(completed(tree), registry, mistakes, given.pictures, trust=trust)
    resolved = resolver.resolve(chain[0].name.removesuffix(RECIPE).removesuffix(chain[0].suffix) if chain else "")
    if resolved is None:
        mistakes.sort(key=_in_order)
        raise RecipeError(mistakes)
    return resolved.model_copy(update={"files": chain, "overridden": bool(changes), "plugins": _needed(resolved, asked)})


def read_tree(recipe: str | PathLike[str] | None, overrides: Sequence[str]) -> Node:
    """The tree of a recipe with overrides, which is not checked. Raises `UserError`."""
    tree, _ = _read(recipe)
    _change(tree, overrides, [])
    return completed(tree)


def _change(tree: Node, changes: Sequence[str | tuple[str, Any]], mistakes: list[Mistake]) -> None:
    """Apply overrides to a recipe, in place. What is wrong with an override goes to `mistakes`."""
    said = [Said(it, it) for it in changes if isinstance(it, str)]  # an argument in Python replaces an override
    mistakes += [Mistake(message, Mark(COMMAND_LINE, Path.cwd())) for message in twice(said)]
    for change in changes:
        try:
            override(tree, change)
        except RecipeError as error:
            mistakes += [mistake for mistake in error.mistakes if isinstance(mistake, Mistake)]


def _needed(recipe: Recipe, asked: Iterable[PluginLike]) -> list[str]:
    """The plugins that a recipe names and those that were asked for besides, without classes given in Python but not in use."""
    specs = [spec for spec in map(spec_of, asked) if not spec.startswith("no:")]
    known = dict.fromkeys([*recipe.plugins, *(plugin_spec(spec, Path.cwd()) for spec in specs)])
    used = {cls.__name__ for _, cls in recipe.given_classes()}
    return [spec for spec in known if not class_named(spec) or class_named(spec) in used]


def _says(tree: Node, key: str, value: Any) -> bool:
    """Whether a recipe already names the picture or pictures in `value`, so that `value` would change nothing."""
    if key not in tree.value:
        return False
    said, meant = (labelled(it).plain() for it in (tree.value[key], from_plain(value, tree.mark)))
    return bool(said == meant)


def _read(recipe: str | PathLike[str] | Mapping[str, Any] | None) -> tuple[Node, list[Path]]:
    """The tree of a recipe, laid over the recipes that it extends, and the files that were read."""
    if not working_directory():
        raise UserError("the working directory is gone, or may not be read: change to another one")
    chain: list[Path] = []
    if recipe is None or isinstance(recipe, Mapping):
        trees = [from_plain(dict(recipe or {}), Mark("recipe", Path.cwd()))]
    else:
        trees = [_read_file(find_recipe(recipe), None, chain)]
    while extends := _extended(trees[-1]):
        trees.append(_read_file(*extends, chain))
    return stacked(trees), chain


def _read_file(path: Path, asked: Mark | None, chain: list[Path]) -> Node:
    """The tree of one file, which is added to the `chain` of files read before. `asked` is the place that extends the file."""
    path = path.absolute()
    if any(same_file(path, seen) for seen in chain):
        loop = " -> ".join(shown(seen) for seen in [*chain, path])
        raise RecipeError([Mistake(f"recipes extend each other in a loop: {loop}", asked or Mark(shown(path), path.parent))])
    tree = parse(read_text(path, asked), from_here(path), path.parent)
    chain.append(path)
    if not isinstance(tree.value, dict):
        what = "is empty" if tree.value is None else "is a list" if isinstance(tree.value, list) else "is a single value"
        raise RecipeError([Mistake(f"this recipe {what}: a recipe is a mapping, such as `content: photo.jpg`", tree.mark)])
    return tree


def _extended(tree: Node) -> tuple[Path, Mark] | None:
    """The file that a recipe extends, and the place that says so. The key `extends` is taken out of the tree."""
    extends = tree.value.pop("extends", None)
    if extends is None or extends.value is None:
        return None
    if not isinstance(extends.value, str) or not extends.value:
        raise RecipeError([Mistake("`extends` must name one recipe: a file, or one that comes with nstk", extends.mark)])
    parent, known = located(extends.value, extends.mark.folder), shipped()
    why = trouble(parent)
    if extends.value in known and (why == NOT_THERE or os.path.isdir(parent)):
        parent = known[extends.value]
    elif why == NOT_THERE:
        hint = suggest_file(parent) or suggest(extends.value, known)
        raise RecipeError([Mistake(f"no file {extends.value}, and no recipe of that name comes with nstk", extends.mark, hint)])
    return parent, extends.mark


def _in_order(mistake: Mistake) -> tuple[bool, str, int, int]:
    """The sort key of a mistake. Files come first, each from top to bottom, and then mistakes without a line."""
    mark = mistake.mark
    return mark.line == 0, mark.where, mark.line, mark.column


def loaded(recipe: RecipeLike) -> Recipe:
    return recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
