"""A working directory, a command line that runs in this process, a stand-in for the engine, installed plugins."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import pytest

import nstk
from nstk.cli import main
from nstk.registry import registry as registry_module
from tests.cli.samples import begin


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with a recipe and two pictures."""
    monkeypatch.chdir(tmp_path)
    return begin(tmp_path)


@pytest.fixture
def run(folder, capsys):
    """Runs a command line: `run("check", "recipe.yaml")` -> its exit code, output and errors."""

    def run(*args: str) -> SimpleNamespace:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main(args)
        said = capsys.readouterr()
        return SimpleNamespace(code=stop.value.code, out=said.out, err=said.err)

    return run


@pytest.fixture
def painted(monkeypatch):
    """A stand-in for the engine; holds the recipes that it was given."""
    recipes: list[nstk.Recipe] = []
    engine = SimpleNamespace(stopped="done", error=None)

    def paint(recipe, *, force, quiet):
        recipes.append(recipe)
        engine.force, engine.quiet = force, quiet
        if engine.error:
            raise engine.error
        return SimpleNamespace(path=recipe.path, stopped=engine.stopped)

    engine.evaluate = lambda recipe, picture: {"picture": picture, "loss": 1.5}
    engine.recipes = recipes
    monkeypatch.setattr(nstk, "run", paint, raising=False)
    monkeypatch.setattr(nstk, "evaluate", engine.evaluate, raising=False)
    monkeypatch.setattr("nstk.cli.painting.start_tensorflow", lambda: None)
    return engine


@pytest.fixture
def install(monkeypatch, folder):
    """Makes modules in the working directory look like installed plugins."""
    monkeypatch.syspath_prepend(folder)
    before = set(sys.modules)

    def install(*modules: str) -> None:
        entries = [EntryPoint(module, module, "nstk") for module in modules]
        monkeypatch.setattr("importlib.metadata.entry_points", lambda group: entries)
        monkeypatch.setattr(registry_module, "entry_points", lambda group: entries)

    yield install
    for name in set(sys.modules) - before:
        if str(folder) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
