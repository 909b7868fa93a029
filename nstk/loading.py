"""From a recipe file to a `Recipe`: extend, override, load plugins, resolve names, check; every mistake is reported at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from . import images
from .api import IMAGE, Backbone, Loss
from .errors import PictureError, PluginError, RecipeError, UserError
from .problems import translate
from .recipe import DEFAULTS, LABELLED, SIDECARS, SLOTS, Recipe, Settings, file_fields
from .registry import Registry
from .source import SHORTHAND, Mark, Node, Problem, from_plain, merge, override, parse, read_text, shown, siblings, suggest

MIN_EDGE = 16
LABEL = re.compile(r"[A-Za-z0-9_-]+")


def shipped() -> dict[str, Path]:
    """The recipes that come with nstk, by name."""
    folder = Path(str(files("nstk.recipes")))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def find_recipe(name: str | PathLike[str]) -> Path:
    """The file of a recipe: a path, or the name of one that comes with nstk."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1 or path.exists():
        return path
    known = shipped()
    if str(name) in known:
        return known[str(name)]
    hint = suggest(str(name), known) or f"shipped recipes: {', '.join(known)}"
    raise UserError(f"no recipe `{name}`, neither a file nor one that comes with nstk: {hint}")


def load_recipe(
    recipe: str | PathLike[str] | Mapping[str, Any] | None = None,
    overrides: Iterable[str] = (),
    *,
    plugins: Sequence[str] = (),
    output: str | None = None,
) -> Recipe:
    """Read, check and resolve a recipe.

    `recipe` is a file, the name of a shipped recipe, or a mapping with the same keys (its paths are relative to the working
    directory). `overrides` are `key=value` texts as on the command line; `plugins` are files or modules to load first (`no:NAME`
    leaves an installed one out); `output` is the picture's file. Raises `RecipeError` with every mistake of the recipe, and
    `PluginError` where one of `plugins` does not load. Never imports TensorFlow.
    """
    asked = [spec for spec in plugins if not spec.startswith("no:")]
    registry = Registry(without=[spec[3:] for spec in plugins if spec.startswith("no:")])
    for spec in asked:
        registry.load(spec, Path.cwd())

    tree, chain = _read(recipe)
    problems: list[Problem] = []
    settings = [*overrides, *([f"output.path={output}"] if output else [])]
    for setting in settings:
        try:
            override(tree, setting)
        except RecipeError as error:
            problems += error.problems
    resolver = _Resolver(tree, registry, problems)
    resolved = resolver.resolve(chain[0].stem if chain else "")
    if problems or resolved is None:
        raise RecipeError(sorted(problems, key=_in_order))
    specs = [str((Path.cwd() / spec).resolve()) if spec.endswith(".py") else spec for spec in asked]
    return resolved.model_copy(
        update={"files": chain, "overridden": bool(settings), "plugins": list(dict.fromkeys([*resolved.plugins, *specs]))}
    )


def _read(recipe: str | PathLike[str] | Mapping[str, Any] | None) -> tuple[Node, list[Path]]:
    """The tree of a recipe laid over what it extends and over the defaults, and the files it came from."""
    chain: list[Path] = []
    if recipe is None or isinstance(recipe, Mapping):
        tree = from_plain(dict(recipe or {}), Mark("recipe", Path.cwd()))
    else:
        tree = _read_file(find_recipe(recipe), chain, None)
    defaults = from_plain(DEFAULTS, Mark("the default recipe", Path.cwd()))
    if "losses" in tree.value:
        del defaults.value["losses"]
    for key, node in list(tree.value.items()):
        if key in (*SLOTS, "callbacks") and node.value is None:
            del tree.value[key]  # an empty slot means all defaults
    return merge(_expanded(defaults), _expanded(tree)), chain


def _read_file(path: Path, chain: list[Path], asked: Mark | None) -> Node:
    path = path.absolute()
    if path.resolve() in [seen.resolve() for seen in chain]:
        loop = " -> ".join(shown(seen) for seen in [*chain, path])
        raise RecipeError([Problem(f"recipes extend each other in a loop: {loop}", asked or Mark(shown(path), path.parent))])
    tree = parse(read_text(path, asked), shown(path), path.parent)
    chain.append(path)
    if not isinstance(tree.value, dict):
        what = "is empty" if tree.value is None else f"is a {_kind(tree.value)}"
        raise RecipeError([Problem(f"this recipe {what}: a recipe is a mapping such as `content: photo.jpg`", tree.mark)])
    extends = tree.value.pop("extends", None)
    if extends is None:
        return tree
    if not isinstance(extends.value, str):
        raise RecipeError([Problem("`extends` names one recipe: a file, or one that comes with nstk", extends.mark)])
    parent = path.parent / extends.value
    if not parent.exists() and extends.value in shipped():
        parent = shipped()[extends.value]
    return merge(_expanded(_read_file(parent, chain, extends.mark)), _expanded(tree))


def _expanded(tree: Node) -> Node:
    """The same tree with bare names in slots written as mappings, so that mappings can merge."""

    def expand(key: str, node: Node) -> Node:
        if isinstance(node.value, str):
            return Node({SHORTHAND.get(key, "use"): Node(node.value, node.mark)}, node.mark, node.key)
        return node

    def slot(key: str, node: Node) -> Node:
        if key in LABELLED and isinstance(node.value, dict):
            return Node({label: expand(label, child) for label, child in node.value.items()}, node.mark, node.key)
        return expand(key, node) if key in (*SLOTS, *SHORTHAND) else node

    return Node({key: slot(key, node) for key, node in tree.value.items()}, tree.mark, tree.key)


def _in_order(problem: Problem) -> tuple[bool, str, int, int]:
    """Files first, each from top to bottom; then the command line."""
    mark = problem.mark
    return mark.line == 0, mark.where, mark.line, mark.column


def _kind(value: Any) -> str:
    return "list" if isinstance(value, list) else "single value"


class _Resolver:
    """Turns one tree into a `Recipe`; every mistake goes to `problems`."""

    def __init__(self, tree: Node, registry: Registry, problems: list[Problem]):
        self.tree, self.registry, self.problems = tree, registry, problems
        self.plugins_failed = False
        self.partial: dict[tuple[str, ...], Any] = {}
        """Definitions with mistakes, as they would be without the keys that are wrong: so that the rest of them is checked too."""

    def problem(self, message: str, mark: Mark, hint: str = "") -> None:
        self.problems.append(Problem(message, mark, hint))

    def resolve(self, name: str) -> Recipe | None:
        plugins = self.load_plugins()
        self.unknown_keys()
        settings = self.settings()
        slots: dict[str, Any] = {key: self.slot(kind, key, (key,)) for key, kind in SLOTS.items()}
        slots |= {key: self.labelled(key, kind) for key, kind in LABELLED.items()}
        if backbone := slots["backbone"] or self.partial.get(("backbone",)):
            self.check_layers(backbone, slots["losses"] | self.partial_losses())
        self.check_losses(slots["losses"])
        if settings is None:
            return None
        stems = f"{Path(settings.content).stem}-{Path(settings.style).stem}"
        settings = self.output(settings, name or stems)
        self.check_pictures(settings)
        if self.problems:
            return None
        values = {key: getattr(settings, key) for key in Settings.model_fields}
        resolved = Recipe(name=name or stems, plugins=plugins, registry=self.registry, **values, **slots)
        self.check_overwriting(resolved)
        return resolved

    def load_plugins(self) -> list[str]:
        """Load what `plugins:` names; returns the files as absolute paths."""
        node = self.tree.value.get("plugins")
        if node is None or node.value is None:
            return []
        items = node.value if isinstance(node.value, list) else [node]
        specs = []
        for item in items:
            if not isinstance(item.value, str):
                self.problem("`plugins` is a list of files (`my_loss.py`) and modules", item.mark)
                continue
            try:
                self.registry.load(item.value, item.mark.folder)
            except PluginError as error:
                self.plugins_failed = True
                self.problem(str(error), item.mark)
            specs.append(str((item.mark.folder / item.value).resolve()) if item.value.endswith(".py") else item.value)
        return specs

    def unknown_keys(self) -> None:
        known = [*Settings.model_fields, *SLOTS, *LABELLED, "plugins", "extends"]
        for key, node in self.tree.value.items():
            if key not in known:
                self.problem(f"unknown key `{key}`", node.key or node.mark, suggest(key, known))
            elif key == "extends":
                self.problem("`extends` cannot be set here: write it in the recipe file", node.key or node.mark)

    def settings(self) -> Settings | None:
        nodes = {key: node for key, node in self.tree.value.items() if key in Settings.model_fields}
        ok = self.files(Settings, nodes, ())
        values = {key: node.plain() for key, node in nodes.items()}
        if nodes.get("output") and values["output"] is None:
            del values["output"]
        return self.validate(Settings, values, ()) if ok else self.validate(Settings, values, ()) and None

    def validate(self, cls: type[Any], values: dict[str, Any], path: tuple[str, ...]) -> Any:
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            self.problems += translate(error, cls, self.tree, path)
            wrong = {str(detail["loc"][0]) for detail in error.errors(include_url=False) if detail["loc"]}
            with suppress(ValidationError):
                self.partial[path] = cls.model_validate({key: value for key, value in values.items() if key not in wrong})
            return None

    def files(self, cls: type[BaseModel], nodes: dict[str, Node], path: tuple[str, ...]) -> bool:
        """Make the files that `cls` reads absolute, each relative to the file that says it; False if one is not there."""
        found = True
        for name, marker in file_fields(cls):
            node = nodes.get(name)
            if node is None or not isinstance(node.value, str) or node.value in marker.words:
                continue
            file = (node.mark.folder / Path(node.value).expanduser()).absolute()
            hint = suggest(file.name, siblings(file)) or suggest(node.value, marker.words)
            if not _exists(file):
                found = False
                self.problem(f"no file {node.value}", node.mark, hint)
            nodes[name] = Node(str(file), node.mark, node.key)
        return found

    def slot(self, kind: str, label: str, path: tuple[str, ...]) -> Any:
        """The definition that one slot of the recipe holds, or None if something is wrong with it."""
        node = self.tree.at(path)
        mark = node.key or node.mark
        value = {"use": node} if isinstance(node.value, str) else {} if node.value is None else node.value
        if not isinstance(value, dict):
            what = "cannot be dropped" if node.value is False else f"is a name or a mapping, not {node.plain()!r}"
            self.problem(f"`{'.'.join(path)}` {what}", node.mark)
            return None
        params = {key: child for key, child in value.items() if key != "use"}
        use = value.get("use")
        if use is not None and not isinstance(use.value, str):
            self.problem(f"`use` in {'.'.join(path)} is the name of a plugin", use.mark)
            return None
        name = use.value if use else label
        try:
            cls = self.registry.get(kind, name)
        except PluginError as error:
            if not self.plugins_failed or "two plugins" in str(error):
                hint = "" if "two plugins" in str(error) else self.registry.unknown_hint(kind, name)
                self.problem(str(error), use.mark if use else mark, hint)
            return None
        found = self.files(cls, params, path)
        made = self.validate(cls, {key: child.plain() for key, child in params.items()}, path)
        return made if found else None

    def labelled(self, key: str, kind: str) -> dict[str, Any]:
        node = self.tree.value.get(key)
        if node is None or (node.value in (None, False) and key == "callbacks"):
            return {}
        if not isinstance(node.value, dict):
            if node.value not in (None, False):
                self.problem(f"`{key}` is a mapping of label to {kind}, such as `{key}: {{gram: }}`", node.mark)
            return {}
        made = {}
        for label, child in node.value.items():
            if child.value is False:
                continue  # drops an inherited one
            if not LABEL.fullmatch(label):
                self.problem(f"`{label}` is no label: use letters, digits, `_` and `-`", child.key or child.mark)
            elif (definition := self.slot(kind, label, (key, label))) is not None:
                made[label] = definition
        return made

    def check_losses(self, losses: dict[str, Loss]) -> None:
        node = self.tree.at(("losses",))
        mark = node.key or node.mark
        named = [label for label, child in node.value.items() if child.value is not False] if isinstance(node.value, dict) else []
        if not named and (node.value in (None, False) or isinstance(node.value, dict)):
            self.problem("the recipe has no losses", mark, "name one, such as `gram:`, or leave `losses` out for the default ones")
        elif len(losses) == len(named) and losses and all(loss.weight == 0 for loss in losses.values()):
            self.problem("every loss has the weight 0, so nothing would be painted", mark, "give one of them a weight above 0")

    def partial_losses(self) -> dict[str, Loss]:
        return {path[1]: made for path, made in self.partial.items() if path[:1] == ("losses",)}

    def check_layers(self, backbone: Backbone, losses: dict[str, Loss]) -> None:
        known = {layer.name for layer in backbone.layers}
        papers = {alias: layer.name for layer in backbone.layers for alias in (layer.paper, layer.paper.replace("relu", "conv"))}
        for label, loss in losses.items():
            node = self.tree.at(("losses", label))
            for layer in loss.reads():
                if layer in known or layer == IMAGE:
                    continue
                at = node.find(layer)
                mark = at.mark if at else node.key or node.mark
                hint = f"did you mean `{papers[layer]}`?" if layer in papers else suggest(layer, [*known, IMAGE])
                self.problem(f"{backbone.name} has no layer `{layer}`", mark, hint or "`nstk layers` lists them")

    def output(self, settings: Settings, name: str) -> Settings:
        """The settings with an absolute output path: as the recipe says, or out/NAME.png in the working directory."""
        node = self.tree.at(("output", "path"))
        said = settings.output.path
        path = (node.mark.folder / Path(said).expanduser()) if said else Path.cwd() / "out" / f"{name}.png"
        path = path.resolve()
        try:
            images.check_output(path, settings.output.quality)
        except UserError as error:
            self.problem(str(error), node.mark)
        return settings.model_copy(update={"output": settings.output.model_copy(update={"path": str(path)})})

    def check_pictures(self, settings: Settings) -> None:
        for key in ("content", "style"):
            mark = self.tree.at((key,)).mark
            try:
                width, height = images.check_picture(Path(getattr(settings, key)))
            except PictureError as error:
                self.problem(str(error), mark)
                continue
            long_edge = settings.size if key == "content" else max(MIN_EDGE, round(settings.size * settings.style_scale))
            fitted = images.fit(width, height, long_edge)
            if min(fitted) < MIN_EDGE:
                small = f"the {key} picture would be {fitted[0]} x {fitted[1]} pixels: at least {MIN_EDGE} x {MIN_EDGE} are needed"
                size = self.tree.at(("size",))
                self.problem(small, size.mark if size.value == settings.size else mark, "give it a larger `size`")

    def check_overwriting(self, recipe: Recipe) -> None:
        """Nothing that the run reads may be what it writes."""
        at = self.tree.at(("output", "path"))
        written = [recipe.path, *(recipe.sidecar(suffix) for suffix in SIDECARS)]
        for where, path in recipe.inputs().items():
            if any(_same(path, target) for target in written):
                self.problem(f"the output {shown(path)} is also the recipe's `{where}`: it would be overwritten", at.mark, "choose another output (`-o`)")


def check_sidecar(recipe: Recipe) -> bool:
    """Whether the resolved recipe may be written beside the picture: not over a recipe that it was read from.

    A saved recipe that is run as it is stays as it is. With changes it would be lost, so that is refused.
    """
    target = recipe.sidecar(SIDECARS[0])
    if not any(_same(path, target) for path in recipe.files):
        return True
    if recipe.overridden:
        raise UserError(f"the changed recipe would be written over {shown(target)}, which is being run: choose another output (`-o`)")
    return False


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that is too long, or holds a NUL
        return False


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))
