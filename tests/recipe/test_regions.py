"""Regions in a recipe: their forms, where their files are, and what a saved recipe and the record hold of them."""

from __future__ import annotations

import numpy as np
import pytest

import nstk
from nstk import testing
from nstk.checkpoints.provenance import settings_of, sources
from nstk.recipe.load import load_recipe

REGION = """
import numpy as np
import nstk

class Strip(nstk.Region):
    name = "strip"
    share: float = nstk.Field(0.5, description="Which part of the width.")

    def __call__(self, pictures):
        height, width = pictures.content.shape[:2]
        return np.tile((np.arange(width) < self.share * width).astype(np.float32), (height, 1))

@nstk.hookimpl
def nstk_regions():
    return [Strip]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("photo.png", "painting.png")):
        nstk.write_picture(testing.pictures((36, 48), seed).content, tmp_path / name)
    nstk.write_picture(np.tile(np.linspace(0, 255, 48)[None, :, None], (36, 1, 3)).astype(np.float32), tmp_path / "map.png")
    (tmp_path / "strip.py").write_text(REGION)
    return tmp_path


def recipe(*overrides, **keys):
    plain = {"content": "photo.png", "style": "painting.png", "size": 48, "plugins": ["strip.py"]}
    return load_recipe({**plain, **keys}, overrides)


@pytest.mark.parametrize(
    ("written", "use", "invert"),
    [
        ("map.png", "map", False),
        ({"map": "map.png", "invert": True}, "map", True),
        ({"use": "map.png"}, "map", False),
        ("strip", "strip", False),
        ({"map": "strip", "invert": True}, "strip", True),
        ({"use": "strip", "share": 0.2}, "strip", False),
    ],
)
def test_the_forms_of_a_region_wherever_it_stands(written, use, invert, folder):
    losses = {"content": {"where": written}, "gram": {}}
    made = recipe(style={"picture": "painting.png", "where": written, "mask": written}, losses=losses, paint=written)
    found = dict(made.regions())
    assert [*found] == ["paint", "style.style.where", "style.style.mask", "losses.content.where"]
    assert {(it.name, it.invert) for it in found.values()} == {(use, invert)}
    again = load_recipe(made.to_plain())
    dumped = [{place: (it.name, it.model_dump()) for place, it in one.regions()} for one in (again, made)]
    assert dumped[0] == dumped[1], "a saved recipe says the same"
    maps = {place: str(path) for place, path in made.inputs().items() if place.endswith(".map")}
    assert set(maps.values()) == ({str(folder / "map.png")} if use == "map" else set())


def test_overrides_and_extends_change_a_region_or_its_keys():
    below = recipe(paint="map.png", losses={"content": {"where": {"use": "strip", "share": 0.2}}, "gram": {}})
    nstk.write_whole("below.yaml", below.to_yaml().encode())
    made = load_recipe("below.yaml", ["paint.feather=3", "losses.content.where.share=0.7", "style.where=strip"])
    found = dict(made.regions())
    assert (found["paint"].name, found["paint"].feather, found["losses.content.where"].share) == ("map", 3, 0.7)
    assert found["style.style.where"].name == "strip"
    assert dict(load_recipe("below.yaml", ["paint=strip", "losses.content.where=null"]).regions())["paint"].name == "strip"


def test_the_record_knows_the_keys_the_files_and_the_code_of_regions():
    made = recipe(paint={"map": "map.png", "grow": 2}, losses={"content": {"where": "strip"}, "gram": {}})
    settings, known = settings_of(made), sources(made)
    assert (settings["paint.use"], settings["paint.grow"], settings["losses.content.where.use"]) == ("map", 2, "strip")
    assert "paint.map" in known["inputs"]
    assert {row["where"]: row["plugin"] for row in known["plugins"]}["losses.content.where"] == "strip"


def test_a_region_that_is_found_nowhere_is_told_and_leaves_the_rest_to_do():
    made = recipe(losses={"content": {}, "gram": {}, "near": {"use": "content", "where": "face"}})
    assert made.absent == ["`losses.near.where`: no `face` was found in photo.png"]
