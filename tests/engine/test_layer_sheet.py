"""A sheet of what each layer alone makes of a painting."""

from __future__ import annotations

import numpy as np
import pytest

import nstk
from nstk import testing
from nstk.engine import layer_sheet as module
from nstk.engine.layer_sheet import layer_sheet

TWO = {"gram": {"layers": {"block1_conv2": 0.5, "block2_conv1": 0.5}, "weight": 3}}


@pytest.fixture
def cells(monkeypatch):
    """The cells that the sheet was made of."""
    kept = []
    monkeypatch.setattr(module, "contact_sheet", lambda cells: kept.extend(cells) or np.zeros((1, 1, 3), np.uint8))
    return kept


def test_a_picture_for_each_layer_named(tmp_path, cells):
    said = []
    recipe = testing.recipe(tmp_path, losses={"content": {}, **TWO}, run_eagerly=True)
    layer_sheet(recipe, ["block2_conv1", "image"], size=64, steps=2, say=said.append)
    assert [cell.title for cell in cells] == ["the painting", "image", "block2_conv1"]
    assert [cell.below for cell in cells[1:]] == ["sees 1 px, not read", "sees 10 px, gram 0.5"]
    assert said == ["image (1 of 2)", "block2_conv1 (2 of 2)"]
    assert {cell.picture.shape for cell in cells} == {(48, 64, 3)}
    assert not np.array_equal(cells[1].picture, cells[2].picture)
    assert [it.name for it in tmp_path.iterdir() if it.name.startswith("out")] == []


def test_the_first_of_each_block_and_those_that_are_read(tmp_path):
    recipe = testing.recipe(tmp_path, losses=TWO)
    label, loss = module._style_loss(recipe)
    firsts = [f"block{block}_conv1" for block in range(1, 6)]
    assert (label, module._chosen(recipe, loss, [])) == ("gram", ["block1_conv1", "block1_conv2", *firsts[1:]])


@pytest.mark.parametrize(
    ("losses", "layers", "size", "expected"),
    [
        (TWO, ["block2_con1"], 64, "has no layer `block2_con1`: did you mean `block2_conv1`?"),
        (TWO, [], 20, "cannot be 20 pixels long: choose from 64 to 1024"),
        ({"content": {}, "palette": {"use": "gram", "layers": ["image"]}}, [], 64, "no loss that compares single layers"),
    ],
)
def test_a_slip_is_one_sentence(losses, layers, size, expected, tmp_path):
    with pytest.raises(nstk.UserError, match=expected.replace("?", r"\?")):
        layer_sheet(testing.recipe(tmp_path, losses=losses), layers, size=size, steps=1)


def test_what_a_recipe_says_of_its_photograph_has_no_part_in_a_sheet(tmp_path, cells):
    nstk.write_picture(testing.pictures((60, 30), 3).content, tmp_path / "tall.png")
    nstk.write_picture(np.tile(np.linspace(0, 255, 48, dtype=np.float32)[None, :, None], (36, 1, 3)), tmp_path / "map.png")
    map_, tall = str(tmp_path / "map.png"), str(tmp_path / "tall.png")
    losses = {"content": {}, "gram": {**TWO["gram"], "where": map_}}
    placed = {"style": {"picture": tall, "where": map_}, "losses": losses, "paint": map_, "balance": 5, "time": "1s"}
    plain = {"style": tall, "losses": {"content": {}, **TWO}}
    for keys in (plain, placed):
        layer_sheet(testing.recipe(tmp_path, run_eagerly=True, **keys), ["block1_conv2"], size=64, steps=2)
    assert np.array_equal(cells[1].picture, cells[3].picture)
