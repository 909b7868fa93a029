"""Makes a `Recipe` of a tree: loads its plugins, resolves its names, and checks its values and files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from .. import pictures
from ..api.definition import NAME
from ..errors import PluginError
from ..files import located
from ..registry.registry import Registry, class_named, how_to_give as how_to_give_class
from ..syntax.mistakes import Mark, Mistake
from ..syntax.nodes import Node
from . import other_words
from .automatic import decided
from .changes import check_changes
from .checks import (
    check_balance,
    check_jit,
    check_layers,
    check_losses,
    check_overwriting,
    check_pictures,
    check_tiles,
    fitted,
    large_enough,
    long_edges,
    measured,
    names_folder,
    output,
)
from .defaults import LABELLED, SLOTS, default_name
from .messages import instead
from .model import Recipe
from .octaves import check_octaves
from .paintings import STYLE, Painting
from .parts import NO_PICTURES, Parts
from .regions import check_regions
from .settings import SPELLINGS, Settings
from .trust import HINT, distrust
from .validate import made_of

COLUMNS = ("step", "scale", "seconds", "loss")
"""The columns that tables have besides those of the losses. No loss can have one of these names as its label."""


class Resolver(Parts):
    """Turns one tree into a `Recipe`. Every mistake goes to `mistakes`.

    `given` holds the pictures that were given in Python, by name. `trust` says whether any recipe may name plugins.
    """

    def __init__(
        self,
        tree: Node,
        registry: Registry,
        mistakes: list[Mistake],
        given: Mapping[str, pictures.Original | None],
        *,
        trust: bool = False,
    ):
        super().__init__(tree, registry, mistakes, given)
        self.trust = trust

    def resolve(self, name: str) -> Recipe | None:
        """The recipe, or None if something is wrong with it. `name` is the name of the recipe's file, or empty."""
        plugins = self.load_plugins()
        self.unknown_keys()
        settings = self.settings()
        slots: dict[str, Any] = {key: self.slot(kind, default_name(key), (key,)) for key, kind in SLOTS.items()}
        slots |= {key: self.labelled(key, kind) for key, kind in LABELLED.items()}
        if backbone := slots["backbone"] or self.partial.get(("backbone",)):
            broken = {path[1]: made for path, made in self.partial.items() if path[:1] == ("losses",) and len(path) == 2}
            check_layers(self, backbone, slots["losses"], broken)
        check_losses(self, slots["losses"])
        check_balance(self, settings, slots["losses"])
        check_jit(self, settings)
        name = name or _name_of(settings)
        path = None if settings.output.path is False else output(self, settings, settings.output.path, name)
        measures = measured(self, settings)
        size, aspect = measures["size"], measures["aspect"]
        settings = settings.model_copy(update={"size": size, **dict.fromkeys(SPELLINGS)})
        steps, pyramid = decided(settings, size, partial(large_enough, settings, aspect))
        edges = long_edges(self, steps, pyramid, slots["losses"], size)
        check_pictures(self, settings, edges, aspect)
        largest = {place: it for place, _, it in fitted(settings, aspect, edges[-1])}
        check_octaves(self, slots["losses"], largest)
        check_tiles(self, settings, slots, [*largest.values()])
        absent = check_regions(self, settings, slots["losses"], aspect)
        if path:
            check_overwriting(self, path, settings, slots)
        if self.mistakes:
            return None
        values = {key: getattr(settings, key) for key in Settings.model_fields}
        text = settings.output.path
        values["placed_by_default"] = text == "" or bool(text and names_folder(text, self.mark("output", "path").folder))
        values["output"] = settings.output.model_copy(update={"path": str(path) if path else False})
        values |= {"name": name, "plugins": plugins, "aspect": aspect, "steps": steps, "pyramid": pyramid}
        values |= {"registry": self.registry, "originals": self.originals, "absent": absent}
        recipe = made_of(Recipe, values | slots)
        return recipe if check_changes(self, recipe) else None

    def load_plugins(self) -> list[str]:
        """Load the plugins that `plugins:` names. Returns the same names, with files as absolute paths."""
        node = self.tree.value.get("plugins")
        if node is None or node.value is None:
            return []
        specs = []
        for item in node.value if isinstance(node.value, list) else [node]:
            if not isinstance(item.value, str) or not item.value or "\0" in item.value:
                self.mistake(
                    f"`plugins` must be a list of files (`my_loss.py`) and modules, {instead(item.plain())}", item.mark
                )
                continue
            self.load_plugin(item.value, item.mark)
            specs.append(plugin_spec(item.value, item.mark.folder))
        return specs

    def load_plugin(self, spec: str, mark: Mark) -> None:
        """Load one plugin that `plugins:` names, unless the recipe may be a stranger's."""
        if name := class_named(spec):
            if name not in self.registry.given:
                self.plugins_failed = True
                self.mistake(f"the recipe needs the class {name}, which was given in Python", mark, how_to_give_class(name))
            return
        if not self.trust and (why := distrust(spec, mark, self.registry)):
            self.plugins_failed = True
            self.mistake(why, mark, HINT)
            return
        try:
            self.registry.load(spec, mark.folder)
        except PluginError as error:
            self.plugins_failed = True
            self.mistake(str(error), mark)

    def unknown_keys(self) -> None:
        """Refuse keys that a recipe does not have."""
        known = [*Settings.model_fields, *SLOTS, *LABELLED, "plugins", "extends"]
        for key, node in self.tree.value.items():
            if key == "extends":
                self.mistake("`extends` cannot be set here: write it in the recipe file", node.key or node.mark)
            elif key not in known:
                hint = other_words.hint(key, node, self.tree) or self.suggest(key, known) or f"known: {', '.join(known)}"
                self.mistake(f"unknown key `{key}`", node.key or node.mark, hint)

    def settings(self) -> Settings:
        """The plain values. A value that is wrong or missing is reported, and is replaced by the default or by nothing."""
        nodes = {key: node for key, node in self.tree.value.items() if key in Settings.model_fields}
        if "output" in nodes and nodes["output"].value is None:
            del nodes["output"]
        regions, of_paintings = self.regions_of(Settings, nodes, ()), self.regions_of_paintings(nodes)
        missing = self.files(Settings, nodes, ())
        made = self.validate(Settings, {key: node.plain() for key, node in nodes.items()}, ())
        none = Settings(**NO_PICTURES)
        made = made or self.partial.get(())
        if made is None:
            return none
        style = {label: it.model_copy(update=of_paintings.get(label, {})) for label, it in made.style.items()}
        changed: Settings = made.model_copy(update={**regions, STYLE: style, **{key: getattr(none, key) for key in missing}})
        return changed

    def regions_of_paintings(self, nodes: dict[str, Node]) -> dict[str, dict[str, Any]]:
        """The regions that paintings name, by label. They are taken out of the `nodes`."""
        node = nodes.get(STYLE)
        if node is None or not isinstance(node.value, dict):
            return {}
        paintings = {label: dict(it.value) for label, it in node.value.items() if isinstance(it.value, dict)}
        regions = {label: self.regions_of(Painting, keys, (STYLE, label)) for label, keys in paintings.items()}
        left = {label: Node(paintings.get(label, it.value), it.mark, it.key) for label, it in node.value.items()}
        nodes[STYLE] = Node(left, node.mark, node.key)
        return regions

    def labelled(self, key: str, kind: str) -> dict[str, Any]:
        """The definitions under `losses:` or `callbacks:`."""
        node = self.tree.value[key]
        if node.value is None or node.value is False:  # no losses at all are a mistake, which `check_losses` reports
            return {}
        if not isinstance(node.value, dict):
            example = {"losses": "losses: {gram: {weight: 5}}", "callbacks": "callbacks: {csv_log: }"}[key]
            self.mistake(f"`{key}` must be a mapping of labels, such as `{example}`, {instead(node.plain())}", node.mark)
            return {}
        made = {}
        for label, child in node.value.items():
            if child.value is False:
                continue  # `false` drops an inherited definition
            mark = child.key or child.mark
            if not NAME.fullmatch(label):
                self.mistake(f"`{label}` is no label: use letters, digits, `_` and `-`", mark)
            elif key == "losses" and label in COLUMNS:
                self.mistake(f"`{label}` cannot be a loss's label: tables have such a column", mark, "choose another label")
            elif (definition := self.slot(kind, label, (key, label))) is not None:
                made[label] = definition
        return made


def _name_of(settings: Settings) -> str:
    """The name of a recipe that is in no file, made of its pictures' names. A content given in Python is called `picture`."""
    given = pictures.PREFIX
    content = "picture" if settings.content.startswith(given) else settings.content
    named = content, *(painting.picture for painting in settings.style.values())
    stems = [Path(text).stem for text in named if not text.startswith(given)]
    return "-".join(stems) or "picture"  # a content that is missing is reported


def plugin_spec(spec: str, folder: Path) -> str:
    """A plugin as it can be named from anywhere: a file by its absolute path."""
    return str(located(spec, folder)) if spec.endswith(".py") else spec
