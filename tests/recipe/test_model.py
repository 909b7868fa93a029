"""What a whole recipe knows of itself: its name, its picture, the files that it is saved with."""

from __future__ import annotations

import pytest

import nstk
from nstk.engine.saving import check_sidecar
from nstk.recipe.load import load_recipe
from tests.recipe.samples import PICTURES, essence, saved_beside


def test_the_pictures_name_the_result(project):
    recipe = load_recipe(None, ["content=photo.png", "style=painting.png"])
    assert recipe.path == project / "out" / "photo-painting.png"


def test_plugins_are_saved(project, write):
    text = PICTURES + "losses: {gram: , glow: {mask: photo.png, others: [painting.png], sizes: [3, 4]}}\n"
    recipe = load_recipe(write(mine=text), plugins=["glow.py"], output="out/glowing.png")
    assert recipe.plugins == [str(project / "glow.py")]
    again = load_recipe(saved_beside(recipe))
    assert essence(again) == essence(recipe)
    assert again.plugins == recipe.plugins
    within = load_recipe(write(mine=f"plugins: glow.py\n{text}"), plugins=["./glow.py"])
    assert within.plugins == recipe.plugins


def test_a_saved_recipe_is_not_overwritten(project, write):
    recipe = load_recipe(write(mine=PICTURES))
    assert check_sidecar(recipe)
    saved = saved_beside(recipe)
    assert not check_sidecar(load_recipe(saved))
    with pytest.raises(nstk.UserError, match=r"would be written over out/mine\.recipe\.yaml"):
        check_sidecar(load_recipe(saved, ["steps=5"]))
