"""Paths in recipes: what they are relative to, and that a saved recipe reads the same files."""

from __future__ import annotations

import pytest

from nstk.recipe.load import load_recipe
from tests.recipe.samples import PICTURES, refused, saved_beside


def test_paths_are_relative_to_their_file(project, write):
    (project / "recipes" / "parent.yaml").write_text("content: deep.png\nstyle: ../painting.png\noutput: deep_out.png\n")
    recipe = load_recipe(write(child="extends: recipes/parent.yaml\nstyle: photo.png\n"))
    assert recipe.inputs() == {"content": project / "recipes" / "deep.png", "style": project / "photo.png"}
    assert recipe.path == project / "recipes" / "deep_out.png"
    overridden = load_recipe("recipes/parent.yaml", ["content=photo.png"], output="mine.jpg")
    assert overridden.inputs()["content"] == project / "photo.png"
    assert overridden.path == project / "mine.jpg"


def test_an_output_is_a_file_name_not_yaml(write):
    for name in ("a #1.png", "[x].png", "*.png", "a: b.png"):
        assert load_recipe(write(mine=PICTURES), output=name).path.name == name


def test_a_plugins_files_are_inputs(project, write):
    text = (
        PICTURES
        + "plugins: [glow.py]\nlosses: {glow: {mask: photo.png, others: [painting.png, recipes/deep.png], sizes: [3, 4]}}\n"
    )
    recipe = load_recipe(write(mine=text))
    assert recipe.inputs() == {
        "content": project / "photo.png",
        "style": project / "painting.png",
        "losses.glow.mask": project / "photo.png",
        "losses.glow.others.0": project / "painting.png",
        "losses.glow.others.1": project / "recipes" / "deep.png",
    }
    assert recipe.losses["glow"].sizes == (3, 4)
    assert "no file nosuch.png" in refused(write(mine=text.replace("recipes/deep.png", "nosuch.png")))
    assert "over the recipe's `losses.glow.others.1`" in refused(write(mine=text), output="recipes/deep.png")


@pytest.mark.parametrize("output", ["out/a.png", "a.png", "recipes/deep/er/a.png"])
def test_saved_beside_it_reads_the_same(project, write, output):
    recipe = load_recipe(write(mine=PICTURES + "init: {use: image, file: recipes/deep.png}\n"), output=output)
    saved = saved_beside(recipe)
    again = load_recipe(saved)
    assert (again.inputs(), again.path) == (recipe.inputs(), recipe.path)
    assert str(project) not in saved.read_text()  # the project can be moved


def test_saved_elsewhere_it_reads_the_same(project, write, tmp_path, monkeypatch):
    recipe = load_recipe(write(mine=PICTURES), output=tmp_path / "a.png")
    saved = saved_beside(recipe)
    assert str(project / "photo.png") in saved.read_text()
    monkeypatch.chdir("/")
    assert load_recipe(saved).inputs() == recipe.inputs()


def test_a_folder_behind_a_link(project, write, tmp_path):
    (tmp_path / "far").mkdir()
    (project / "linked").symlink_to(tmp_path / "far")
    recipe = load_recipe(write(mine=PICTURES), output="linked/a.png")
    saved_beside(recipe)
    assert load_recipe(project / "linked" / "a.recipe.yaml").inputs() == recipe.inputs()
