"""The paintings of a recipe: one, a list or a mapping, each a file or a mapping with keys of its own."""

from __future__ import annotations

import numpy as np
import pytest

import nstk
from nstk import testing
from nstk.recipe.load import load_recipe

PHOTO, A, B = "photo.png", "a.png", "b.png"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate((PHOTO, A, B)):
        nstk.write_picture(testing.pictures((36, 48), seed).content, tmp_path / name)
    return tmp_path


def paintings(style, *overrides, below=None):
    """Of each painting its file's name, its weight and its scale, by label."""
    recipe = {"content": PHOTO, "size": 48, "style": style}
    if below is not None:
        nstk.write_whole("below.yaml", load_recipe({**recipe, "style": below}).to_yaml().encode())
        recipe = {"extends": "below.yaml", "style": style}
    made = load_recipe(recipe, overrides)
    return {label: (it.picture.rpartition("/")[2], it.weight, it.scale) for label, it in made.style.items()}


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        (A, {"style": (A, 1, None)}),
        ([A], {"style": (A, 1, None)}),
        ([A, B], {"style": (A, 1, None), "style2": (B, 1, None)}),
        ([{"picture": A, "weight": 2}, B], {"style": (A, 2, None), "style2": (B, 1, None)}),
        ({"picture": A, "scale": 1.5}, {"style": (A, 1, 1.5)}),
        ({"sky": A, "walls": {"picture": B, "weight": 0.5, "scale": 2}}, {"sky": (A, 1, None), "walls": (B, 0.5, 2)}),
    ],
)
def test_the_forms_of_style(style, expected):
    assert paintings(style) == expected
    saved = load_recipe({"content": PHOTO, "style": style}).to_plain()["style"]
    assert paintings(saved) == expected, "a saved recipe says the same"


@pytest.mark.parametrize(
    ("style", "overrides", "expected"),
    [
        (A, ["style.scale=2"], {"style": (A, 1, 2)}),
        (A, ["style=b.png"], {"style": (B, 1, None)}),
        ({"sky": A, "walls": B}, ["style.sky.weight=3"], {"sky": (A, 3, None), "walls": (B, 1, None)}),
        ({"sky": {"picture": A, "scale": 2}}, ["style.sky=b.png"], {"sky": (B, 1, 2)}),
        ({"sky": {"picture": A, "scale": 2}}, ["style=b.png"], {"style": (B, 1, None)}),
        ({"sky": A}, ["style=[a.png, b.png]"], {"style": (A, 1, None), "style2": (B, 1, None)}),
    ],
)
def test_an_override_changes_one_key_of_a_painting(style, overrides, expected):
    assert paintings(style, *overrides) == expected


@pytest.mark.parametrize(
    ("below", "above", "expected"),
    [
        ({"sky": {"picture": A, "scale": 2}, "walls": B}, {"sky": B}, {"sky": (B, 1, 2), "walls": (B, 1, None)}),
        ({"sky": {"picture": A, "scale": 2}}, {"sky": {"weight": 3}}, {"sky": (A, 3, 2)}),
        ({"picture": A, "scale": 2}, {"weight": 3}, {"style": (A, 3, 2)}),
        ({"sky": A, "walls": B}, B, {"style": (B, 1, None)}),
        ({"sky": A, "walls": B}, [A], {"style": (A, 1, None)}),
        (A, {"sky": B}, {"sky": (B, 1, None)}),
        ({"picture": A, "scale": 2}, {"sky": B}, {"sky": (B, 1, None)}),
    ],
)
def test_a_recipe_that_extends_another_changes_its_paintings(below, above, expected):
    assert paintings(above, below=below) == expected


def test_a_painting_of_weight_0_is_not_looked_at():
    recipe = load_recipe({"content": PHOTO, "style": {"a": A, "b": {"picture": B, "weight": 0}}})
    assert [*recipe.paintings] == ["a"]
    assert [*recipe.style] == ["a", "b"]


def test_pictures_in_memory_may_be_several():
    one, other = (np.full((20, 30, 3), level, np.uint8) for level in (20, 200))
    recipe = load_recipe({"size": 32}, content=PHOTO, style=[one, {"picture": other, "weight": 3}])
    assert [(it.picture[:7], it.weight) for it in recipe.style.values()] == [("python:", 1), ("python:", 3)]


STYLE_LOSSES = ["gram", "moments", "wasserstein", "sliced", {"use": "gram", "chains": True, "shift": -1}]


@pytest.mark.parametrize("loss", STYLE_LOSSES, ids=str)
@pytest.mark.parametrize("tiles", ["off", pytest.param(64, marks=pytest.mark.slow)])
def test_a_painting_in_two_halves_is_the_painting_once(loss, tiles, folder):
    halves = {"one": {"picture": A, "weight": 0.5}, "other": {"picture": A, "weight": 0.5}}

    def painted(style):
        recipe = {"losses": {"content": {"layers": ["block1_conv1"]}, "style": loss}, "tiles": tiles, "size": 80, "steps": 2}
        made = testing.recipe(folder, content=PHOTO, style=style, output=False, pyramid=False, run_eagerly=True, **recipe)
        return nstk.run(made, quiet=True).picture

    assert np.array_equal(painted(halves), painted(A))
    assert not np.array_equal(painted({"one": {"picture": A, "weight": 0.5}, "other": B}), painted(A))


def test_weights_blend_and_only_their_ratio_counts(folder):
    def loss(first, second):
        style = {"a": {"picture": A, "weight": first}, "b": {"picture": B, "weight": second}}
        made = testing.recipe(folder, content=PHOTO, style=style, losses={"gram": {}})
        return nstk.evaluate(made, PHOTO)["losses"]["gram"]

    assert loss(1, 3) == pytest.approx(loss(2, 6), rel=1e-6)
    assert loss(1, 0) == pytest.approx(
        nstk.evaluate(testing.recipe(folder, style=A, losses={"gram": {}}), PHOTO)["loss"], rel=1e-6
    )
    assert len({round(loss(*weights), 6) for weights in ((1, 0), (3, 1), (1, 1), (0, 1))}) == 4
