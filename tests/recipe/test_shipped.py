"""The recipes that come with nstk, and copies of them."""

from __future__ import annotations

import os

import pytest

import nstk
from nstk.recipe.load import load_recipe
from nstk.recipe.shipped import copy_recipe, find_recipe, shipped
from tests.recipe.samples import essence, refused, saved_beside


def test_a_folder_hides_no_shipped_recipe(project, write):
    (project / "minimal").mkdir()
    try:
        assert find_recipe("minimal") == shipped()["minimal"]
        assert load_recipe(write(child="extends: minimal\n")).files[1] == shipped()["minimal"]
    finally:
        (project / "minimal").rmdir()


def test_a_recipe_that_is_not_there():
    assert "did you mean `minimal`?" in refused("minimol")
    assert refused("nosuch.yaml") == "no file nosuch.yaml"


@pytest.mark.parametrize("name", shipped())
def test_shipped_recipes_survive_saving(name, project):
    recipe = load_recipe(name)
    saved = saved_beside(recipe)
    again = load_recipe(saved)
    assert essence(again) == essence(recipe)


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize("dest", ["", "mine.yaml", "new/folder"])
def test_a_copy_reads_its_own_pictures(name, dest, tmp_path):
    copied = copy_recipe(name, tmp_path / dest)
    recipe = load_recipe(copied[0])
    assert all(path.is_relative_to(tmp_path) for path in recipe.inputs().values())
    assert set(recipe.inputs().values()) <= {path.resolve() for path in copied}
    os.utime(copied[0], (1, 1))
    assert copy_recipe(name, tmp_path / dest) == copied  # it is there already, so nothing is written
    assert copied[0].stat().st_mtime == 1


def test_a_copy_overwrites_nothing(tmp_path):
    recipe, picture, *_ = copy_recipe("minimal", tmp_path)
    for path in (recipe, picture):
        original = path.read_bytes()
        path.write_bytes(b"mine")
        with pytest.raises(nstk.OutputError, match="exists already"):
            copy_recipe("minimal", tmp_path)
        assert path.read_bytes() == b"mine"
        path.write_bytes(original)


def test_a_copy_of_what_is_not_shipped(tmp_path):
    with pytest.raises(nstk.UserError, match="no recipe `minimol` comes with nstk: did you mean `minimal`"):
        copy_recipe("minimol", tmp_path)
    assert list(tmp_path.iterdir()) == []
