"""The pictures of a scale, and the part of the content that a recipe paints."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from PIL import Image

import nstk
from nstk import pictures, testing
from nstk.api import Scale
from nstk.engine import scale
from nstk.engine.estimate import Forecast, _what_would
from nstk.engine.inputs import initial
from nstk.engine.plan import Plan

LIGHT = {"content": {"layers": ["image"], "formula": "mean"}, "gram": {"layers": ["image"]}}
WALLPAPER = {"size": "64x36", "crop": "top", "losses": LIGHT, "run_eagerly": True}


@pytest.fixture
def photograph(tmp_path):
    """A photograph of 90 x 70 pixels with transparency and EXIF. Its upper 51 rows (50.6) have the aspect of 64 x 36."""
    made = np.rint(testing.pictures((70, 90), seed=3).content).astype(np.uint8)
    alpha = np.full((70, 90, 1), 255, np.uint8)
    alpha[:20, :30] = 0
    exif = Image.Exif()
    exif[0x010F] = "A maker"
    exif[0x8825] = {1: "N", 2: (48.0, 51.0, 30.0)}
    Image.fromarray(np.concatenate([made, alpha], -1)).save(tmp_path / "photo.png", exif=exif)
    return tmp_path / "photo.png"


def test_a_style_scale_is_the_styles_own_size(tmp_path):
    recipe = testing.recipe(tmp_path, style_scale=0.5)
    pictures = scale.pictures_of(recipe, 48, 36)
    assert pictures.content.shape == (36, 48, 3)
    assert pictures.styles["style"].shape == (18, 24, 3)


def test_the_content_is_cut_and_then_resized(photograph, tmp_path):
    """What was cut away leaves no trace: neither at the edges of the part nor in the colours under its transparency."""
    recipe = testing.recipe(tmp_path, content=str(photograph), **WALLPAPER)
    with Image.open(photograph) as opened:
        opened.crop((0, 0, 90, 51)).save(tmp_path / "part.png")
    part = nstk.read_picture(tmp_path / "part.png", straight=True)
    assert np.array_equal(scale.pictures_of(recipe, 64, 36).content, pictures.resize(part, 64, 36))


def test_the_result_has_the_size_asked_for(photograph, tmp_path):
    output = {"path": str(tmp_path / "a.png"), "depth": 16}
    recipe = testing.recipe(tmp_path, content=str(photograph), output=output, **WALLPAPER)
    result = nstk.run(recipe)
    assert result.picture.shape == (36, 64, 3)
    alpha = pictures.read_all(result.path).alpha
    assert (alpha[5, 5], alpha[5, 40], alpha[30, 5]) == (0, 1, 1)
    with Image.open(result.path) as opened:
        assert opened.size == (64, 36)
        assert opened.getexif()[0x010F] == "A maker"
        assert opened.getexif().get_ifd(0x8769)[0xA002] == 64
        assert 0x8825 not in opened.getexif()
    again = nstk.load_recipe(recipe.sidecar(".recipe.yaml"))
    judged = nstk.evaluate(again, result.path)
    assert judged["sizes"]["content"] == {"file": [90, 70], "compared": [64, 36]}
    assert judged["loss"] == pytest.approx(sum(result.losses.values()), rel=1e-3)
    with pytest.raises(nstk.UserError, match="the recipe's size has another aspect"):
        nstk.evaluate(again, photograph)


def test_an_opaque_part_gives_an_opaque_result(photograph, tmp_path):
    recipe = testing.recipe(tmp_path, content=str(photograph), **WALLPAPER | {"crop": "bottom", "size": "90x16"})
    assert recipe.read_content().alpha is None
    assert testing.recipe(tmp_path, content=str(photograph), size="90x16").read_content().colours.shape == (16, 90, 3)


def test_a_larger_size_than_the_photograph(tmp_path):
    recipe = testing.recipe(tmp_path, size="300x100", pyramid=False)
    assert [(it.width, it.height) for it in Plan.of(recipe).scales] == [(300, 100)]


def test_smaller_scales_are_rounded_from_the_result(photograph, tmp_path):
    recipe = testing.recipe(
        tmp_path, content=str(photograph), **WALLPAPER | {"size": "75x41", "pyramid": {"levels": 2}, "steps": [1, 1]}
    )
    assert [(it.width, it.height) for it in Plan.of(recipe).scales] == [(38, 21), (75, 41)]
    result = nstk.run(recipe)
    assert result.picture.shape == (41, 75, 3)
    record = json.loads(recipe.sidecar(".run.json").read_text())
    assert [it["height"] for it in record["scales"]] == [21, 41]


def test_tiles_see_the_part(photograph, tmp_path):
    settings = {"content": str(photograph), **WALLPAPER, "size": "150x85", "steps": 1, "output": False}
    whole, tiled = (testing.run_recipe(tmp_path, tiles=tiles, **settings) for tiles in ("off", 64))
    assert tiled.losses == pytest.approx(whole.losses, rel=1e-4)


def test_a_first_picture_is_cut_as_the_content_is(photograph, tmp_path):
    """The photograph as the first picture is the content; an earlier result is not cut again."""
    recipe = testing.recipe(tmp_path, content=str(photograph), init={"use": "image", "file": str(photograph)}, **WALLPAPER)
    made = scale.pictures_of(recipe, 64, 36)
    assert np.abs(initial(recipe, made) - made.content).max() < 60  # the filled transparent part may differ a little
    assert np.array_equal(initial(recipe, made)[:, 30:], made.content[:, 30:])
    pictures.write_picture(made.content, tmp_path / "result.png")
    again = recipe.model_copy(update={"init": type(recipe.init)(file=str(tmp_path / "result.png"))})
    assert np.array_equal(initial(again, made), np.rint(made.content))


def test_a_content_given_in_python_is_cut(tmp_path):
    content = np.rint(testing.pictures((70, 90)).content).astype(np.uint8)
    recipe = testing.recipe(tmp_path, content=content, size="20x70", crop="right", output=False)
    assert np.array_equal(scale.pictures_of(recipe, 20, 70).content, content[:, 70:])


def test_an_estimate_names_both_edges(tmp_path):
    recipe = testing.recipe(tmp_path, size="3200x1800", tiles="off")
    plan = Plan.of(recipe)
    room = plan.footprint.layout(Scale(0, 1600, 900, 1), "off", sys.maxsize).needs
    layout = plan.footprint.layout(plan.scales[0], "off", room)
    assert _what_would(recipe, plan, Forecast(plan.scales[0], layout, 1.0, 0)) == "`size: 1600x900` would"
