"""Keys that change nothing are said."""

from __future__ import annotations

import pytest

from nstk import testing
from nstk.engine.unheeded import unheeded
from nstk.machine.precision import BFLOAT16, FLOAT32, Choice


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"output": {"path": "a.png", "quality": 90}}, "`quality: 90` changes nothing: a .png picture is written without loss"),
        ({"output": {"path": "a.bmp", "gps": True}}, "`gps: true` changes nothing: a .bmp picture has no EXIF"),
        (
            {"output": False, "checkpoint": {"every": 5}},
            "`checkpoint` changes nothing: with `output: false` nothing is written",
        ),
        ({"precision": "bfloat16"}, "`precision: bfloat16` changes nothing: the backbone `mine` knows no other"),
    ],
)
def test_a_key_that_changes_nothing(settings, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipe = testing.recipe(tmp_path, **settings)
    assert [*unheeded(recipe, Choice(FLOAT32, "the backbone `mine` knows no other"))] == [expected]


def test_keys_that_count_are_not_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for settings in ({}, {"output": {"path": "a.jpg", "quality": 90, "gps": True}}, {"output": False, "checkpoint": False}):
        assert not [*unheeded(testing.recipe(tmp_path, **settings), Choice(FLOAT32, ""))]
    recipe = testing.recipe(tmp_path, precision="bfloat16")
    assert not [*unheeded(recipe, Choice(BFLOAT16, "the recipe says so"))]


def test_a_run_says_it_once(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    testing.run_recipe(tmp_path, output={"path": "a.png", "quality": 90}, size=64)
    unheeded, photograph, painting = caplog.messages
    assert unheeded == "`quality: 90` changes nothing: a .png picture is written without loss"
    assert "content.png is 48 x 36 pixels, and is enlarged to 64 x 48" in photograph
    assert "style.png is 48 x 36 pixels, and is enlarged to 64 x 48" in painting


def test_an_octave_that_is_too_small_is_said(tmp_path):
    recipe = testing.recipe(tmp_path, losses={"gram": {"octaves": [1, 2]}, "tv": None}, size=200)
    said = next(line for line in unheeded(recipe, Choice("float32", "it is asked for")) if "octave" in line)
    assert said.startswith("octave 2 of loss `gram` is read at octave 1: no picture is made less than 128 pixels long")
    large = testing.recipe(tmp_path, losses={"gram": {"octaves": [1, 2]}}, size=256)
    assert not any("octave" in line for line in unheeded(large, Choice("float32", "")))
