"""Makes the parts of a recipe, such as its losses and regions: finds their classes by name, and checks their values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError

from .. import pictures
from ..api.definition import NAME
from ..errors import PluginError
from ..files import exists, located
from ..hints import spelled
from ..registry.registry import PYTHON, Registry
from ..syntax.mistakes import Mark, Mistake
from ..syntax.nodes import Node, as_before
from . import other_words
from .messages import instead, translate
from .named_files import NamedFiles
from .paintings import PICTURE, STYLE, named
from .paths import region_fields
from .settings import Settings
from .validate import validated

MAP = "map"
"""The region that is drawn in a picture, and its key for that picture."""

NO_PICTURES: dict[str, Any] = {"content": "", "style": {STYLE: {PICTURE: ""}}}
"""The values of the settings in place of pictures that are missing or cannot be used. Such pictures are reported."""


class Parts(NamedFiles):
    """Makes parts of what the tree of a recipe says of them. Every mistake goes to `mistakes`.

    `given` holds the pictures that were given in Python, by name.
    """

    def __init__(self, tree: Node, registry: Registry, mistakes: list[Mistake], given: Mapping[str, pictures.Original | None]):
        super().__init__(tree, mistakes, given)
        self.registry = registry
        self.plugins_failed = False
        self.partial: dict[tuple[str, ...], Any] = {}
        """The settings and definitions with mistakes, without their wrong keys, so that the other keys are checked too."""

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
        node = self.tree.value.get(path[0]) if len(path) == 1 else self.tree.at(path)
        if node is None:
            node = Node(None, Mark(self.tree.mark.where, self.tree.mark.folder))
        return self.part(kind, default, path, node)

    def part(self, kind: str, default: str, path: tuple[str, ...], node: Node) -> Any:
        """The definition that a node says, or None if something is wrong with it."""
        where = ".".join(path)
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
        regions = self.regions_of(cls, params, path)
        missing = self.files(cls, params, path)

        def elsewhere(key: str) -> str:
            if same := other_words.parameter(key, cls.model_fields):
                return same
            have = self.registry.with_key(kind, key)
            others = " and ".join(f"`{other}`" for other in have)
            return f"{where} is `{name}`; {others} {'has' if len(have) == 1 else 'have'} it: `use: {have[0]}`" if have else ""

        made = self.validate(cls, {key: child.plain() for key, child in params.items()}, path, elsewhere)
        return None if missing or made is None else made.model_copy(update=regions)

    def regions_of(self, cls: type[BaseModel], params: dict[str, Node], path: tuple[str, ...]) -> dict[str, Any]:
        """The regions that a definition or a painting names, by key. They are taken out of its `params`."""
        named = [(key, params.pop(key)) for key in region_fields(cls) if key in params]
        return {key: self.region((*path, key), node) for key, node in named}

    def region(self, path: tuple[str, ...], node: Node) -> Any:
        """The region that a node names, or None: there is none, or something is wrong with it."""
        if node.value is None or node.value is False:
            return None
        value, where = {"use": node} if isinstance(node.value, str) else node.value, named(path)
        if not isinstance(value, dict):
            must = f"must be the name of a region, the file of a map, or a mapping with `use` or `{MAP}`"
            self.mistake(f"`{where}` {must}, {instead(node.plain())}", node.mark)
            return None
        if not {"use", MAP} & {*value}:
            self.mistake(f"`{where}` needs the key `{MAP}`, a file, or `use`, the name of a region", node.mark)
            return None
        key = "use" if "use" in value else MAP
        word, known = value[key], self.registry.names("region")
        if isinstance(word.value, str) and word.value.rpartition(":")[2] in known:
            value = {**{other: it for other, it in value.items() if other != key}, "use": word}
        else:
            if isinstance(word.value, str) and NAME.fullmatch(word.value) and not exists(located(word.value, word.mark.folder)):
                hint = self.suggest(word.value, known) or f"known: {', '.join(known)}; or name the file of a map"
                self.mistake(f"no region is called `{word.value}`, and there is no such file", word.mark, hint)
                return None
            value = {**{other: it for other, it in value.items() if other != "use"}, MAP: word}
        return self.part("region", MAP, path, Node(value, node.mark, node.key))

    def no_such(self, kind: str, name: str, message: str, mark: Mark) -> None:
        """Report a name that cannot be used, unless it may belong to a plugin whose failure to load is reported already."""
        owner, _, short = name.rpartition(":")
        if self.registry.owned(kind, short) and not (self.plugins_failed and owner == PYTHON):
            self.mistake(message, mark)
        elif not self.plugins_failed:
            self.mistake(message, mark, other_words.other_name(kind, name) or self.registry.unknown_hint(kind, name))
