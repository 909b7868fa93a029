"""Whose recipes may name plugins, which are code: a stranger's only with `--trust`."""

from __future__ import annotations

import os
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

import nstk
from nstk.cli import cli, main
from nstk.recipe.load import load_recipe
from nstk.registry import registry as registry_module

PLUGIN = """
from pathlib import Path

import nstk

Path("{ran}").touch()


class Glow(nstk.Loss):
    name = "glow"


@nstk.hookimpl
def nstk_losses():
    return [Glow]
"""
RECIPE = "extends: minimal\nsize: 64\nplugins: [glow.py]\nlosses: {glow: }\n"


class World:
    """A working directory, `here`, and a folder elsewhere, `there`, each with a recipe and its plugin."""

    def __init__(self, folder: Path):
        self.here, self.there, self.witness = folder / "here", folder / "there", folder / "ran"
        for home in (self.here, self.there):
            home.mkdir()
            (home / "glow.py").write_text(PLUGIN.format(ran=self.witness))
            (home / "recipe.yaml").write_text(RECIPE)

    @property
    def ran(self) -> bool:
        """Whether the plugin has run since this was asked last."""
        found = self.witness.exists()
        self.witness.unlink(missing_ok=True)
        return found

    def refused(self, recipe: object, *overrides: str, **options: object) -> str:
        with pytest.raises(nstk.RecipeError) as caught:
            load_recipe(recipe, overrides, **options)
        assert not self.ran
        return str(caught.value)

    def loads(self, recipe: object, *overrides: str, **options: object) -> bool:
        """Whether the recipe is loaded, and its plugin with it."""
        return "glow" in load_recipe(recipe, overrides, **options).losses and self.ran


@pytest.fixture
def world(tmp_path, monkeypatch):
    made = World(tmp_path)
    monkeypatch.chdir(made.here)
    return made


@pytest.fixture
def engine(monkeypatch):
    """A stand-in for the engine."""
    made = SimpleNamespace(
        run=lambda recipe, force, quiet: SimpleNamespace(path=recipe.path, stopped="done"),
        evaluate=lambda recipe, picture: {},
    )
    for name, stand_in in vars(made).items():
        monkeypatch.setattr(nstk, name, stand_in, raising=False)
    monkeypatch.setattr("nstk.cli.painting.start_tensorflow", lambda: None)


def exit_code(*args: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(args)
    return int(stop.value.code or 0)


PICTURE = str(Path(__file__).parents[2] / "recipes" / "images" / "louvre.jpg")
COMMANDS = [["check"], ["show"], ["run"], ["evaluate", "--picture", PICTURE]]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_every_command_asks_first(command, world, engine, capsys):
    assert exit_code(*command, "../there/recipe.yaml") == 2
    assert not world.ran
    said = capsys.readouterr().err
    assert f"`plugins` would run {world.there}/glow.py, and this recipe is not under the working directory" in said
    assert "look into it first; `--trust`" in said
    assert exit_code(*command, "../there/recipe.yaml", "--trust") == 0
    assert world.ran
    assert exit_code(*command, "recipe.yaml") == 0
    assert world.ran


def test_every_command_has_the_option():
    for name, command in cli.commands.items():
        usage = command.get_usage(click.Context(command, help_option_names=["-h", "--help"]))
        options = [option for parameter in command.params for option in parameter.opts]
        assert ("RECIPE" in usage or name in ("resume", "rerun")) == ("--trust" in options), name


def test_from_python(world):
    stranger = world.there / "recipe.yaml"
    assert "3:11: `plugins` would run " in world.refused(stranger)
    with pytest.raises(nstk.RecipeError, match="is not under the working directory"):
        nstk.run(stranger)
    assert not world.ran
    assert world.loads(stranger, trust=True)
    # A mapping is the program's own words, and so are `plugins` and overrides.
    assert world.loads({"extends": "minimal", "plugins": [str(world.there / "glow.py")], "losses": {"glow": None}})
    assert world.loads(stranger, "plugins=../there/glow.py")
    assert world.loads("minimal", "losses={glow: }", plugins=["../there/glow.py"])


def test_the_file_that_says_it_counts(world):
    Path("child.yaml").write_text("extends: ../there/recipe.yaml\n")
    assert world.refused("child.yaml").startswith(f"{world.there}/recipe.yaml:3:11: ")
    Path("child.yaml").write_text("extends: ../there/recipe.yaml\nplugins: [../there/glow.py]\n")
    assert world.loads("child.yaml")
    child = world.there / "child.yaml"
    child.write_text(f"extends: {world.here}/recipe.yaml\nsteps: 3\n")
    assert world.loads(child)
    Path("deep/er").mkdir(parents=True)
    os.rename("recipe.yaml", "deep/er/recipe.yaml")
    assert "there is no such file" in world.refused("deep/er/recipe.yaml")
    assert world.loads("deep/er/recipe.yaml", "plugins=glow.py")
    Path("deep/er/recipe.yaml").write_text(RECIPE.replace("glow.py", "../../../there/glow.py"))
    assert world.loads("deep/er/recipe.yaml")


def test_links_are_followed(world, monkeypatch):
    Path("linked.yaml").symlink_to(world.there / "recipe.yaml")
    assert f"this recipe (a link to {world.there}/recipe.yaml) is not under the working directory" in world.refused(
        "linked.yaml"
    )
    Path("folder").symlink_to(world.there)
    assert "(a link to" in world.refused("folder/recipe.yaml")
    assert world.refused("folder/../there/recipe.yaml")
    (world.there / "back.yaml").symlink_to(world.here / "recipe.yaml")
    assert world.refused(
        world.there / "back.yaml"
    )  # the words are the user's, but the file that they name lies beside the link
    (world.there / "home").symlink_to(world.here)
    monkeypatch.chdir(world.there / "home")
    assert world.loads(world.there / "home" / "recipe.yaml")
    assert world.loads(world.here / "recipe.yaml")


def test_a_strangers_other_mistakes_are_told(world):
    (world.there / "recipe.yaml").write_text(RECIPE + "stpes: 3\n")
    said = world.refused(world.there / "recipe.yaml")
    assert [line.split(": ")[1] for line in said.splitlines() if "recipe.yaml:" in line] == [
        f"`plugins` would run {world.there}/glow.py, and this recipe is not under the working directory",
        "unknown key `stpes`",
    ]


def test_only_installed_modules_are_trusted(world, monkeypatch):
    """Importing a module runs it: one in the working directory, or one of Python's own."""
    monkeypatch.syspath_prepend(world.here)
    os.rename("glow.py", "glow_module.py")
    recipe = world.there / "recipe.yaml"
    recipe.write_text(RECIPE.replace("glow.py", "glow_module"))
    assert "`plugins` would import the module glow_module, and this recipe is not under" in world.refused(recipe)
    assert "glow_module" not in sys.modules
    entries = [EntryPoint("glowing", "glow_module", "nstk"), EntryPoint("broken", "nosuch_module", "nstk")]
    monkeypatch.setattr(registry_module, "entry_points", lambda group: entries)
    try:
        assert world.loads(recipe)  # the module of an installed plugin, which is loaded in any case
        recipe.write_text(RECIPE.replace("glow.py", "glowing"))
        assert "glow" in load_recipe(recipe).losses
        recipe.write_text(RECIPE.replace("glow.py", "broken"))
        assert "plugin `broken` (nosuch_module) did not load" in world.refused(recipe)
    finally:
        sys.modules.pop("glow_module", None)


def test_what_the_user_names_is_trusted(world):
    recipe = world.there / "recipe.yaml"
    assert world.loads(recipe, plugins=["../there/glow.py"])
    with pytest.raises(nstk.RecipeError, match=f"would run {world.there}/glow.py"):
        load_recipe(recipe, plugins=["glow.py"])  # another file of that name


def test_what_comes_with_nstk_is_trusted(world, monkeypatch):
    monkeypatch.setattr("nstk.recipe.trust.recipes_folder", lambda: world.there)
    assert world.loads(world.there / "recipe.yaml")
