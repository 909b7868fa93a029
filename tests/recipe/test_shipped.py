"""The recipes that come with nstk, and copies of them."""

from __future__ import annotations

import os

import pytest

import nstk
from nstk.recipe.defaults import recipes_folder
from nstk.recipe.load import load_recipe
from nstk.recipe.shipped import copy_recipe, find_recipe, grouped, headline, shipped
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


def test_recipes_have_names_of_their_own():
    assert sorted(path.stem for path in recipes_folder().rglob("*.yaml")) == list(shipped())


@pytest.mark.parametrize("name", shipped())
def test_a_recipe_begins_as_all_do(name):
    """The schema for editors, what the recipe is in one sentence, and the line that runs it."""
    path = shipped()[name]
    schema, sentence, command, *_ = path.read_text(encoding="utf-8").splitlines()
    _, _, place = schema.partition("# yaml-language-server: $schema=")
    assert (path.parent / place).resolve() == recipes_folder() / "nstk.schema.json"
    assert sentence == f"# {headline(path)}"
    assert sentence.endswith(".")
    assert len(sentence) <= 128
    assert command == f"#   nstk run {name}"


def test_each_recipe_is_in_its_group():
    default, pictures, looks = grouped().values()
    assert list(default) == ["default"]
    assert {"cafe", "louvre", "minimal"} <= set(pictures)
    assert {path.stem for path in (recipes_folder() / "looks").glob("*.yaml")} == set(looks)
    assert sorted([*default, *pictures, *looks]) == list(shipped())


def test_a_look_is_extended_by_its_name(project, write):
    assert load_recipe(write(child="extends: jcjohnson\nsize: 64\n")).files[1] == shipped()["jcjohnson"]


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


def test_a_copy_of_a_look_keeps_no_way_out(tmp_path):
    """What lies a folder above the look lies beside its copy."""
    copied = copy_recipe("jcjohnson", tmp_path / "mine.yaml")
    assert "../" not in copied[0].read_text(encoding="utf-8")
    assert {path.relative_to(tmp_path).as_posix() for path in copied[1:]} >= {"images/louvre.jpg", "nstk.schema.json"}


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
