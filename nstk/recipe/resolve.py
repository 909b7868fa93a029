"""Makes a `Recipe` of a tree: loads its plugins, resolves its names, and checks its values and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from .. import pictures
from ..api.definition import NAME
from ..errors import PluginError
from ..files import located
from ..hints import spelled
from ..registry.registry import PYTHON, Registry, class_named, how_to_give as how_to_give_class
from ..syntax.mistakes import Mark, Mistake
from ..syntax.nodes import Node, as_before
from . import other_words
from .automatic import decided
from .checks import (
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
from .messages import instead, translate
from .model import Recipe
from .named_files import NamedFiles
from .octaves import check_octaves
from .paintings import PICTURE, STYLE
from .settings import SPELLINGS, Settings
from .trust import HINT, distrust
from .validate import made_of, validated

COLUMNS = ("step", "scale", "seconds", "loss")
"""The columns that tables have besides those of the losses. No loss can have one of these names as its label."""

NO_PICTURES: dict[str, Any] = {"content": "", "style": {STYLE: {PICTURE: ""}}}
"""The values of the settings in place of pictures that are missing or cannot be used. Such pictures are reported."""


class Resolver(NamedFiles):
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
        super().__init__(tree, mistakes, given)
        self.registry, self.trust = registry, trust
        self.plugins_failed = False
        self.partial: dict[tuple[str, ...], Any] = {}
        """The settings and definitions with mistakes, without their wrong keys, so that the other keys are checked too."""

    def resolve(self, name: str) -> Recipe | None:
        """The recipe, or None if something is wrong with it. `name` is the name of the recipe's file, or empty."""
        plugins = self.load_plugins()
        self.unknown_keys()
        settings = self.settings()
        slots: dict[str, Any] = {key: self.slot(kind, default_name(key), (key,)) for key, kind in SLOTS.items()}
        slots |= {key: self.labelled(key, kind) for key, kind in LABELLED.items()}
        if backbone := slots["backbone"] or self.partial.get(("backbone",)):
            broken = {path[1]: made for path, made in self.partial.items() if path[:1] == ("losses",)}
            check_layers(self, backbone, slots["losses"], broken)
        check_losses(self, slots["losses"])
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
        if path:
            check_overwriting(self, path, settings, slots)
        if self.mistakes:
            return None
        values = {key: getattr(settings, key) for key in Settings.model_fields}
        text = settings.output.path
        values["placed_by_default"] = text == "" or bool(text and names_folder(text, self.mark("output", "path").folder))
        values["output"] = settings.output.model_copy(update={"path": str(path) if path else False})
        values |= {"name": name, "plugins": plugins, "aspect": aspect, "steps": steps, "pyramid": pyramid}
        values |= {"registry": self.registry, "originals": self.originals}
        return made_of(Recipe, values | slots)

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
        missing = self.files(Settings, nodes, ())
        made = self.validate(Settings, {key: node.plain() for key, node in nodes.items()}, ())
        made, none = made or self.partial.get(()), Settings(**NO_PICTURES)
        return made.model_copy(update={key: getattr(none, key) for key in missing}) if made else none

    def validate(
        self,
        cls: type[BaseModel],
        values: dict[str, Any],
        path: tuple[str, ...],
        elsewhere: Callable[[str], str] = lambda key: "",
    ) -> Any:
        """A `cls` with these values, or None if a value is wrong."""
        try:
            return validated(cls, values)
        except ValidationError as error:
            found = translate(error, cls, self.tree, path, elsewhere)
            self.mistakes += [replace(mistake, message=as_before(mistake.message)) for mistake in found]
            wrong = {str(detail["loc"][0]) for detail in error.errors(include_url=False) if detail["loc"]}
        good = {key: value for key, value in values.items() if key not in wrong}
        if cls is Settings:
            good = NO_PICTURES | good
        with suppress(ValidationError):  # a key is missing: there is nothing more to check
            self.partial[path] = validated(cls, good)
        return None

    def slot(self, kind: str, default: str, path: tuple[str, ...]) -> Any:
        """The definition that one slot of the recipe holds, or None if something is wrong with it."""
        where = ".".join(path)
        node = self.tree.value.get(path[0]) if len(path) == 1 else self.tree.at(path)
        if node is None:
            node = Node(None, Mark(self.tree.mark.where, self.tree.mark.folder))
        value = {"use": node} if isinstance(node.value, str) else {} if node.value is None else node.value
        if not isinstance(value, dict):
            must = f"must be a name, or a mapping with `use`, {instead(node.plain())}"
            self.mistake(f"`{where}` {'cannot be dropped, only replaced' if node.value is False else must}", node.mark)
            return None
        use = value.get("use")
        if use is not None and not isinstance(use.value, str):
            self.mistake(f"`use` in {where} must be a name, {instead(use.plain())}", use.mark)
            return None
        name = spelled(use.value, self.registry.names(kind)) if use else default
        try:
            cls = self.registry.get(kind, name)
        except PluginError as error:
            self.no_such(kind, name, str(error), use.mark if use else node.key or node.mark)
            return None
        params = {key: child for key, child in value.items() if key != "use"}
        missing = self.files(cls, params, path)

        def elsewhere(key: str) -> str:
            if same := other_words.parameter(key, cls.model_fields):
                return same
            have = self.registry.with_key(kind, key)
            others = " and ".join(f"`{other}`" for other in have)
            return f"{where} is `{name}`; {others} {'has' if len(have) == 1 else 'have'} it: `use: {have[0]}`" if have else ""

        made = self.validate(cls, {key: child.plain() for key, child in params.items()}, path, elsewhere)
        return None if missing else made

    def no_such(self, kind: str, name: str, message: str, mark: Mark) -> None:
        """Report a name that cannot be used, unless it may belong to a plugin whose failure to load is reported already."""
        owner, _, short = name.rpartition(":")
        if self.registry.owned(kind, short) and not (self.plugins_failed and owner == PYTHON):
            self.mistake(message, mark)
        elif not self.plugins_failed:
            self.mistake(message, mark, other_words.other_name(kind, name) or self.registry.unknown_hint(kind, name))

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
