"""The layers of the core, and who may import what: read from the source, so that nothing has to be imported to find out."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import nstk

ROOT = Path(__file__).parents[1]

LAYERS = [
    "errors yaml_errors tree source",  # text, and where in it something is written
    "api hookspecs blame",  # what a plugin is
    "files pixels alpha profiles metadata deep reading writing images",  # pictures, and their files
    "slips registry trust archives events interrupts precision memory",  # what else the world brings: plugins, signals
    "problems scales tiling checkpoints recipe footprint",  # the recipe,
    "merging findings checking fitting resolving loading copying schema describing",  # and how it is read and told
    "features scaling shelf objective tiled problem",  # TensorFlow: what is minimised
    "record origins resuming devices compiling canvas steps painting keeping saving starting estimating engine",  # the run
    "quiet shell cli __main__ testing",  # who starts it
]
LAYERS = [set(names.split()) for names in LAYERS]
"""From the bottom up. A module imports what is below it, and from its own layer as long as no cycle arises."""

TENSORFLOW = (
    "features scaling shelf objective tiled problem devices compiling canvas painting keeping starting estimating engine"
)
TENSORFLOW = set(TENSORFLOW.split())
"""The only modules that import TensorFlow when they are imported."""

FRAMEWORKS = {"tensorflow", "keras", "numpy"}
"""What no plugin imports before it is used: listing and checking stay instant."""

CORE = {path.stem: path for path in sorted((ROOT / "nstk").glob("*.py")) if path.stem != "__init__"}
PLUGINS = {str(path.relative_to(ROOT)): path for path in sorted((ROOT / "plugins").rglob("*.py"))}


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def imports(path: Path, *, top_only: bool = False) -> Iterator[str]:
    """The modules that a file imports, in full: `nstk.errors` for `from .errors import X`. Not those for type checkers."""

    def visit(node: ast.AST) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from (alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom) and child.level:
                module = ".".join(filter(None, ["nstk", child.module]))
                yield module
                yield from (f"{module}.{alias.name}" for alias in child.names if not child.module)
            elif isinstance(child, ast.ImportFrom):
                yield child.module or ""
                yield from (f"nstk.{alias.name}" for alias in child.names if child.module == "nstk")
            elif is_type_checking(child):
                yield from (name for kept in child.orelse for name in visit(kept))
            elif not (top_only and isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))):
                yield from visit(child)

    yield from visit(ast.parse(path.read_text(encoding="utf-8")))


def core_imports(module: str) -> set[str]:
    """The modules of the core that one imports, inside functions too."""
    return {name.split(".")[1] for name in imports(CORE[module]) if name.startswith("nstk.") and name.split(".")[1] in CORE}


def packages(path: Path) -> set[str]:
    """The packages that are imported when a file is."""
    return {name.split(".")[0] for name in imports(path, top_only=True)}


def layer(module: str) -> int:
    return next((index for index, names in enumerate(LAYERS) if module in names), -1)


def test_every_module_of_the_core_has_one_layer():
    assert sorted(name for names in LAYERS for name in names) == sorted(CORE)


@pytest.mark.parametrize("module", CORE)
def test_imports_go_down_only(module):
    up = {name for name in core_imports(module) if layer(name) > layer(module)}
    assert not up, f"{module} imports {up}, which is above it"


def test_there_is_no_cycle():
    left = {module: core_imports(module) for module in CORE}
    while free := [module for module, needs in left.items() if not needs & set(left)]:
        for module in free:
            del left[module]
    assert not left, f"these import each other: {left}"


@pytest.mark.parametrize("module", CORE)
def test_tensorflow_is_imported_by_those_who_compute(module):
    assert ("tensorflow" in packages(CORE[module])) <= (module in TENSORFLOW)
    assert "keras" not in packages(CORE[module])


@pytest.mark.parametrize("module", CORE)
def test_nobody_below_reaches_the_computation_when_imported(module):
    """A light command may import a module that computes only inside a function."""
    if module in TENSORFLOW or module == "testing":
        return
    at_once = {name.split(".")[1] for name in imports(CORE[module], top_only=True) if name.startswith("nstk.")}
    assert not at_once & TENSORFLOW


@pytest.mark.parametrize("plugin", PLUGINS)
def test_plugins_use_public_names_only(plugin):
    public = {f"nstk.{name}" for name in nstk.__all__}
    for name in imports(PLUGINS[plugin]):
        if name.split(".")[0] == "nstk":
            assert name == "nstk" or name in public or name.startswith("nstk.plugins."), name


@pytest.mark.parametrize("plugin", PLUGINS)
def test_plugins_import_no_framework_at_once(plugin):
    allowed = {*sys.stdlib_module_names, "nstk", "pydantic", "rich", "click"}
    assert packages(PLUGINS[plugin]) <= allowed - FRAMEWORKS


def test_public_names_resolve_and_are_listed_once():
    assert len(nstk.__all__) == len(set(nstk.__all__))
    for name in nstk.__all__:
        if name not in ("run", "resume", "evaluate", "Result"):  # these import TensorFlow
            assert getattr(nstk, name) is not None
    assert set(dir(nstk)) == set(nstk.__all__)
    with pytest.raises(AttributeError, match="paint"):
        nstk.paint  # noqa: B018


def test_public_names_are_those_that_type_checkers_see():
    tree = ast.parse((ROOT / "nstk" / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if is_type_checking(node))
    seen = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        for alias in node.names:
            assert alias.name not in seen
            assert alias.asname in (None, alias.name)
            seen[alias.name] = node.module
    assert {*seen, "__version__"} == set(nstk.__all__)
    for name, home in seen.items():
        assert name in bound(CORE[home]), f"nstk.{home} does not define {name}"


def bound(path: Path) -> set[str]:
    """The names that a module binds at its top."""
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(target.id for target in targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.ImportFrom):
            names.update(alias.asname or alias.name for alias in node.names)
    return names
