"""From a tree to a `Recipe`: load its plugins, resolve its names, check its values, layers and files."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from . import images
from .api import IMAGE, Backbone, File, Loss
from .errors import PictureError, PluginError, UserError
from .events import fault
from .problems import said, translate
from .recipe import DEFAULTS, LABELLED, SIDECARS, SLOTS, Recipe, Settings, file_fields, input_files
from .registry import Registry
from .scales import MAX_EDGE, long_edge, out_of_bounds, shares
from .source import exists, located, possible, real, same_file, shown, suggest, suggest_file
from .tiling import unsplittable
from .tree import Mark, Node, Problem, map_texts, whole_numbers
from .trust import HINT, distrust

MANY = 100
LABEL = re.compile(r"[A-Za-z0-9_-]+")
COLUMNS = ("step", "scale", "seconds", "loss")
"""What tables have columns for beside the losses, so no loss can have such a label."""


class Resolver:
    """Turns one tree into a `Recipe`; every mistake goes to `problems`. `trust`: whether any recipe may name plugins."""

    def __init__(self, tree: Node, registry: Registry, problems: list[Problem], *, trust: bool = False):
        self.tree, self.registry, self.problems, self.trust = tree, registry, problems, trust
        self.plugins_failed = False
        self.partial: dict[tuple[str, ...], Any] = {}
        """Definitions with mistakes, without the keys that are wrong: so that the rest of them is checked too."""

    def problem(self, message: str, mark: Mark, hint: str = "") -> None:
        self.problems.append(Problem(message, mark, hint))

    def mark(self, *path: str) -> Mark:
        """Where the value at `path` is written, or the recipe as a whole where it is not."""
        return self.written(*path) or Mark(self.tree.mark.where, self.tree.mark.folder)

    def written(self, *path: str) -> Mark | None:
        """Where the value at `path` is written, if it is."""
        node = self.tree
        for step in path:
            if not isinstance(node.value, dict) or step not in node.value:
                return None
            node = node.value[step]
        return node.mark

    def resolve(self, name: str) -> Recipe | None:
        """The recipe, or None if something is wrong with it. `name` is that of its file."""
        plugins = self.load_plugins()
        self.unknown_keys()
        settings = self.settings()
        slots: dict[str, Any] = {key: self.slot(kind, DEFAULTS[key], (key,)) for key, kind in SLOTS.items()}
        slots |= {key: self.labelled(key, kind) for key, kind in LABELLED.items()}
        if backbone := slots["backbone"] or self.partial.get(("backbone",)):
            self.check_layers(backbone, slots["losses"])
        self.check_losses(slots["losses"])
        self.check_jit(settings)
        self.check_tiles(settings, slots)
        name = name or f"{Path(settings.content).stem}-{Path(settings.style).stem}"
        path = self.output(settings, name)
        sizes = self.picture_sizes(settings)
        size = self.size(settings, sizes.get("content"))
        settings = settings.model_copy(update={"size": size})
        self.check_pictures(settings, sizes, self.long_edges(settings, size))
        if path:
            self.check_overwriting(path, settings, slots)
        if self.problems:
            return None
        values = {key: getattr(settings, key) for key in Settings.model_fields}
        values["output"] = settings.output.model_copy(update={"path": str(path)})
        return Recipe(name=name, plugins=plugins, registry=self.registry, **values, **slots)

    def load_plugins(self) -> list[str]:
        """Load what `plugins:` names; returns the files as absolute paths."""
        node = self.tree.value.get("plugins")
        if node is None or node.value is None:
            return []
        specs = []
        for item in node.value if isinstance(node.value, list) else [node]:
            if not isinstance(item.value, str) or not item.value or "\0" in item.value:
                self.problem(f"`plugins` must be a list of files (`my_loss.py`) and modules, {said(item.plain())}", item.mark)
                continue
            self.load_plugin(item.value, item.mark)
            specs.append(plugin_spec(item.value, item.mark.folder))
        return specs

    def load_plugin(self, spec: str, mark: Mark) -> None:
        """Load what `plugins:` names at one place, unless the recipe is a stranger's."""
        if not self.trust and (why := distrust(spec, mark, self.registry)):
            self.plugins_failed = True
            self.problem(why, mark, HINT)
            return
        try:
            self.registry.load(spec, mark.folder)
        except PluginError as error:
            self.plugins_failed = True
            self.problem(str(error), mark)

    def unknown_keys(self) -> None:
        """Refuse keys that a recipe does not have."""
        known = [*Settings.model_fields, *SLOTS, *LABELLED, "plugins", "extends"]
        for key, node in self.tree.value.items():
            if key == "extends":
                self.problem("`extends` cannot be set here: write it in the recipe file", node.key or node.mark)
            elif key not in known:
                hint = self.suggest(key, known) or f"known: {', '.join(known)}"
                self.problem(f"unknown key `{key}`", node.key or node.mark, hint)

    def settings(self) -> Settings:
        """The plain values; those that are wrong or missing, and reported, are replaced by the default, or by nothing."""
        nodes = {key: node for key, node in self.tree.value.items() if key in Settings.model_fields}
        if "output" in nodes and nodes["output"].value is None:
            del nodes["output"]
        missing = self.files(Settings, nodes, ())
        made = self.validate(Settings, {key: node.plain() for key, node in nodes.items()}, ())
        made = made or self.partial.get(()) or Settings(content="", style="")
        return made.model_copy(update=dict.fromkeys(missing, ""))

    def validate(
        self,
        cls: type[BaseModel],
        values: dict[str, Any],
        path: tuple[str, ...],
        elsewhere: Callable[[str], str] = lambda key: "",
    ) -> Any:
        """A `cls` with these values, or None. Read as JSON, strictly: `true` and "5" are no numbers, a list may be a tuple."""
        try:
            return cls.model_validate_json(json.dumps(whole_numbers(values)), strict=True)
        except ValidationError as error:
            self.problems += translate(error, cls, self.tree, path, elsewhere)
            wrong = {str(detail["loc"][0]) for detail in error.errors(include_url=False) if detail["loc"]}
        good = {key: value for key, value in values.items() if key not in wrong}
        if cls is Settings:
            good = {"content": "", "style": ""} | good
        with suppress(ValidationError):  # a key is missing: there is nothing more to check
            self.partial[path] = cls.model_validate_json(json.dumps(whole_numbers(good)), strict=True)
        return None

    def files(self, cls: type[BaseModel], nodes: dict[str, Node], path: tuple[str, ...]) -> list[str]:
        """Make the files that `cls` reads absolute, each relative to what says it. Returns the fields where one is no good."""
        missing: list[str] = []

        def absolute(text: str, mark: Mark, name: str, marker: File) -> str:
            if text in marker.words:
                return text
            file = located(text, mark.folder)
            if not text or not exists(file):
                missing.append(name)
                message = f"no file {text}" if text else f"`{'.'.join([*path, name])}` is empty: name a file"
                self.problem(message, mark, _file_hint(file, text, marker.words))
            elif marker.picture:
                try:
                    images.check_picture(Path(shown(file)))
                except PictureError as error:
                    missing.append(name)
                    self.problem(str(error), mark)
            return str(file)

        for name, marker in file_fields(cls):
            if name in nodes:
                nodes[name] = map_texts(nodes[name], partial(absolute, name=name, marker=marker))
        return missing

    def slot(self, kind: str, default: str, path: tuple[str, ...]) -> Any:
        """The definition that one slot of the recipe holds, or None if something is wrong with it."""
        where = ".".join(path)
        node = self.tree.value.get(path[0]) if len(path) == 1 else self.tree.at(path)
        if node is None:
            node = Node(None, Mark(self.tree.mark.where, self.tree.mark.folder))
        value = {"use": node} if isinstance(node.value, str) else {} if node.value is None else node.value
        if not isinstance(value, dict):
            must = f"must be a name, or a mapping with `use`, {said(node.plain())}"
            self.problem(f"`{where}` {'cannot be dropped, only replaced' if node.value is False else must}", node.mark)
            return None
        use = value.get("use")
        if use is not None and not isinstance(use.value, str):
            self.problem(f"`use` in {where} must be a name, {said(use.plain())}", use.mark)
            return None
        name = use.value if use else default
        try:
            cls = self.registry.get(kind, name)
        except PluginError as error:
            self.no_such(kind, name, str(error), use.mark if use else node.key or node.mark)
            return None
        params = {key: child for key, child in value.items() if key != "use"}
        missing = self.files(cls, params, path)

        def elsewhere(key: str) -> str:
            have = self.registry.with_key(kind, key)
            others = " and ".join(f"`{other}`" for other in have)
            return f"{where} is `{name}`; {others} {'has' if len(have) == 1 else 'have'} it: `use: {have[0]}`" if have else ""

        made = self.validate(cls, {key: child.plain() for key, child in params.items()}, path, elsewhere)
        return None if missing else made

    def no_such(self, kind: str, name: str, message: str, mark: Mark) -> None:
        """Report a name that cannot be used, unless a plugin that did not load may define it: that is reported already."""
        if self.registry.owned(kind, name.rpartition(":")[2]):
            self.problem(message, mark)
        elif not self.plugins_failed:
            self.problem(message, mark, self.registry.unknown_hint(kind, name))

    def labelled(self, key: str, kind: str) -> dict[str, Any]:
        """The definitions under `losses:` or `callbacks:`."""
        node = self.tree.value[key]
        if node.value is None or node.value is False:  # no losses at all are a mistake, which `check_losses` reports
            return {}
        if not isinstance(node.value, dict):
            example = {"losses": "losses: {gram: {weight: 5}}", "callbacks": "callbacks: {csv_log: }"}[key]
            self.problem(f"`{key}` must be a mapping of labels, such as `{example}`, {said(node.plain())}", node.mark)
            return {}
        made = {}
        for label, child in node.value.items():
            if child.value is False:
                continue  # drops an inherited one
            mark = child.key or child.mark
            if not LABEL.fullmatch(label):
                self.problem(f"`{label}` is no label: use letters, digits, `_` and `-`", mark)
            elif key == "losses" and label in COLUMNS:
                self.problem(f"`{label}` cannot be a loss's label: tables have such a column", mark, "choose another label")
            elif (definition := self.slot(kind, label, (key, label))) is not None:
                made[label] = definition
        return made

    def check_losses(self, losses: dict[str, Loss]) -> None:
        """Refuse a recipe that would paint nothing."""
        node = self.tree.value["losses"]
        mark = node.key or node.mark
        if isinstance(node.value, dict):
            named = [label for label, child in node.value.items() if child.value is not False]
        elif node.value is None or node.value is False:
            named = []
        else:
            return  # reported already
        if not named:
            self.problem(
                "the recipe has no losses", mark, "name one, such as `gram:`, or leave `losses` out for the default ones"
            )
        elif len(losses) == len(named) and all(loss.weight == 0 for loss in losses.values()):
            self.problem("every loss has the weight 0, so nothing would be painted", mark, "give one of them a weight above 0")

    def check_jit(self, settings: Settings) -> None:
        """Refuse to compile what is to run op by op."""
        if settings.jit is True and settings.run_eagerly:
            message = "`jit: true` would compile the step, but `run_eagerly: true` runs it op by op"
            self.problem(message, self.mark("jit"), "leave one of them out")

    def check_tiles(self, settings: Settings, slots: dict[str, Any]) -> None:
        """Refuse tiles of what cannot be split."""
        if isinstance(settings.tiles, int) and slots["backbone"] and (why := unsplittable(slots["backbone"], slots["losses"])):
            self.problem(why, self.mark("tiles"), "leave `tiles` out, or set `tiles: off`")

    def check_layers(self, backbone: Backbone, losses: dict[str, Loss]) -> None:
        """Refuse layers that the network does not have, also in losses with other mistakes."""
        known = {layer.name: layer for layer in backbone.layers}
        papers = {layer.paper: name for name, layer in known.items()}
        papers |= {paper.replace("relu", "conv"): name for paper, name in papers.items()}
        broken = {path[1]: made for path, made in self.partial.items() if path[:1] == ("losses",)}
        for label, loss in (losses | broken).items():
            node = self.tree.at(("losses", label))
            whole, places = node.key or node.mark, dict(reversed([*node.words()]))  # where each word is written first
            for layer in self.layers_read(label, loss, whole):
                if layer in known or layer == IMAGE or (layer not in places and label in broken):
                    continue
                hint = f"did you mean `{papers[layer]}`?" if layer in papers else self.suggest(layer, [*known, IMAGE])
                message = f"{backbone.name} has no layer `{layer}`"
                self.problem(message, places.get(layer, whole), hint or f"`nstk layers {backbone.name}` lists them")

    def suggest(self, word: str, choices: Sequence[str]) -> str:
        """`did you mean ...?`, unless there are so many mistakes that nobody would read it: of thousands, it takes minutes."""
        return suggest(word, choices) if len(self.problems) < MANY else ""

    def layers_read(self, label: str, loss: Loss, mark: Mark) -> list[str]:
        """The layers that a loss says it reads; a mistake of its author's is reported as one of the recipe's."""
        try:
            layers = loss.reads()
        except Exception as error:
            self.problem(f"loss `{label}` failed in reads: {fault(error, loss)}", mark)
            return []
        if isinstance(layers, str) or not all(isinstance(layer, str) for layer in layers):
            self.problem(f"loss `{label}` returns {layers!r} from reads: it must be a list of layer names", mark)
            return []
        return list(dict.fromkeys(layers))

    def output(self, settings: Settings, name: str) -> Path | None:
        """The picture's file, absolute: as the recipe says, or out/NAME.png in the working directory; None if it cannot be."""
        text, mark = settings.output.path, self.mark("output", "path")
        path = located(text, mark.folder) if text else Path.cwd() / "out" / f"{name}.png"
        try:
            images.check_output(Path(shown(path)), settings.output.quality)
        except UserError as error:
            self.problem(str(error), mark)
            return None
        if not all(map(possible, written(path))):
            self.problem(f"no file can have the name {text or shown(path)}", mark, "choose another `output`")
            return None
        path = real(path)
        if not images.holds(path, settings.output.depth):
            message = f"{path.suffix} pictures hold 8 bits a channel, not {settings.output.depth}"
            self.problem(message, self.mark("output", "depth"), "write `depth: 8`, or name a .png or .tif")
        if path.is_dir():
            self.problem(f"{shown(path)} is a folder: name a file in it", mark)
            return None
        parent = next(folder for folder in path.parents if exists(folder))
        if parent.is_dir() and os.access(parent, os.W_OK):
            return path
        what = "cannot be written to" if parent.is_dir() else "is a file, not a folder"
        self.problem(f"{shown(parent)} {what}", mark, "choose another `output`")
        return None

    def picture_sizes(self, settings: Settings) -> dict[str, tuple[int, int]]:
        """Read the pictures: width and height of each in pixels, but for one that cannot be read."""
        sizes = {}
        for key in ("content", "style"):
            if file := getattr(settings, key):  # else reported already
                try:
                    sizes[key] = images.check_picture(Path(shown(Path(file))))
                except PictureError as error:
                    self.problem(str(error), self.mark(key))
        return sizes

    def size(self, settings: Settings, content: tuple[int, int] | None) -> int:
        """The long edge of the result in pixels; one to go on with where `size` and the content give none."""
        default, size = int(Settings.model_fields["size"].default), settings.size
        if content is None:
            return size if isinstance(size, int) else default
        edge = long_edge(size, *content)
        if wrong := out_of_bounds(edge):
            hint = f"the long edge for `{size}`: the content is {content[0]} x {content[1]} pixels"
            self.problem(f"`size` {wrong}", self.mark("size"), hint)
        return max(default, min(edge, MAX_EDGE)) if wrong else edge

    def long_edges(self, settings: Settings, size: int) -> list[int]:
        """The long edge of each scale, pixels; just the `size` where `pyramid` or `steps` do not fit it, which is reported."""
        edges = [size]
        try:
            edges = settings.pyramid.long_edges(size) if settings.pyramid else edges
        except ValueError as error:
            self.problem(str(error), self.mark("pyramid"))
            return edges
        try:
            shares(settings.steps, len(edges))
        except ValueError as error:
            self.problem(str(error), self.written("steps") or self.mark("pyramid"))
        return edges

    def check_pictures(self, settings: Settings, sizes: Mapping[str, tuple[int, int]], edges: Sequence[int]) -> None:
        """See that the pictures have a position left in the deepest layers at the smallest scale."""
        for key, size in sizes.items():
            scale = settings.style_scale if key == "style" else 1.0
            fitted = images.fit(*size, max(1, round(edges[0] * scale)))
            if min(fitted) < images.MIN_SIDE:
                least = f"at least {images.MIN_SIDE} x {images.MIN_SIDE} are needed"
                where = " at the first scale" if len(edges) > 1 else ""
                message = f"the {key} picture would be {fitted[0]} x {fitted[1]} pixels{where}: {least}"
                larger = "a larger `pyramid.start`, or fewer `levels`" if where else "a larger `size`"
                hint = f"give it {larger}" + (" or a larger `style_scale`" if scale < 1 else "")
                cause = ("style_scale",) if scale < 1 else ("pyramid",) if where else ("size",)
                self.problem(message, self.written(*cause) or self.written("size") or self.mark(key), hint)

    def check_overwriting(self, path: Path, settings: Settings, slots: dict[str, Any]) -> None:
        """Nothing that the run reads may be what it writes, and what it writes unasked stays in the picture's folder."""
        definitions = [("", settings), *((key, slots[key]) for key in SLOTS if slots[key])]
        definitions += [(f"{key}.{label}", made) for key in LABELLED for label, made in slots[key].items()]
        mark = self.mark("output", "path")
        for target in written(path):
            if real(target).parent != path.parent:
                message = f"the run would write through {shown(target)}, a link out of the output's folder, to {real(target)}"
                self.problem(message, mark, "remove it, or choose another `output`")
        for where, file in input_files(definitions).items():
            for target in written(path):
                if same_file(file, target):
                    message = f"the run would write {shown(target)} over the recipe's `{where}`"
                    self.problem(message, mark, "choose another `output`")


def written(path: Path) -> list[Path]:
    """What a run writes: the picture, and what lies beside it."""
    return [path, *(path.with_name(path.stem + suffix) for suffix in SIDECARS)]


def _file_hint(file: Path, text: str, words: Sequence[str]) -> str:
    """What to do about a file that is not there."""
    if not text:
        return ""
    if hint := suggest_file(file) or suggest(text, words):
        return hint
    folder = shown(file.parent)
    if not exists(file.parent):
        return f"there is no folder {folder}"
    return "" if folder == "." else f"it is looked for in {folder}"


def plugin_spec(spec: str, folder: Path) -> str:
    """A plugin as it can be named from anywhere: a file by its absolute path."""
    return str(located(spec, folder)) if spec.endswith(".py") else spec
