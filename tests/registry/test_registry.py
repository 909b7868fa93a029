"""Plugins: found, loaded, named, refused. A plugin that is wrong is one sentence, and leaves nothing behind."""

from __future__ import annotations

import hashlib
import importlib
import pickle
import re
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace

import click
import pytest

import nstk
from nstk.errors import PluginError
from nstk.files import file_hash
from nstk.registry import registry as registry_module
from nstk.registry.blame import blame
from nstk.registry.registry import Registry, describe_plugins

GOOD = """
    import nstk

    class Grain(nstk.Loss):
        name = "{name}"

    @nstk.hookimpl
    def nstk_losses():
        return [Grain]
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes a plugin file into the working directory and returns its name."""
    monkeypatch.chdir(tmp_path)

    def write(file: str, text: str = GOOD, **fields: str) -> str:
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text.format(**fields) if fields else text).lstrip("\n"), encoding="utf-8")
        return file

    return write


@pytest.fixture
def install(monkeypatch, write, tmp_path):
    """Makes modules look like installed plugins: `install(name="module")`."""
    monkeypatch.syspath_prepend(tmp_path)
    modules = set(sys.modules)

    def install(**modules: str) -> None:
        entries = [EntryPoint(name, value, "nstk") for name, value in modules.items()]
        monkeypatch.setattr(registry_module, "entry_points", lambda group: entries)
        importlib.invalidate_caches()

    yield install
    for name in set(sys.modules) - modules:  # files of the same name come in other tests
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def snapshot(registry: Registry) -> object:
    kinds = ("loss", "initializer", "optimizer", "callback", "backbone")
    return len(registry.plugins), len(registry.manager.get_plugins()), [registry.names(kind) for kind in kinds]


# Each is a plugin file `slip.py` and what has to be said of it.
SLIPS = {
    "misspelt hook": (
        """
        import nstk
        @nstk.hookimpl
        def nstk_loses():
            return []
        """,
        "slip.py:3: `nstk_loses` is not a hook of nstk: did you mean `nstk_losses`?",
    ),
    "a hook of nothing we know": (
        """
        import nstk
        @nstk.hookimpl
        def paint_it_black():
            return []
        """,
        "slip.py:3: `paint_it_black` is not a hook of nstk: the hooks are nstk_losses, ",
    ),
    "misspelt and unmarked": (
        """
        import nstk
        def nstk_loses():
            return []
        """,
        "slip.py:2: `nstk_loses` is not a hook of nstk: did you mean `nstk_losses`?",
    ),
    "forgotten hookimpl": (
        """
        import nstk
        def nstk_losses():
            return []
        """,
        "slip.py:2: `nstk_losses` is not marked as a hook: write `@nstk.hookimpl` above it",
    ),
    "argument with a default": (
        """
        import nstk
        @nstk.hookimpl
        def nstk_commands(cli=None):
            pass
        """,
        "slip.py:3: `nstk_commands` gives `cli` a default, so nothing else would ever be passed",
    ),
    "unknown argument": (
        """
        import nstk
        @nstk.hookimpl
        def nstk_losses(recipe):
            return []
        """,
        "slip.py:3: `nstk_losses` has no argument `recipe`: it is called with nothing",
    ),
    "misspelt argument": (
        """
        import nstk
        @nstk.hookimpl
        def nstk_commands(group):
            pass
        """,
        "slip.py:3: `nstk_commands` has no argument `group`: it is called with `cli`",
    ),
    "no hook": ("import nstk\n", "it has no hook: write `@nstk.hookimpl` above a function"),
    "generator that raises": (
        """
        import nstk
        class A(nstk.Loss):
            name = "a"
        @nstk.hookimpl
        def nstk_losses():
            yield A
            raise ValueError("no luck")
        """,
        "ValueError: no luck (slip.py:7)",
    ),
    "hook that raises": (
        """
        import nstk
        @nstk.hookimpl
        def nstk_losses():
            return [1 / 0]
        """,
        "ZeroDivisionError: division by zero (slip.py:4)",
    ),
    "no name": (
        """
        import nstk
        class Grain(nstk.Loss):
            pass
        @nstk.hookimpl
        def nstk_losses():
            return [Grain]
        """,
        'slip.py:2: Grain needs a name: write `name = "grain"` in the class',
    ),
    "a name with a type": (
        """
        import nstk
        class Grain(nstk.Loss):
            name: str = "grain"
        @nstk.hookimpl
        def nstk_losses():
            return [Grain]
        """,
        "slip.py:2: the type after `name:` makes Grain's name a recipe key",
    ),
    "a name that no recipe can write": (
        """
        import nstk
        class Grain(nstk.Loss):
            name = "my:grain"
        @nstk.hookimpl
        def nstk_losses():
            return [Grain]
        """,
        "slip.py:2: Grain has the name 'my:grain': use letters, digits, `_` and `-`",
    ),
    "one name twice": (
        """
        import nstk
        class A(nstk.Loss):
            name = "grain"
        class B(nstk.Loss):
            name = "grain"
        @nstk.hookimpl
        def nstk_losses():
            return [A, B]
        """,
        "slip.py:4: it defines the loss `grain` twice",
    ),
    "a class of another kind": (
        """
        import nstk
        class Say(nstk.Callback):
            name = "say"
        @nstk.hookimpl
        def nstk_losses():
            return [Say]
        """,
        "slip.py:5: `nstk_losses` returns Say, which is no nstk.Loss: return it from `nstk_callbacks`",
    ),
    "any class": (
        """
        import nstk
        class Grain:
            name = "grain"
        @nstk.hookimpl
        def nstk_losses():
            return [Grain]
        """,
        "slip.py:5: `nstk_losses` returns Grain, which is no nstk.Loss: write `class Grain(nstk.Loss)`",
    ),
    "an instance": (
        """
        import nstk
        class Grain(nstk.Loss):
            name = "grain"
        @nstk.hookimpl
        def nstk_losses():
            return [Grain()]
        """,
        "slip.py:5: `nstk_losses` returns Grain(weight=1.0): return the class, not an instance of it",
    ),
    "a class without a list": (
        """
        import nstk
        class Grain(nstk.Loss):
            name = "grain"
        @nstk.hookimpl
        def nstk_losses():
            return Grain
        """,
        "return a list of classes",
    ),
    "no return": (
        """
        import nstk
        @nstk.hookimpl
        def nstk_losses():
            pass
        """,
        "slip.py:3: `nstk_losses` returns None: return a list of classes",
    ),
    "a backbone without layers": (
        """
        import nstk
        class Net(nstk.Backbone):
            name = "net"
        @nstk.hookimpl
        def nstk_backbones():
            return [Net]
        """,
        "slip.py:2: Net needs its layers: write `layers = (nstk.Layer(...),)` in the class",
    ),
    "a field of an unknown type": (
        """
        from __future__ import annotations
        import nstk
        class Grain(nstk.Loss):
            name = "grain"
            size: Sise = 1
        @nstk.hookimpl
        def nstk_losses():
            return [Grain]
        """,
        "slip.py:3: Grain has a field whose type cannot be found: name 'Sise' is not defined",
    ),
    "a field without a type": (
        """
        import nstk
        class Grain(nstk.Loss):
            name = "grain"
            size = 1
        """,
        "(slip.py:2)",  # not pydantic's own file, where it is raised
    ),
    "missing import": ("import nstk\n\nimport numppy\n", "ModuleNotFoundError: No module named 'numppy' (slip.py:3)"),
    "syntax error": ("import nstk\n\ndef broken(:\n", "SyntaxError: invalid syntax (slip.py:3)"),
    "exit at import": ("import sys\nsys.exit('bye')\n", "SystemExit: bye (slip.py:2)"),
    "error without words": ("assert False\n", "AssertionError (slip.py:1)"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_slip_is_one_sentence_and_leaves_nothing_behind(slip, write):
    text, expected = SLIPS[slip]
    registry = Registry(installed=False)
    before = snapshot(registry)
    with pytest.raises(PluginError) as caught:
        registry.load(write("slip.py", text), Path.cwd())
    assert str(caught.value).startswith("plugin `slip` (slip.py) did not load: ")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
    assert snapshot(registry) == before
    registry.load(write("good.py", name="grain"), Path.cwd())
    assert registry.get("loss", "grain").name == "grain"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("grian.py", "plugin `grian` (grian.py) did not load: there is no such file: did you mean `grain.py`?"),
        ("no/where.py", "plugin `where` (no/where.py) did not load: there is no such file"),
        ("x" * 300 + ".py", "did not load: "),
        ("nul\0.py", "did not load: "),
        ("grain", "there is no module `grain`: did you mean the file `grain.py`?"),
        ("nothing.here", "there is no module `nothing.here`: a file is written with its `.py`"),
        ("", "there is no module ``"),
        (".relative", "there is no module `.relative`"),
        ("sub/grain", "there is no module `sub/grain`"),
    ],
)
def test_what_is_not_there(spec, expected, write):
    write("grain.py", name="grain")
    with pytest.raises(PluginError, match=re.escape(expected)):
        Registry(installed=False).load(spec, Path.cwd())


def test_the_line_that_is_blamed_is_the_plugins_own(write):
    def blamed(text: str) -> str:
        with pytest.raises(PluginError) as caught:
            Registry(installed=False).load(write("slip.py", text), Path.cwd())
        return str(caught.value)

    assert blamed("import json\n\njson.loads('{')\n").endswith("(slip.py:3)")
    assert blamed("from nstk.source import no_such_name\n").endswith("(slip.py:1)")
    assert blame(ValueError("never raised")) == "ValueError: never raised"


def test_a_missing_import_of_an_import_is_blamed_there(write, install):
    write("painter/__init__.py", "")
    write("painter/hooks/__init__.py", "")
    write("painter/hooks/all.py", "import painter.core\n")
    write("painter/core.py", "import os\n\nimport numppy\n")
    install()
    with pytest.raises(PluginError, match=re.escape("No module named 'numppy' (core.py:3)")):
        Registry().load("painter.hooks.all", Path.cwd())


def test_a_plugin_is_loaded_once(write):
    registry = Registry(installed=False)
    for spec in ("grain.py", "./grain.py", "../" + Path.cwd().name + "/grain.py", str(Path.cwd() / "grain.py")):
        registry.load(write("grain.py", name="grain") and spec, Path.cwd())
    assert [plugin.name for plugin in registry.plugins] == ["nstk", "grain"]


def test_a_plugin_of_a_recipe_is_relative_to_the_recipe(write, tmp_path):
    registry = Registry(installed=False)
    write("deep/grain.py", name="grain")
    registry.load("grain.py", tmp_path / "deep")
    assert registry.plugins[-1].origin == "deep/grain.py"


def test_version_origin_and_what_it_defines(write):
    registry = Registry(installed=False)
    registry.load(write("grain.py", '    __version__ = "3.1"\n' + GOOD.lstrip("\n"), name="grain"), Path.cwd())
    assert describe_plugins(registry)[-1] == ("grain", "3.1", "grain.py", "loss grain")
    assert describe_plugins(registry)[0][:3] == ("nstk", nstk.__version__, "built in")
    assert registry.owner(registry.get("loss", "grain")).name == "grain"


def test_a_clash_is_an_error_only_when_the_name_is_used(write):
    registry = Registry(installed=False)
    for file in ("one.py", "two.py"):
        registry.load(write(file, name="grain"), Path.cwd())
    assert registry.get("loss", "gram").name == "gram"
    with pytest.raises(PluginError) as caught:
        registry.get("loss", "grain")
    assert str(caught.value) == "two plugins define the loss `grain`: write `one:grain` (one.py) or `two:grain` (two.py)"
    assert registry.get("loss", "one:grain") is not registry.get("loss", "two:grain")
    assert registry.names("loss").count("grain") == 1


def test_a_clash_with_what_ships(write):
    registry = Registry(installed=False)
    registry.load(write("mine.py", name="gram"), Path.cwd())
    with pytest.raises(PluginError, match=re.escape("write `nstk:gram` (built in) or `mine:gram` (mine.py)")):
        registry.get("loss", "gram")
    assert registry.get("loss", "nstk:gram").__module__ == "nstk.plugins.losses.gram"
    assert registry.get("loss", "mine:gram").__name__ == "Grain"


def test_the_same_name_for_another_kind_is_no_clash(write):
    registry = Registry(installed=False)
    registry.load(write("mine.py", name="adam"), Path.cwd())
    assert registry.get("optimizer", "adam").__module__.startswith("nstk.plugins.")


def test_two_plugins_of_one_name(write):
    registry = Registry(installed=False)
    for file in ("a/grain.py", "b/grain.py"):
        registry.load(write(file, name="grain"), Path.cwd())
    with pytest.raises(PluginError, match=re.escape("rename one of a/grain.py and b/grain.py")):
        registry.get("loss", "grain")


def test_unknown_names_and_hints(write, install):
    write("broken_plugin.py", "import numppy\n")
    install(broken="broken_plugin")
    registry = Registry()
    with pytest.raises(PluginError, match="no loss is called `grm`"):
        registry.get("loss", "grm")
    with pytest.raises(PluginError, match="no loss is called `mine:gram`"):
        registry.get("loss", "mine:gram")
    assert registry.unknown_hint("loss", "grm").startswith("did you mean `gram`?")
    assert "`adam` is a optimizer" in registry.unknown_hint("loss", "adam").replace("an optimizer", "a optimizer")
    assert "No module named 'numppy' (broken_plugin.py:1); it may define it" in registry.unknown_hint("loss", "xyz")


def test_left_out(write, install):
    write("installed_grain.py", name="grain")
    install(grain="installed_grain")
    assert "grain" in Registry().names("loss")
    assert "grain" not in Registry(without=["grain"]).names("loss")
    registry = Registry(installed=False, without=["mine"])
    registry.load(write("mine.py", "import numppy\n"), Path.cwd())
    assert [plugin.name for plugin in registry.plugins] == ["nstk"]
    with pytest.raises(PluginError, match="everything that comes with nstk"):
        Registry(without=["nstk"])


def test_a_broken_installed_plugin_is_skipped_unless_it_is_asked_for(write, install):
    write("installed_grain.py", name="grain")
    write("broken_plugin.py", "import nstk\nimport numppy\n")
    write("exits_plugin.py", "raise SystemExit\n")
    write("object_plugin.py", "plugin = 'not a module'\n")
    install(
        broken="broken_plugin", exits="exits_plugin", grain="installed_grain", thing="object_plugin:plugin", gone="gone_plugin"
    )
    registry = Registry()
    assert "grain" in registry.names("loss")
    assert {failure.name: blame(failure.error) for failure in registry.failures} == {
        "broken": "ModuleNotFoundError: No module named 'numppy' (broken_plugin.py:2)",
        "exits": "SystemExit (exits_plugin.py:1)",
        "gone": "ModuleNotFoundError: No module named 'gone_plugin'",
        "thing": "a plugin is a module, but its entry point names 'not a module'",
    }
    rows = describe_plugins(registry)
    assert [row[0] for row in rows] == ["nstk", "grain", "broken", "exits", "gone", "thing"]
    assert "broken: did not load: ModuleNotFoundError: No module named 'numppy'" in rows[2][3]
    for spec in ("broken", "broken_plugin"):
        with pytest.raises(PluginError, match="numppy"):
            registry.load(spec, Path.cwd())


def test_asking_for_an_installed_plugin_by_its_name_or_module(write, install):
    write("installed_grain.py", name="grain")
    install(grain="installed_grain")
    registry = Registry()
    for spec in ("grain", "installed_grain"):
        registry.load(spec, Path.cwd())
    assert [plugin.name for plugin in registry.plugins] == ["nstk", "grain"]
    assert registry.get("loss", "grain")


def test_a_broken_file_among_the_shipped_ones_takes_nothing_down(write, monkeypatch, tmp_path):
    import nstk.plugins

    write("zz_mine.py", "import numppy\n")
    monkeypatch.setattr(nstk.plugins, "__path__", [*nstk.plugins.__path__, str(tmp_path)])
    registry = Registry(installed=False)
    assert "gram" in registry.names("loss")
    assert "No module named 'numppy' (zz_mine.py:1)" in str(registry.failures[0])


def test_instances_of_a_files_classes_pickle(write):
    registry = Registry(installed=False)
    registry.load(write("grain.py", name="grain"), Path.cwd())
    loss = registry.get("loss", "grain")(weight=2)
    assert pickle.loads(pickle.dumps(loss)) == loss


COMMANDS = """
    import click
    import nstk

    @click.command()
    def {name}():
        click.echo("from {said}")

    @nstk.hookimpl
    def nstk_commands(cli):
        cli.add_command({name})
"""


def commands(registry: Registry) -> dict[str, click.Command]:
    return registry.commands({"run": click.Command("run")})


def test_commands(write):
    registry = Registry(installed=False)
    registry.load(write("one.py", COMMANDS, name="hello", said="one"), Path.cwd())
    assert list(commands(registry)) == ["hello"]
    assert describe_plugins(registry)[-1] == ("one", "", "one.py", "command hello")


def test_two_plugins_that_add_one_command(write):
    registry = Registry(installed=False)
    for name in ("one", "two"):
        registry.load(write(f"{name}.py", COMMANDS, name="hello", said=name), Path.cwd())
    assert sorted(commands(registry)) == ["one:hello", "two:hello"]


@pytest.mark.parametrize(
    ("hook", "reason"),
    [
        ("cli.add_command(click.Command('fine')); cli.add_command(click.Command('run'))", "`nstk run` is a command of nstk"),
        ("cli.commands['run'] = click.Command('run')", "`nstk run` is a command of nstk"),
        ("cli.add_command(click.Command('fine')); 1 / 0", "ZeroDivisionError: division by zero (bad.py:5)"),
        ("cli.add_command('fine')", "(bad.py:5)"),
    ],
)
def test_commands_that_are_wrong_are_left_out_whole(hook, reason, write):
    registry = Registry(installed=False)
    registry.load(
        write("bad.py", f"import click\nimport nstk\n@nstk.hookimpl\ndef nstk_commands(cli):\n    {hook}\n"), Path.cwd()
    )
    registry.load(write("one.py", COMMANDS, name="hello", said="one"), Path.cwd())
    assert list(commands(registry)) == ["hello"]
    assert str(registry.failures[0]).startswith("plugin `bad` (bad.py) could not add its commands: ")
    assert reason in str(registry.failures[0])


def test_a_hook_may_leave_its_argument_out(write):
    registry = Registry(installed=False)
    registry.load(write("none.py", "import nstk\n@nstk.hookimpl\ndef nstk_commands():\n    pass\n"), Path.cwd())
    assert commands(registry) == {}
    assert not registry.failures


def test_registries_share_nothing(write):
    one = Registry(installed=False)
    one.load(write("grain.py", name="grain"), Path.cwd())
    assert "grain" not in Registry(installed=False).names("loss")


def test_file_hash(tmp_path):
    data = b"\x00stone" * 400_000
    (tmp_path / "file").write_bytes(data)
    assert file_hash(tmp_path / "file") == hashlib.sha256(data).hexdigest()


def test_distribution_is_the_origin(write, install, monkeypatch):
    write("installed_grain.py", name="grain")
    install()
    dist = SimpleNamespace(name="nstk-grain", version="1.2")
    entry = SimpleNamespace(
        name="grain", value="installed_grain", dist=dist, load=lambda: importlib.import_module("installed_grain")
    )
    monkeypatch.setattr(registry_module, "entry_points", lambda group: [entry])
    assert describe_plugins(Registry())[-1] == ("grain", "1.2", "nstk-grain 1.2", "loss grain")
