"""The plan of the house: which rooms there are, what stands on what, how large a file may be. Read from the source alone."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from functools import cache
from pathlib import Path

import pytest

import nstk

ROOT = Path(__file__).parents[1]

FLOORS = [
    "errors _version",
    "files hints",
    "api syntax",
    "pictures registry machine",
    "objective",
    "recipe",
    "checkpoints",
    "engine",
    "cluster",
    "judging",
    "series clips authoring",
    "live",
    "__init__",
    "cli",
    "testing",
    "__main__",
]
FLOORS = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms.split()}
"""From the bottom up. A room uses what is below it, and nothing beside it."""

DOORS = {
    "engine": "loop evaluation estimate explanation shares layer_sheet session result interrupts plan surroundings faces "
    "saving watch spread painting earlier",
    "checkpoints": "folder archive unfinished provenance state made repeat differences",
    "registry": "registry blame",
    "syntax": "parse nodes mistakes",
}
DOORS = {room: set(names.split()) for room, names in DOORS.items()}
"""What of a room is used from outside it; of the others, any module."""

TENSORFLOW = {"objective", "engine", "machine/device", "judging/scores"}
WITHOUT = {"objective/tiles", "objective/octaves"}
"""Who imports TensorFlow when it is imported, and who of these does not: all else is light."""

FRAMEWORKS = {"tensorflow", "keras", "numpy"}
"""What no plugin imports before it is used: listing and checking stay instant."""

FACES = {"api", "pictures", "cli", "testing"}
"""Rooms whose `__init__` says something. One that computes would make every light import of it a heavy one."""

BESIDE = 8
LINES, FUNCTION = 320, 45

CORE = {path.relative_to(ROOT / "nstk").with_suffix("").as_posix(): path for path in sorted((ROOT / "nstk").rglob("*.py"))}
PLUGINS = {path.relative_to(ROOT).as_posix(): path for path in sorted((ROOT / "plugins").rglob("*.py"))}


def room(module: str) -> str:
    return module.partition("/")[0]


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def imports(path: Path, *, at_once: bool = False) -> Iterator[str]:
    """The modules that a file imports, dotted and in full, each with the name that it takes from there.

    `at_once`: only those that are imported when the file is, not those for type checkers and inside functions.
    """
    package = ["nstk", *path.relative_to(ROOT / "nstk").parent.parts] if path.is_relative_to(ROOT / "nstk") else []

    def visit(node: ast.AST) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from (alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                above = package[: len(package) - child.level + 1] if child.level else []
                base = ".".join([*above, *([child.module] if child.module else [])])
                yield from (f"{base}.{alias.name}" for alias in child.names)
            elif at_once and is_type_checking(child):
                yield from (name for kept in child.orelse for name in visit(kept))
            elif not (at_once and isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))):
                yield from visit(child)

    yield from visit(ast.parse(path.read_text(encoding="utf-8")))


def of_core(name: str) -> str | None:
    """The module of the core that an imported name is, or is in: `nstk.syntax.parse.parse` is in `syntax/parse`."""
    parts = name.split(".")
    if parts[0] != "nstk" or parts[1:2] in (["plugins"], ["recipes"]):
        return None
    for end in range(len(parts), 0, -1):
        module = "/".join(parts[1:end])
        if module in CORE:
            return module
        if f"{module}/__init__".lstrip("/") in CORE:
            return f"{module}/__init__".lstrip("/")
    return None


def uses(module: str, **options: bool) -> set[str]:
    """The modules of the core that one imports, type-only imports counted."""
    found = {of_core(name) for name in imports(CORE[module], **options)}
    return {name for name in found if name and name != module}


def packages(path: Path) -> set[str]:
    """The packages that are imported when a file is."""
    return {name.split(".")[0] for name in imports(path, at_once=True)}


@cache
def heavy() -> set[str]:
    """The modules of the core that import TensorFlow when they are imported."""
    return {module for module in CORE if "tensorflow" in packages(CORE[module])}


def test_every_module_lies_in_a_room_of_the_plan():
    assert {room(module) for module in CORE} == set(FLOORS)


def test_at_most_so_many_files_lie_beside_the_rooms():
    assert len([path for path in (ROOT / "nstk").iterdir() if path.is_file()]) <= BESIDE


@pytest.mark.parametrize("module", CORE)
def test_imports_run_down(module):
    here = room(module)
    if module == "__init__":
        return  # it names the whole house for type checkers, and imports nothing of it
    wrong = {it for it in uses(module) if room(it) != here and FLOORS[room(it)] >= FLOORS[here]}
    assert not wrong, f"{module} uses {wrong}, which is beside or above it"


def test_there_is_no_circle():
    left = {module: uses(module) for module in CORE if module != "__init__"}
    while free := [module for module, needs in left.items() if not needs & set(left)]:
        for module in free:
            del left[module]
    assert not left, f"these import each other: {left}"


@pytest.mark.parametrize("module", CORE)
def test_a_room_is_entered_by_its_doors(module):
    if module == "__init__":
        return
    for used in uses(module):
        if room(used) != room(module) and room(used) in DOORS:
            assert used.partition("/")[2] in DOORS[room(used)], f"{module} uses {used}"


@pytest.mark.parametrize("module", CORE)
def test_those_who_compute_import_tensorflow(module):
    may = (room(module) in TENSORFLOW or module in TENSORFLOW) and module not in WITHOUT
    assert may or module not in heavy()
    assert "keras" not in packages(CORE[module])


@pytest.mark.parametrize("module", CORE)
def test_light_modules_stay_light(module):
    """A light command may import what computes only inside a function."""
    if room(module) in ("objective", "engine"):
        return
    assert module in heavy() or not uses(module, at_once=True) & heavy()


def test_rooms_have_no_face_but_these():
    for name in FLOORS:
        path = ROOT / "nstk" / name / "__init__.py"
        assert not path.exists() or name in FACES or not path.read_text(encoding="utf-8")


@pytest.mark.parametrize("module", [*CORE, *PLUGINS])
def test_files_and_functions_are_short(module):
    text = {**CORE, **PLUGINS}[module].read_text(encoding="utf-8")
    assert text.count("\n") <= LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            assert (node.end_lineno or first) - first < FUNCTION, f"{module}: {node.name}"


def test_each_slot_has_its_file_and_its_folder():
    slots = {name.removeprefix("api/") for name in CORE if room(name) == "api"} - {
        "__init__",
        "additions",
        "definition",
        "display",
        "formulas",
        "hookspecs",
        "styles",
    }
    assert slots == {path.name for path in (ROOT / "plugins").iterdir() if path.is_dir() and not path.name.startswith("_")}


def test_every_package_is_installed():
    """What setup.cfg does not list is there in the repository, and missing in a wheel."""
    listed = ConfigParser()
    listed.read(ROOT / "setup.cfg", encoding="utf-8")
    folders = {path.parent for path in [*CORE.values(), *PLUGINS.values(), ROOT / "recipes" / "__init__.py"]}
    names = {folder.relative_to(ROOT).as_posix().replace("/", ".") for folder in folders}
    assert {name.removeprefix("nstk.") for name in listed["options"]["packages"].split()} == {
        it.removeprefix("nstk.") for it in names
    }


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


def test_public_names_are_where_they_are_said_to_be():
    assert len(nstk.__all__) == len(set(nstk.__all__))
    for name, home in nstk._HOMES.items():
        module = of_core(f"nstk{home}.{name}")
        assert name in bound(CORE[module]), f"{module} does not define {name}"
        if module not in heavy() and room(module) != "engine":
            assert getattr(nstk, name) is not None
    assert set(dir(nstk)) == set(nstk.__all__)
    with pytest.raises(AttributeError, match="paint"):
        nstk.paint  # noqa: B018


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
