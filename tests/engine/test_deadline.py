"""A run that ends in time: the plan of its steps, and runs whose clock is a sum of what they do."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import nstk
from nstk import testing
from nstk.checkpoints.folder import RunFolder
from nstk.engine.deadline import Cost, planned
from nstk.engine.painting import Painting
from nstk.recipe.durations import seconds_in
from tests.checkpoints.samples import PLUGIN

COARSE, MIDDLE, FINE = Cost(5, 0.2, 0.5, 40), Cost(6, 0.6, 2, 24), Cost(11, 3, 8, 14)
ALL = [COARSE, MIDDLE, FINE]


def seconds(costs, steps):
    """What a plan takes, counted one step after another."""
    took = [
        cost.set_up * (not cost.done) + (count - max(1, cost.done)) * cost.step
        for cost, count in zip(costs, steps, strict=True)
        if count
    ]
    return sum(took) + [cost.closing for cost, count in zip(costs, steps, strict=True) if count][-1]


def test_no_more_steps_than_the_recipe_has():
    assert planned(1e6, ALL) == [40, 24, 14]


@pytest.mark.parametrize("left", [70, 80, 90])
def test_each_scale_keeps_the_same_share(left):
    steps = planned(left, ALL)
    shares = [count / cost.most for count, cost in zip(steps, ALL, strict=True)]
    assert 0.5 <= min(shares) <= max(shares) < 1
    assert max(shares) - min(shares) < 1 / 14
    assert left - 4 < seconds(ALL, steps) <= left


@pytest.mark.parametrize(("left", "steps"), [(55, [0, 15, 8]), (42, [0, 0, 8]), (22, [0, 0, 2]), (19, [0, 0, 1])])
def test_the_coarsest_are_left_out_where_time_is_short(left, steps):
    assert planned(left, ALL) == steps
    assert seconds(ALL, steps) <= left


@pytest.mark.parametrize(("left", "steps"), [(18.9, [0, 19, 0]), (8, [0, 1, 0]), (7, [8, 0, 0]), (5.4, [0] * 3), (-3, [0] * 3)])
def test_the_finest_are_left_out_where_not_even_one_step_fits(left, steps):
    assert planned(left, ALL) == steps


@pytest.mark.parametrize(
    ("left", "steps"), [(60, [25, 15, 8]), (40, [22, 0, 7]), (20, [10, 0, 1]), (10, [10, 4, 0]), (0, [10, 0, 0])]
)
def test_a_scale_that_has_begun_keeps_what_is_done(left, steps):
    """What it took to set it up is spent, and is not in what is left."""
    costs = [replace(COARSE, done=10), MIDDLE, FINE]
    assert planned(left, costs) == steps


# Runs. Their clock is a sum of what they do, so that they are the same on every machine.

LIGHT = {"gram": {"layers": ["image"]}, "content": {"layers": ["image"], "formula": "mean"}}
SETTINGS = {"size": 48, "pyramid": {"levels": 3, "ratio": 1.5}, "steps": [12, 8, 6], "run_eagerly": True, "losses": LIGHT}
SETTINGS |= {"init": "noise"}


@pytest.fixture
def clock(monkeypatch):
    """A clock for runs: to set up a scale takes two seconds and two steps. A step at 48 x 36 pixels takes 1.7 seconds."""

    class Clock:
        busy = range(0)
        """The steps during which the machine is busy, so that they take three times as long."""

    def seconds(run):
        steps = [1e-3 * it.scale.width * it.scale.height * (3 if it.index in Clock.busy else 1) for it in run.moves]
        begun = {it.scale.index: it.scale for it in run.moves}.values()
        return sum(steps) + sum(2 + 2e-3 * scale.width * scale.height for scale in begun)

    monkeypatch.setattr(Painting, "seconds", property(seconds))
    return Clock


def run(folder, **settings):
    """A run, the steps that were done at each scale, and its record."""
    result = testing.run_recipe(folder, **{**SETTINGS, **settings})
    record = json.loads((folder / "out.run.json").read_text())
    assert record["finished"]
    assert not RunFolder.of(result.path).path.exists()
    return result, [scale["done"] for scale in record["scales"]], record


@pytest.mark.parametrize(
    ("time", "done", "ratio", "said"),
    [
        ("35s", [9, 6, 5], 1.5, "3 of 12 steps at 21 x 16, 2 of 8 steps at 32 x 24 and 1 of 6 steps at 48 x 36"),
        pytest.param(
            *("20s", [5, 0, 3], 2.25, "7 of 12 steps at 21 x 16, all 8 steps at 32 x 24 and 3 of 6 steps at 48 x 36"),
            marks=pytest.mark.slow,
        ),
        ("9s", [0, 0, 2], 1.5, "all 12 steps at 21 x 16, all 8 steps at 32 x 24 and 4 of 6 steps at 48 x 36"),
    ],
)
def test_a_run_has_the_bits_of_its_steps(time, done, ratio, said, clock, tmp_path, caplog):
    """A run in time, and one that does the same steps because its recipe says so."""
    settings = {**SETTINGS, "optimizer": {"use": "lbfgs", "history": 3}}
    result, did, record = run(tmp_path, **settings, time=time)
    assert (did, result.stopped) == (done, f"time: {time}: {said} were left out")
    assert [scale["steps"] for scale in record["scales"]] == [12, 8, 6]
    assert record["seconds"] <= seconds_in(time)
    assert result.picture.shape == (36, 48, 3)
    assert not caplog.records
    (again := tmp_path / "again").mkdir()
    kept = [count for count in done if count]
    other = testing.run_recipe(again, **{**settings, "steps": kept, "pyramid": {"levels": len(kept), "ratio": ratio}})
    np.testing.assert_array_equal(result.picture, other.picture)
    assert [row["loss"] for row in result.history] == [row["loss"] for row in other.history]
    assert result.losses == other.losses


@pytest.mark.parametrize("busy", [range(8, 14), range(14, 99)])
def test_a_machine_that_is_busy_in_the_middle(busy, clock, tmp_path):
    clock.busy = busy
    result, done, record = run(tmp_path, time="40s")
    assert record["seconds"] <= 40
    assert done[-1] >= 1
    assert sum(done) < 26
    assert "were left out" in result.stopped


def test_a_time_that_is_too_short_for_the_last_scale(clock, tmp_path, caplog):
    result, done, _ = run(tmp_path, time="5s")
    assert done[-1] == 0
    assert result.picture.shape[1] < 48
    assert "`time: 5s` is too short for a step at 48 x 36: the picture is" in caplog.text


def test_a_time_that_is_too_short_for_a_step(tmp_path, caplog):
    """By the real clock."""
    result, done, _ = run(tmp_path, time="0.001s", pyramid=False, steps=5)
    assert done == [1]
    assert result.stopped == "time: 0.001s: 4 of 5 steps at 48 x 36 were left out"
    assert "`time: 0.001s` is too short: the first step was done after " in caplog.text


def test_time_enough(tmp_path, caplog):
    """By the real clock, with a network whose forward pass is timed."""
    result, done, _ = run(tmp_path, time="1h", losses={"gram": None}, steps=[2, 2, 1])
    assert (result.stopped, done, caplog.text) == ("done", [2, 2, 1], "")


@pytest.mark.usefixtures("here")
def test_a_resumed_run_has_what_is_left_of_its_time(clock, tmp_path):
    (tmp_path / "mine.py").write_text(PLUGIN)
    settings = {**SETTINGS, "time": "35s", "plugins": [str(tmp_path / "mine.py")], "callbacks": {"breaking": {"at": 12}}}
    recipe = testing.recipe(tmp_path, **settings)
    assert nstk.run(recipe).stopped == "interrupted"
    result = nstk.resume(recipe.path)
    record = json.loads((tmp_path / "out.run.json").read_text())
    assert 25 < record["seconds"] <= 35
    done = [scale["done"] for scale in record["scales"]]
    assert done == [9, 7, 5]
    assert record["steps"] == len(result.history) == sum(done)
    assert result.stopped.startswith("time: 35s: 3 of 12 steps at 21 x 16, ")


def test_callbacks_see_the_plan(clock, tmp_path, plugin):
    code = """
    SEEN = []

    class Seeing(nstk.Callback):
        \"\"\"Sees.\"\"\"
        name = "seeing"

        def on_step(self, run, step):
            SEEN.append((step.index, run.total_steps, step.scale.index))

    @nstk.hookimpl
    def nstk_callbacks():
        return [Seeing]
    """
    recipe = testing.recipe(tmp_path, **SETTINGS, time="35s", plugins=[plugin(code)], callbacks={"seeing": None})
    result = nstk.run(recipe)
    seen = recipe.registry.plugins[-1].modules[0].SEEN
    assert all(index <= total <= 26 for index, total, _ in seen)
    assert seen[-1][:2] == (len(result.history), len(result.history))
