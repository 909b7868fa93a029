"""Classes and modules that are given in Python are plugins like any others, with the same checks."""

from __future__ import annotations

import hashlib
import inspect
import linecache
import sys
from types import ModuleType

import pytest

import nstk
from nstk.errors import PluginError
from nstk.registry.blame import spot
from nstk.registry.registry import Registry, describe_plugins
from nstk.registry.source import class_hash

CELL = '''
import nstk

class Warm(nstk.Loss):
    """{doc}"""

    name = "{name}"
    level: float = nstk.Field({level}, ge=0)

    def __call__(self, features, target):
        return features["image"] * {factor} + sum(x in {{"a", "b", "c"}} for x in "abc")
'''


class Warm(nstk.Loss):
    """A loss."""

    name = "warm"

    def __call__(self, features, target):
        return 0


class Warmer(Warm):
    """Built on another one."""

    name = "warmer"


class Watch(nstk.Callback):
    """A callback."""

    name = "watch"


def cell(number: int | None = 1, **fields: object) -> type[nstk.Loss]:
    """The class that a notebook's cell defines: its text is where Python looks for lines; without a number it is nowhere."""
    text = CELL.format(**{"name": "warm", "doc": "A loss.", "level": 1, "factor": 2, **fields})
    file = "<string>" if number is None else f"<ipython-input-{number}>"
    if number is not None:
        linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    space = {"__name__": "a_notebook"}
    exec(compile(text, file, "exec"), space)
    return space["Warm"]


@pytest.fixture(autouse=True)
def notebook(monkeypatch):
    """The module of a notebook, which has no file."""
    monkeypatch.setitem(sys.modules, "a_notebook", ModuleType("a_notebook"))


def test_classes_are_defined_by_one_plugin():
    registry = Registry.of([Warm, Watch, Warm])
    assert registry.get("loss", "warm") is registry.get("loss", "python:warm") is Warm
    assert registry.get("callback", "watch") is Watch
    assert describe_plugins(registry)[-1] == ("python", "", "given in Python", "loss warm, callback watch")


def test_files_and_classes_go_together(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(CELL.format(name="mine", doc="", level=1, factor=1) + HOOK)
    registry = Registry.of(["mine.py", Warm])
    assert registry.get("loss", "warm") is Warm
    assert registry.get("loss", "mine").__name__ == "Warm"


HOOK = "\n@nstk.hookimpl\ndef nstk_losses():\n    return [Warm]\n"


def test_a_shipped_name_is_told_apart():
    gram = cell(name="gram")
    registry = Registry.of([gram])
    assert registry.get("loss", "python:gram") is gram
    assert registry.get("loss", "nstk:gram") is not gram
    with pytest.raises(PluginError, match=r"write `nstk:gram` \(built in\) or `python:gram` \(given in Python\)"):
        registry.get("loss", "gram")


def test_a_registry_keeps_its_own_class():
    first, second = cell(1), cell(2, factor=3)
    assert Registry.of([first]).get("loss", "warm") is first
    assert Registry.of([second]).get("loss", "warm") is second
    assert "warm" not in Registry().names("loss")


class Nameless(nstk.Loss):
    """It has no name."""


class Refused(nstk.Loss):
    """Its default is refused by its own field."""

    name = "refused"
    level: float = nstk.Field(-1, ge=0)


class Shapeless(nstk.Definition):
    """It is of no kind."""

    name = "shapeless"


class Plain:
    """It is no definition at all."""


WRONG = [
    ([Nameless], r"test_classes.py:\d+: Nameless needs a name: write `name = \"nameless\"` in the class"),
    ([Refused], r"test_classes.py:\d+: the default of `level` in Refused is no good"),
    ([Shapeless], r"test_classes.py:\d+: Shapeless is of no kind that a recipe can use: subclass one of nstk.Loss, "),
    ([Plain], r"test_classes.py:\d+: `plugins` holds the class Plain, which is no nstk.Definition: write `class Plain\(nstk.L"),
    ([Warm()], r"`plugins` holds an instance of Warm: give the class itself, `plugins=\[Warm\]`"),
    ([5], "`plugins` holds 5: a plugin is a file, the name of a module, a module or a class"),
    ([lambda: 1], "a plugin is a file, the name of a module, a module or a class"),
    (Warm, r"`plugins` is a list: write `plugins=\[Warm\]`"),
    ("mine.py", r"`plugins` is a list: write `plugins=\['mine.py'\]`"),
    (5, r"`plugins` is a list, such as `plugins=\[MyLoss\]`, not 5"),
    ([ModuleType("made_up")], "the module `made_up` has no file by which a recipe could name it: give its classes instead"),
    (["python:Gone"], r"the class Gone was given in Python: give it again, `nstk.load_recipe\(path, plugins=\[Gone\]\)`"),
]


@pytest.mark.parametrize(("plugins", "message"), WRONG, ids=[str(index) for index in range(len(WRONG))])
def test_what_is_no_plugin_is_a_sentence(plugins, message):
    with pytest.raises(PluginError, match=message) as caught:
        Registry.of(plugins)
    assert "\n" not in str(caught.value)


def test_twice_the_same_name():
    with pytest.raises(PluginError, match="`plugins` defines the loss `warm` twice"):
        Registry.of([Warm, type("Other", (Warm,), {"__module__": __name__, "name": "warm"})])
    with pytest.raises(PluginError, match="two classes given in Python are called Warm: rename one of them"):
        Registry.of([Warm, cell(name="other")])


def test_a_module_is_taken_as_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "a_module.py").write_text(CELL.format(name="mine", doc="", level=1, factor=1) + HOOK)
    import a_module

    try:
        registry = Registry.of([a_module])
        assert registry.get("loss", "mine") is a_module.Warm
        assert registry.plugins[-1].origin == "a_module.py"
        registry.load("a_module.py", tmp_path)
        assert registry.get("loss", "mine") is a_module.Warm, "the same file is not loaded again"
    finally:
        del sys.modules["a_module"]


def test_a_class_is_found_in_its_cell():
    assert spot(cell(7)) == "<ipython-input-7>:4"
    assert spot(cell(None)) == "a_notebook"


def test_the_hash_is_of_the_source():
    registry = Registry.of([Warm])
    assert registry.code_hash(Warm) == hashlib.sha256(inspect.getsource(Warm).encode()).hexdigest()
    assert class_hash(cell(1)) == class_hash(cell(2))
    assert class_hash(cell(1)) != class_hash(cell(2, factor=3))
    assert class_hash(cell(1)) != class_hash(cell(2, doc="Another one."))


def test_the_hash_knows_the_bases():
    assert class_hash(Warmer) != hashlib.sha256(inspect.getsource(Warmer).encode()).hexdigest()
    made = [type("Made", (base,), {"__module__": "a_notebook", "name": "made"}) for base in (cell(1), cell(2, factor=3))]
    assert class_hash(made[0]) != class_hash(made[1])


def test_without_source_the_code_is_hashed():
    first = class_hash(cell(None))
    assert class_hash(cell(None)) == first
    assert class_hash(cell(None, factor=3)) != first, "a constant in a method"
    assert class_hash(cell(None, level=2)) != first, "a default"
    assert class_hash(cell(None, name="other")) != first, "a value of the class"
    longer = CELL.replace("return", "y = 1; return")
    space = {"__name__": "a_notebook"}
    exec(longer.format(name="warm", doc="A loss.", level=1, factor=2), space)
    assert class_hash(space["Warm"]) != first, "an instruction"


def test_the_codes_hash_is_the_same_elsewhere(tmp_path):
    """Sets have another order in another process."""
    import subprocess

    text = CELL.format(name="warm", doc="A loss.", level=1, factor=2)
    script = (
        "import sys; sys.modules['a_notebook'] = type(sys)('a_notebook')\n"
        f"space = {{'__name__': 'a_notebook'}}\nexec({text!r}, space)\n"
        "from nstk.registry.source import class_hash\nprint(class_hash(space['Warm']))"
    )
    seen = {
        subprocess.run([sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True).stdout
        for seed in ("1", "2")
    }
    assert seen == {class_hash(cell(None)) + "\n"}
