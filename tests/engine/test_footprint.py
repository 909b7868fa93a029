"""Whole or in tiles: what is chosen for the memory that is free, and what happens when it runs out all the same."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import nstk
from nstk import testing
from nstk.api import Scale
from nstk.engine.footprint import LEAST, Footprint
from nstk.engine.inputs import pictures_of
from nstk.engine.kept import Kept
from nstk.engine.plan import Plan
from nstk.engine.scale import objective
from nstk.plugins.optimizers.adam import Adam
from nstk.plugins.optimizers.lbfgs import Lbfgs

LARGE = Scale(0, 4096, 3072, 10)


def footprint(optimizer):
    return Footprint(nstk.load_recipe("minimal").model_copy(update={"optimizer": optimizer}), "float32")


def test_tiles_only_where_the_whole_does_not_fit():
    small = Scale(0, 400, 300, 10)
    assert footprint(Adam()).layout(small, "auto", 2 * 10**9).edge is None
    assert footprint(Adam()).layout(LARGE, "auto", 60 * 10**9).edge is None
    assert footprint(Adam()).layout(LARGE, "off", 10**9).edge is None
    assert footprint(Adam()).layout(LARGE, 640, 10**9).edge == 640
    assert footprint(Adam()).layout(small, 640, 10**9).edge is None  # it is one tile


@pytest.mark.parametrize("optimizer", [Adam(), Lbfgs()])
@pytest.mark.parametrize("room", [4e9, 8e9, 16e9])
def test_what_is_chosen_fits(optimizer, room):
    way = footprint(optimizer).layout(LARGE, "auto", round(room))
    assert way.fits
    assert way.edge >= 512


def test_lbfgs_remembers_less_in_little_memory():
    histories = [footprint(Lbfgs()).layout(LARGE, "auto", round(room * 1e9)).optimizer.history for room in (4, 6, 60)]
    assert histories == sorted(histories)
    assert histories[0] < histories[-1] == Lbfgs().history


def test_small_tiles_count_what_is_held_between():
    optimizer = Lbfgs(history=1)
    it = footprint(optimizer)
    pictures = LARGE.width * LARGE.height * 4 * 3
    layouts = [it.layout(LARGE, edge, 10**9) for edge in (128, 2048)]
    small, large = (layout.needs - layout.graphs - it.state(LARGE, optimizer) - it.held for layout in layouts)
    assert small == 2 * pictures < large
    assert optimizer.pictures(1) + 2 == optimizer.pictures(2) == optimizer.pictures(100)  # the first step remembers nothing


@pytest.mark.parametrize(("width", "height", "least"), [(4096, 3072, 256), (8176, 6132, 512), (8192, 6144, 512)])
def test_where_nothing_fits_tiles_are_not_tiny(width, height, least):
    """The picture's copies take most of the memory: tiles of 128 pixels save hardly any, and take several times as long."""
    it, large = footprint(Lbfgs(history=1)), Scale(0, width, height, 10)
    chosen = it.layout(large, "auto", 10**9)
    assert not chosen.fits
    assert chosen.edge >= least
    assert chosen.needs <= 1.02 * it.layout(large, 128, 10**9).needs


def test_graphs_are_counted_by_shapes_of_tiles():
    it = footprint(Adam())
    four, nine = (it.layout(LARGE, edge, 10**9).graphs for edge in (2048, 1024))  # 2 x 2 tiles, and 4 x 3
    assert nine == 9 / 4 * four > 0
    assert it.layout(LARGE, "off", 10**9).graphs == 0


def test_a_scale_leaves_room_for_the_graphs_after_it(tmp_path):
    """What it has taken for pictures and activations is not given back before they are made."""
    tiles, coarse = footprint(Adam()), Scale(0, 1024, 768, 10)
    needs = tiles.layout(coarse, "auto", 10**12).needs
    finer = tiles.layout(LARGE, 640, 10**9).graphs
    assert tiles.layout(coarse, "auto", needs).edge is None
    tight = tiles.layout(coarse, "auto", needs, finer)
    assert tight.edge is not None
    assert tight.graphs == finer
    assert tight.fits
    plan = Plan.of(testing.recipe(tmp_path, size=4096, pyramid={"levels": 3}, tiles=640))
    assert [layout.graphs for layout in plan.layouts] == 3 * [plan.layouts[-1].graphs]


def test_tiles_are_halved_to_the_least():
    way, edges = footprint(Adam()).layout(LARGE, "off", 0), []
    while way := way.halved():
        edges.append(way.edge)
    assert edges[0] == 2048
    assert edges[-1] == LEAST


def with_octaves(**losses):
    dropped = dict.fromkeys(nstk.load_recipe("minimal").losses, False)
    return Footprint(nstk.load_recipe({"extends": "minimal", "losses": dropped | losses}), "float32")


def test_deep_layers_at_coarse_octaves_take_little():
    """Blocks 1 and 2 of all pixels are held, and then all blocks of a quarter of them."""
    layers = [f"block{block}_conv1" for block in range(1, 6)]
    whole = with_octaves(gram={}).layout(LARGE, "off", 0).needs
    less = with_octaves(gram={"octaves": {1: layers[:2], 2: layers[2:]}}).layout(LARGE, "off", 0).needs
    least = with_octaves(gram={"octaves": [4]}).layout(LARGE, "off", 0).needs
    assert least < less < whole


def test_regions_are_counted(tmp_path):
    """What an objective holds more of where its losses are limited is what the plan says."""
    testing.recipe(tmp_path)  # writes the pictures
    Image.fromarray(np.tile(np.arange(95, 255, dtype=np.uint8), (120, 1))).save(tmp_path / "map.png")

    def held(**keys):
        painting = {"picture": str(tmp_path / "style.png"), **keys}
        recipe = testing.recipe(tmp_path, size=160, pyramid=False, style=painting)
        plan = Plan.of(recipe)
        made = pictures_of(recipe, 160, 120)
        targets = objective(recipe, plan, Kept(), plan.scales[0], made, plan.layouts[0]).targets
        return sum(it.numpy().nbytes for it in tf.nest.flatten(targets) if tf.is_tensor(it)), plan.layouts[0].needs

    (plain, planned), (limited, more) = held(), held(where={"map": str(tmp_path / "map.png")})
    assert 5 / 6 * (more - planned) == pytest.approx(limited - plain, rel=0.03)  # a byte of six is not among the targets
    assert more > planned
