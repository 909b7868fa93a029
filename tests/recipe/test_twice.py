"""Settings of which only one could count."""

from __future__ import annotations

import pytest

import nstk
from nstk.recipe.twice import Said, twice


@pytest.mark.parametrize(
    ("first", "second", "place"),
    [
        ("steps=5", "steps=9", "steps"),
        ("steps=5", " steps = 5", "steps"),
        ("losses.gram.weight=1", "losses.gram.weight=2", "losses.gram.weight"),
        ("losses.gram.weight=1", "losses={gram: {weight: 2}}", "losses.gram.weight"),
        ("losses.gram.weight=1", "losses={content: }", "losses.gram.weight"),
        ("losses.gram.weight=1", "losses.gram=false", "losses.gram.weight"),
        ("losses.gram=false", "losses.gram.weight=1", "losses.gram"),
        ("losses.gram.weight=1", "losses.gram=", "losses.gram.weight"),
        ("output=a.png", "output.path=b.png", "output"),
        ("output=a.png", "output={path: b.png, quality: 3}", "output"),
        ("output.quality=3", "output=false", "output.quality"),
        ("optimizer=adam", "optimizer.use=sgd", "optimizer"),
        ("optimizer={use: adam, learning_rate: 2}", "optimizer=sgd", "optimizer"),
        ("losses.it=gram", "losses.it.use=tv", "losses.it"),
        ("pyramid=false", "pyramid.levels=2", "pyramid"),
        ("style=a.png", "style.sky=b.png", "style"),
    ],
)
def test_one_of_them_would_be_lost(first, second, place):
    (message,) = twice([Said(first, first), Said("steps.x", "seed=1"), Said(second, second)])
    assert message == f"`{first}` and `{second}` both set `{place}`: leave one of them out"
    with pytest.raises(nstk.RecipeError, match="both set"):
        nstk.load_recipe("minimal", [first, second])


@pytest.mark.parametrize(
    "settings",
    [
        ["optimizer.learning_rate=3", "optimizer=adam"],
        ["optimizer=adam", "optimizer.learning_rate=3"],
        ["optimizer={use: adam}", "optimizer.learning_rate=3"],
    ],
)
def test_what_goes_together_may_stand_in_any_order(settings):
    assert list(twice([Said(it, it) for it in settings])) == []
    recipe = nstk.load_recipe("minimal", settings)
    assert (recipe.optimizer.name, recipe.optimizer.learning_rate) == ("adam", 3)


def test_an_output_may_be_told_in_parts(tmp_path):
    for settings in (["output.depth=16", "output=a.png"], ["output=a.png", "output.depth=16"]):
        recipe = nstk.load_recipe("minimal", settings)
        assert (recipe.output.depth, recipe.path.name) == (16, "a.png")


def test_a_default_is_not_twice():
    recipe = nstk.load_recipe("minimal", ["optimizer=", "optimizer.history=5"])
    assert recipe.optimizer.history == 5
