"""What is said where a page cannot be shown."""

from __future__ import annotations

from pathlib import Path

import pytest

INSTALL = 'error: a live page needs an extra that is not installed: pip install "nstk-styletransfer[live]"\n'


@pytest.mark.parametrize("words", [["run", "recipe.yaml", "--live"], ["ui"]], ids=lambda it: it[0])
def test_the_extra_is_named(run, painted, monkeypatch, words):
    monkeypatch.setattr("nstk.live.server.find_spec", lambda name: None)
    said = run(*words, "--no-open")
    assert (said.code, said.err) == (2, INSTALL)
    assert not painted.recipes
    assert not Path("out").exists()


def test_a_folder_that_is_a_file(run):
    said = run("ui", "-o", "photo.jpg", "--no-open")
    assert (said.code, said.err) == (2, "error: photo.jpg is a file: name a folder\n")


def test_the_picture_is_shown(run, painted, monkeypatch, folder):
    opened = []
    monkeypatch.setattr("click.launch", lambda path: opened.append(path) or 0)
    assert run("run", "recipe.yaml", "--open").code == 0
    assert opened == [str(folder / "out" / "recipe.png")]


@pytest.mark.parametrize("how", ["code", "error"])
def test_no_viewer_is_no_failure(run, painted, monkeypatch, how):
    def launch(path):
        if how == "error":
            raise OSError("no display")
        return 127

    monkeypatch.setattr("click.launch", launch)
    said = run("run", "recipe.yaml", "--open")
    assert (said.code, said.err) == (0, "no viewer can be opened here: out/recipe.png is painted\n")
