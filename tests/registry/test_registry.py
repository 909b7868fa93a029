"""Plugins: found, named, listed, left out."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

import nstk
from nstk.errors import PluginError
from nstk.registry import registry as registry_module
from nstk.registry.blame import blame
from nstk.registry.registry import Registry, describe_plugins
from tests.registry.samples import GOOD


def test_version_origin_and_parts(write):
    registry = Registry(installed=False)
    registry.load(write("grain.py", '    __version__ = "3.1"\n' + GOOD.lstrip("\n"), name="grain"), Path.cwd())
    assert describe_plugins(registry)[-1] == ("grain", "3.1", "grain.py", "loss grain")
    assert describe_plugins(registry)[0][:3] == ("nstk", nstk.__version__, "built in")
    assert registry.owner(registry.get("loss", "grain")).name == "grain"


def test_a_clash_counts_when_it_is_used(write):
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


def test_another_kind_is_no_clash(write):
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


def test_broken_plugins_are_skipped(write, install):
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


def test_an_installed_plugin_by_its_name(write, install):
    write("installed_grain.py", name="grain")
    install(grain="installed_grain")
    registry = Registry()
    for spec in ("grain", "installed_grain"):
        registry.load(spec, Path.cwd())
    assert [plugin.name for plugin in registry.plugins] == ["nstk", "grain"]
    assert registry.get("loss", "grain")


def test_the_file_of_an_installed_plugin_is_that_plugin(write, install):
    """As it is in an editable install, where a saved recipe names the file in the author's folder."""
    write("installed_grain.py", name="grain")
    install(grain="installed_grain")
    registry = Registry()
    assert registry.knows("installed_grain.py", Path.cwd())
    registry.load("installed_grain.py", Path.cwd())
    assert [plugin.name for plugin in registry.plugins] == ["nstk", "grain"]
    assert registry.get("loss", "grain")


def test_a_broken_shipped_file_is_skipped(write, monkeypatch, tmp_path):
    import nstk.plugins

    write("zz_mine.py", "import numppy\n")
    monkeypatch.setattr(nstk.plugins, "__path__", [*nstk.plugins.__path__, str(tmp_path)])
    registry = Registry(installed=False)
    assert "gram" in registry.names("loss")
    assert "No module named 'numppy' (zz_mine.py:1)" in str(registry.failures[0])


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
def test_wrong_commands_are_left_out(hook, reason, write):
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


def test_distribution_is_the_origin(write, install, monkeypatch):
    write("installed_grain.py", name="grain")
    install()
    dist = SimpleNamespace(name="nstk-grain", version="1.2")
    entry = SimpleNamespace(
        name="grain", value="installed_grain", dist=dist, load=lambda: importlib.import_module("installed_grain")
    )
    monkeypatch.setattr(registry_module, "entry_points", lambda group: [entry])
    assert describe_plugins(Registry())[-1] == ("grain", "1.2", "nstk-grain 1.2", "loss grain")
