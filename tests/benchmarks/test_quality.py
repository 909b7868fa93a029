"""The part `quality`: what it paints, what it keeps, and what its figures say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import quality
from benchmarks.report import Report
from benchmarks.setting import Quality, Setting
from nstk.recipe.load import load_recipe
from nstk.recipe.shipped import shipped

SCORE = {"lp": 0.6, "ge": 0.9, "cf": 0.5, "e": -4.0, "ssim": 0.4}


def row(seconds, **score):
    return {"step": 1, "seconds": seconds, **SCORE, **score}


@pytest.fixture
def painted(monkeypatch):
    """A stand-in for the process that paints; holds what it was asked for."""
    asked = []

    def child(module, spec):
        asked.append(spec)
        Path(spec["folder"]).mkdir(parents=True)
        Image.new("RGB", (64, 48)).save(Path(spec["folder"]) / "picture.png")
        better = 0.1 if spec["recipe"] != "default" else 0
        score = {**SCORE, "lp": SCORE["lp"] + better, "ge": SCORE["ge"] + better}
        return {"seconds": 10.0, "score": score, "way": [row(1.0, lp=0.5), row(2.0)], "photograph": SCORE, "painting": SCORE}

    monkeypatch.setattr(quality, "child", child)
    return asked


def measured(tmp_path, **options):
    said = []
    setting = Setting(False, {}, said.append, quality=Quality(tmp_path / "kept", count=2, **options))
    record = Report(tmp_path / "all.json", {}).part("quality")
    quality.measure(setting, record)
    return {figure.what: figure for figure in record.figures}


def test_the_default_and_every_look_are_painted():
    names = quality.recipes([])
    assert names[:2] == ["default", "louvre"] or "louvre" in names
    assert {name for name, path in shipped().items() if path.parent.name == "looks"} < set(names)
    assert quality.recipes(["louvre", "default"]) == ["default", "louvre"]


@pytest.mark.parametrize("name", quality.recipes([]))
def test_every_recipe_takes_the_pair_and_the_size(name):
    recipe = load_recipe({"extends": name, "width": None, "height": None, "size": 512, "output": False})
    assert (recipe.size, recipe.aspect) == (512, None)


def test_figures_and_a_sheet(painted, tmp_path):
    figures = measured(tmp_path, recipes=["jcjohnson", "default"], sizes=[256, 512])
    assert len(painted) == 8
    assert {spec["judged"] for spec in painted} == {256}
    ahead = figures["jcjohnson is ahead of default in so many of LP, GE and CF"]
    assert (ahead.value, ahead.holds) == (2, False)
    share = next(figure for what, figure in figures.items() if what.endswith("/ the whole run"))
    assert (share.value, share.holds) == (pytest.approx(0.2), False)
    assert figures["default: LP at 256 and 512 px, apart, judged at 256 px"].holds
    with Image.open(tmp_path / "kept" / "sheet-256.jpg") as sheet:
        assert np.asarray(sheet.convert("L")).min() < 50
    table = (tmp_path / "kept" / "scores.md").read_text().splitlines()
    assert len(table) == 2 + 8
    assert len(json.loads((tmp_path / "all.json").read_text())["raw"]["quality"]["rows"]) == 8


def test_what_is_painted_is_kept(painted, tmp_path):
    for _ in range(2):
        measured(tmp_path, recipes=["default"])
    assert len(painted) == 2


@pytest.mark.parametrize(
    ("way", "seconds"),
    [
        ([row(1.0), row(2.0)], 1.0),
        ([row(1.0), row(2.0, lp=0.5), row(3.0)], 3.0),  # it was left once more
        ([row(1.0, ge=0.8), row(2.0)], 2.0),
        ([row(1.0, cf=0.1), row(2.0)], 1.0),
        ([row(1.0, lp=0.5)], 10.0),
    ],
)
def test_the_first_picture_like_the_result(way, seconds):
    assert quality.near({"seconds": 10.0, "score": SCORE, "way": way}) == seconds
