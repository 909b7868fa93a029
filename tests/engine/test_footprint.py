"""Whole or in tiles: what is chosen for the memory that is free, and what happens when it runs out all the same."""

from __future__ import annotations

import logging

import numpy as np
import pytest

import nstk
from nstk import testing
from nstk.api import Scale
from nstk.engine.footprint import LEAST, Footprint
from nstk.engine.plan import Plan
from nstk.errors import OutOfMemory
from nstk.machine import memory
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


def test_lbfgs_remembers_less_where_memory_is_short():
    histories = [footprint(Lbfgs()).layout(LARGE, "auto", round(room * 1e9)).optimizer.history for room in (4, 6, 60)]
    assert histories == sorted(histories)
    assert histories[0] < histories[-1] == Lbfgs().history


def test_an_optimizers_pictures_between_evaluations_count_where_tiles_are_small():
    it, optimizer = footprint(Lbfgs()), Lbfgs(history=1)
    pictures = LARGE.width * LARGE.height * 4 * 3
    small, large = (it.tiled(LARGE, edge, optimizer) - it.state(LARGE, optimizer) - it.held for edge in (128, 2048))
    assert small == 2 * pictures < large
    assert optimizer.pictures(1) + 2 == optimizer.pictures(2) == optimizer.pictures(100)  # the first step remembers nothing


def test_tiles_are_halved_until_they_are_too_small():
    way, edges = footprint(Adam()).layout(LARGE, "off", 0), []
    while way := way.halved(LARGE):
        edges.append(way.edge)
    assert edges[0] == 2048
    assert edges[-1] == LEAST


@pytest.mark.parametrize(
    ("text", "count"), [("4GB", 4 * 10**9), ("1.5 GB", 1_500_000_000), (".5GB", 5 * 10**8), ("800MB", 8 * 10**8)]
)
def test_amounts_of_memory(text, count):
    assert memory.read(memory.checked(text)) == count


def test_amounts_are_told_in_powers_of_ten():
    assert [memory.in_words(count) for count in (1.44e9, 23.6e9, 8.05e8, 5e3)] == ["1.4 GB", "24 GB", "805 MB", "5 kB"]


GREEDY = """
import nstk
import tensorflow as tf

class Greedy(nstk.StatisticLoss):
    \"\"\"Needs more memory than there is for more than {most} pixels.\"\"\"
    name = "greedy"

    def statistic(self, features, maps):
        image = features["image"]
        if image.shape[1] * image.shape[2] > {most}:
            raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating")
        return tf.reduce_sum(tf.square(image))

    def score(self, statistic, goal):
        return statistic / 1e6

@nstk.hookimpl
def nstk_losses():
    return [Greedy]
"""


@pytest.fixture
def greedy(tmp_path):
    def write(most):
        (tmp_path / "greedy.py").write_text(GREEDY.format(most=most))
        nstk.write_picture(testing.pictures((150, 200)).content, tmp_path / "content.png")
        losses = {"greedy": None, "tv": {"weight": 0.1}}
        files = {"content": str(tmp_path / "content.png"), "plugins": [str(tmp_path / "greedy.py")]}
        return {**files, "size": 200, "losses": losses, "checkpoint": False}

    return write


def test_a_run_goes_on_in_tiles_where_memory_runs_out(greedy, tmp_path, caplog):
    expected = testing.run_recipe(tmp_path, **greedy(10**9)).picture
    with caplog.at_level(logging.WARNING, "nstk"):
        made = testing.run_recipe(tmp_path, **greedy(8000))
    lines = [record.getMessage() for record in caplog.records]
    assert lines == ["memory ran out at 200 x 150: going on in tiles of 100 pixels"]
    assert np.abs(made.picture.astype(int) - expected).max() <= 1
    assert len(made.history) == 3


def test_where_no_tile_is_small_enough_the_run_ends(greedy, tmp_path):
    with pytest.raises(OutOfMemory, match=r"loss `greedy` ran out of memory: choose a smaller `size`"):
        testing.run_recipe(tmp_path, **greedy(1))


def test_a_loss_that_cannot_be_split_is_named_before_the_run(tmp_path):
    (tmp_path / "mine.py").write_text(
        "import nstk\n\nclass Mine(nstk.Loss):\n    name = 'mine'\n\n@nstk.hookimpl\ndef nstk_losses():\n    return [Mine]\n"
    )
    with pytest.raises(nstk.RecipeError, match="loss `mine` cannot be split into tiles: it is no sum over positions"):
        testing.recipe(tmp_path, plugins=[str(tmp_path / "mine.py")], losses={"mine": None}, tiles=64)
    testing.recipe(tmp_path, plugins=[str(tmp_path / "mine.py")], losses={"mine": None})


def test_the_estimate(tmp_path):
    from nstk.engine.estimate import estimate_in_words

    fits, (scale, verdict) = estimate_in_words(testing.recipe(tmp_path, steps=7))
    assert fits
    assert scale.startswith("48 x 36 px: 7 steps of ")
    assert "fits in the " in verdict
    fits, (scale, verdict) = estimate_in_words(testing.recipe(tmp_path, size=512, memory="1MB"))
    assert not fits
    assert "would" in verdict


def test_the_outlook_counts_what_was_planned_with(tmp_path):
    run = Plan.of(testing.recipe(tmp_path))
    said, taken = run.outlook, np.ones(5 * 10**8, np.uint8)  # as the network's weights are, which are in the plan already
    assert run.outlook == said
    del taken


def test_a_loss_that_cannot_be_split_ends_the_run_where_memory_runs_out(greedy, tmp_path):
    settings = greedy(8000)
    (tmp_path / "greedy.py").write_text(
        "import nstk\nimport tensorflow as tf\n\nclass Greedy(nstk.Loss):\n    name = 'greedy'\n\n"
        "    def __call__(self, features, target):\n"
        "        raise tf.errors.ResourceExhaustedError(None, None, 'OOM')\n\n"
        "@nstk.hookimpl\ndef nstk_losses():\n    return [Greedy]\n"
    )
    with pytest.raises(OutOfMemory, match="loss `greedy` ran out of memory"):
        testing.run_recipe(tmp_path, **settings)


def test_a_loss_of_weight_0_does_not_stand_in_the_way_of_tiles(tmp_path, plugin):
    path = plugin(
        """
        class Mine(nstk.Loss):
            name = "mine"

        @nstk.hookimpl
        def nstk_losses():
            return [Mine]
        """
    )
    losses = {"mine": {"weight": 0}, "tv": None}
    made = testing.run_recipe(tmp_path, plugins=[path], losses=losses, tiles=64, size=100, steps=1)
    assert list(made.losses) == ["tv"]


def test_what_memory_does_not_allow_is_said(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "nstk"):
        testing.run_recipe(tmp_path, size=200, steps=1, memory="1MB", optimizer="lbfgs", checkpoint=False)
    lines = [record.getMessage() for record in caplog.records]
    assert "memory is short at 200 x 150: optimizer `lbfgs` has `history` 1 in place of 20" in lines
    assert any(line.startswith("200 x 150 may need ") for line in lines)
