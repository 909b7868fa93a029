"""Recipes laid over one another: what `extends`, `key=value` on the command line and the defaults do to a tree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ..api import Loss
from ..errors import RecipeError
from ..hints import same_name
from ..syntax.mistakes import Mark, Mistake
from ..syntax.nodes import Node, from_plain, in_mapping
from ..syntax.parse import parse
from .defaults import LABELLED, SLOTS, default_name, defaults
from .paintings import PICTURE, STYLE, Painting, labelled, of_one
from .paths import region_fields
from .settings import SPELLINGS, Settings

DEFAULT = "the default recipe"
"""Where the losses are written of a recipe that names none."""


COMMAND_LINE = "on the command line"
"""How the mark of an override begins."""


def lay(above: Node, below: Node) -> Node:
    """Lay one recipe over another. Mappings are merged, and every other value replaces the value below.

    The bare name of a definition counts as `{use: name}`.
    """
    merged = {key: node for key, node in below.value.items() if key not in _replaced(above.value)}
    for key, node in above.value.items():
        under = merged.get(key)
        if key == STYLE and under:
            merged[key] = _lay_paintings(node, under)
        elif key in LABELLED and under and isinstance(under.value, dict) and isinstance(node.value, dict):
            slots = {label: _lay_slot(slot, under.value.get(label), label) for label, slot in node.value.items()}
            merged[key] = Node(under.value | slots, node.mark, node.key)
        else:
            merged[key] = _lay_slot(node, under, default_name(key) if key in SLOTS else None, bare_word([key]))
    return Node(merged, above.mark, above.key)


def _replaced(above: Iterable[str]) -> tuple[str, ...]:
    """The keys below that say in other words what a key above says: `size`, or `width` and `height`."""
    keys = set(above)
    return (*(SPELLINGS if "size" in keys else ()), *(("size",) if keys & set(SPELLINGS) else ()))


def _lay_paintings(above: Node, below: Node) -> Node:
    """Lay paintings over others. Labels are merged, and the keys of each; a bare picture and a list replace all."""
    if not (isinstance(above.value, dict) and isinstance(below.value, dict)) or of_one(above) != of_one(below):
        return above
    if of_one(above):
        return _merge(above, below)
    laid = {label: _lay_slot(it, below.value.get(label), None, PICTURE) for label, it in above.value.items()}
    return Node(below.value | laid, above.mark, above.key)


def _lay_slot(above: Node, below: Node | None, default: str | None, word: str | None = "use") -> Node:
    if below is None:
        return above
    return _merge(in_mapping(above, word), in_mapping(below, word), default)


def _merge(above: Node, below: Node, default: str | None = None) -> Node:
    """Merge two mappings. If one of the values is no mapping, or `above` has another `use`, then `above` replaces `below`.

    A mapping below that has no `use` counts as one with the `use` in `default`.
    """
    if not (isinstance(above.value, dict) and isinstance(below.value, dict)):
        return above
    ours, theirs = above.value.get("use"), below.value.get("use")
    if ours is not None and not same_name(ours.value, theirs.value if theirs else default):
        return above
    merged = {key: _merge(node, below.value[key]) if key in below.value else node for key, node in above.value.items()}
    return Node(below.value | merged, above.mark, above.key)


def bare_word(path: Sequence[str]) -> str | None:
    """The key that a bare value at `path` is short for."""
    if path and path[-1] in region_fields(_holder(path)):
        return "use"
    if len(path) == 1:
        return "path" if path[0] == "output" else "use" if path[0] in SLOTS else None
    if len(path) == 2 and path[0] == STYLE:
        return PICTURE
    return "use" if len(path) == 2 and path[0] in LABELLED else None


def _holder(path: Sequence[str]) -> type[BaseModel]:
    """What holds the key at the end of a path, if that key may name a region."""
    if len(path) == 1:
        return Settings
    of_painting = path[0] == STYLE and (len(path) == 3 or (len(path) == 2 and path[1] in Painting.model_fields))
    return Painting if of_painting else Loss if len(path) == 3 and path[0] == "losses" else BaseModel


def stacked(trees: Sequence[Node]) -> Node:
    """One recipe made of a chain of recipes, each laid over the next. The default losses are below if no recipe names a loss.

    A loss that is set to `false` is dropped, and does not count as named. The lowest recipes are laid first, so that values
    that a recipe replaces are gone for the recipes above it.
    """
    chain = trees if any(map(_names_losses, trees)) else [*trees, _default_for("losses")]
    return reduce(lambda below, above: lay(above, below), reversed(chain))


def _names_losses(tree: Node) -> bool:
    losses = tree.value.get("losses")
    if losses is None or not isinstance(losses.value, dict):
        return losses is not None
    return not losses.value or any(slot.value is not False for slot in losses.value.values())


def completed(tree: Node) -> Node:
    """The tree with the default callbacks before its own, and its output as a mapping. `false` drops a default callback.

    A slot that does not name what it holds has the default's name and keys beside its own. Paintings are a mapping of labels.
    """
    values = dict(tree.value)
    for key in SLOTS:
        default = _default_for(key).value[key]
        if isinstance(default.value, dict):
            values[key] = _filled(values.get(key), default)
    defaults, named = _default_for("callbacks").value["callbacks"], values.get("callbacks")
    if named is None or named.value is None:  # a recipe that says nothing gets all defaults
        values["callbacks"] = defaults
    elif isinstance(named.value, dict):
        absent = {label: node for label, node in defaults.value.items() if label not in named.value}
        values["callbacks"] = Node(absent | named.value, named.mark, named.key)
    if STYLE in values:
        values[STYLE] = labelled(values[STYLE])
    if "output" in values:
        node = values["output"]
        values["output"] = Node({"path": node}, node.mark, node.key) if node.value is False else in_mapping(node, "path")
    return Node(values, tree.mark, tree.key)


def _filled(slot: Node | None, default: Node) -> Node:
    if slot is None:
        return default
    if slot.value is None or (isinstance(slot.value, dict) and "use" not in slot.value):
        return Node(default.value | (slot.value or {}), slot.mark, slot.key)
    return slot


def _default_for(key: str) -> Node:
    return from_plain({key: defaults()[key]}, Mark(DEFAULT, Path.cwd()))


def override(tree: Node, setting: str | tuple[str, Any]) -> None:
    """Apply a setting such as `losses.gram.weight=1e5`, in place, as if the recipe had been edited there.

    A setting that is a pair was given in Python, as an argument, and its value is not read as YAML.
    """
    key, equals, text = setting.partition("=") if isinstance(setting, str) else (setting[0], "=", "")
    argument = key.partition(".")[0]
    where = f"{COMMAND_LINE}, {setting!r}" if isinstance(setting, str) else f"{argument}={setting[1]!r:.60}"
    mark = Mark(where, Path.cwd())
    path = [step.strip() for step in key.split(".")]
    if not equals or not all(path):
        raise RecipeError([Mistake("an override is written key=value, such as losses.gram.weight=5", mark)])
    here = tree
    for depth in range(1, len(path)):
        here = _mapping_at(here, path[:depth], mark, path[depth])
    value = _parsed(text, mark) if isinstance(setting, str) else from_plain(setting[1], mark)
    if path[-1] == "use" and (before := here.value.get("use")) and not same_name(before.value, value.value):
        here.value = {
            key: node for key, node in here.value.items() if not node.mark.line
        }  # the parameters in the file are those of the definition that is replaced
    for key in _replaced(path) if len(path) == 1 else ():
        if (said := tree.value.get(key)) and not said.mark.where.startswith(COMMAND_LINE):
            del tree.value[key]
    word = bare_word(path) if isinstance(value.value, str) else None
    if word and (before := here.value.get(path[-1])) and isinstance(before.value, dict):
        said = {key: node for key, node in before.value.items() if word == PICTURE or node.mark.where.startswith(COMMAND_LINE)}
        value = Node({**said, word: value}, mark, mark)  # overrides may stand in any order
    here.value[path[-1]] = value


def _mapping_at(parent: Node, path: list[str], mark: Mark, key: str) -> Node:
    """The mapping at `path`, below `parent`, for a `key` of it. It is made where the recipe has none, or only a bare name."""
    inside, child = ".".join(path), parent.value.get(path[-1])
    if child is None or child.value is None or child.value is False:
        made = Node({}, mark, mark)
    elif isinstance(child.value, list):
        raise RecipeError([Mistake(f"`{inside}` is a list: override it as a whole, {inside}=[...]", mark)])
    else:
        one = path == [STYLE] and key in Painting.model_fields  # `style.scale=2` beside `style: painting.jpg`
        made = in_mapping(child, PICTURE if one else bare_word(path))
    if not isinstance(made.value, dict):
        raise RecipeError([Mistake(f"`{inside}` is a single value: override it as a whole, {inside}=...", mark)])
    parent.value[path[-1]] = made
    return made


def _parsed(text: str, mark: Mark) -> Node:
    """The value of a text on the command line. Each mistake gets `mark`, for a command line has no lines to point at."""
    try:
        return from_plain(parse(text, mark.where, mark.folder).plain(), mark)
    except RecipeError as error:
        found = (mistake for mistake in error.mistakes if isinstance(mistake, Mistake))
        raise RecipeError([Mistake(mistake.message, mark, mistake.hint) for mistake in found]) from None
