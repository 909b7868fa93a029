"""Pictures with fewer pixels than is asked of them are told before the first step, each with what to do."""

from __future__ import annotations

import numpy as np
import pytest

from nstk import testing
from nstk.pictures import write_picture
from nstk.recipe.enlarged import enlarged
from nstk.recipe.load import load_recipe
from nstk.recipe.shipped import shipped

SOFT = "so it stays soft"


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A working directory with a photograph of 200 x 100 pixels and a painting of 100 x 80."""
    monkeypatch.chdir(tmp_path)
    for name, size in (("photo", (200, 100)), ("painting", (100, 80))):
        write_picture(np.full((*size[::-1], 3), 128, np.float32), tmp_path / f"{name}.png")

    def make(**settings):
        return load_recipe({"content": "photo.png", "style": "painting.png", "backbone": "tiny", **settings})

    return make


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"size": 200}, "write `style_scale: 0.5`, or take a larger file"),
        ({"size": 180}, "write `style_scale: 0.55`, or take a larger file"),
        ({"size": 200, "pyramid": {"start": 40}, "steps": [1, 1, 1]}, "write `style_scale: 0.5`, or take a larger file"),
        ({"size": 400, "pyramid": {"start": 50}}, "take a larger file"),  # the first scale would have a painting of 12 pixels
    ],
)
def test_a_small_painting(made, settings, hint):
    size = settings["size"]
    what = f"is 100 x 80 pixels, and is enlarged to {size} x {size * 4 // 5}, so its strokes blur"
    assert [*enlarged(made(**settings))][-1] == f"the painting painting.png {what}: {hint}"


def test_what_is_to_be_written_is_heeded(made):
    assert not [*enlarged(made(size=180, style_scale=0.55))]


def test_a_small_painting_on_purpose(made):
    (said,) = enlarged(made(size=100, style_scale=3))
    assert said.endswith("is enlarged to 300 x 240, so its strokes blur: write `style_scale: 1`, or take a larger file")


def test_each_painting_is_told(made):
    assert len([*enlarged(made(size=200, style={"sky": "painting.png", "walls": "photo.png"}))]) == 1


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"size": 300}, "is 200 x 100 pixels, and is enlarged to 300 x 150, {}: write `size: content`, or take a larger file"),
        (
            {"size": "150x150"},
            "gives a part of 100 x 100 pixels, and is enlarged to 150 x 150, {}: write `size: 100x100`, or take a larger file",
        ),
    ],
)
def test_a_small_photograph(made, settings, expected):
    (said,) = enlarged(made(**settings, style="photo.png", style_scale=0.5))
    assert said == f"the photograph photo.png {expected.format(SOFT)}"


def test_a_trifle_is_not_told(made):
    assert not [*enlarged(made(size=250, style_scale=0.5))]


def test_a_picture_given_in_python(tmp_path):
    made = testing.pictures((48, 64))
    recipe = load_recipe({"size": 200, "backbone": "tiny"}, content=made.content, style=made.styles["style"])
    assert [said.partition(" is ")[0] for said in enlarged(recipe)] == [
        "the content given in Python",
        "the style given in Python",
    ]


@pytest.mark.parametrize("name", shipped())
def test_no_shipped_recipe_enlarges(name):
    assert not [*enlarged(load_recipe(name))]
