"""A run that was broken off and resumed is the run that was not: same bits, same rows."""

from __future__ import annotations

import csv
import json
import shutil
import tracemalloc

import numpy as np
import pytest

import nstk
from nstk import testing
from nstk.checkpoints.folder import RunFolder
from nstk.checkpoints.unfinished import unfinished
from nstk.engine.health import Health
from nstk.engine.painting import Painting
from nstk.machine import device
from nstk.machine.precision import Machine
from tests.checkpoints.samples import PLUGIN
from tests.helpers import same

pytestmark = pytest.mark.usefixtures("here")


LIGHT = {"gram": {"layers": ["image"]}, "content": {"layers": ["image"], "formula": "mean"}}
"""Losses without a network, so that a run takes a tenth of a second."""
LOGS = {"csv_log": {"every": 2}, "json_log": None, "keep": None, "early_stop": {"patience": 90}}
SETTINGS = {"size": 48, "pyramid": {"levels": 2}, "steps": [4, 3], "run_eagerly": True, "losses": LIGHT, "init": "noise"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs of one recipe, by their settings: each is painted once."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "mine.py").write_text(PLUGIN)
    made = {}

    def paint(output, **settings):
        known = {"plugins": [str(folder / "mine.py")], "callbacks": LOGS, "checkpoint": {"every": 2}, **SETTINGS}
        return testing.recipe(folder, output=str(folder / output), **{**known, **settings})

    def whole(**settings):
        key = repr(sorted(settings.items()))
        if key not in made:
            made[key] = Run(nstk.run(paint(f"whole{len(made)}.png", **settings)))
        return made[key]

    paint.whole, paint.folder = whole, folder
    return paint


class Run:
    """What a run left: its result, the bits of its picture, its logs without the times."""

    def __init__(self, result):
        self.result = result
        self.pixels = np.load(result.path.with_suffix(".npy"))
        self.rows = list(csv.DictReader(result.path.with_suffix(".csv").read_text().splitlines()))
        self.events = [json.loads(line) for line in result.path.with_suffix(".jsonl").read_text().splitlines()]
        self.seconds = [float(row.pop("seconds")) for row in self.rows], [event.pop("seconds") for event in self.events]
        self.events[0].pop("output")

    def check(self, whole):
        np.testing.assert_array_equal(self.pixels, whole.pixels)
        assert self.result.history == whole.result.history
        assert self.result.losses == whole.result.losses
        assert self.result.stopped == whole.result.stopped
        assert self.rows == whole.rows
        assert self.events == whole.events
        for seconds in self.seconds:
            assert seconds == sorted(seconds)  # they go on
        assert not RunFolder.of(self.result.path).path.exists()


def broken(runs, **settings):
    """Breaks a run off; returns its picture."""
    breaking = settings.pop("breaking")
    recipe = runs("broken.png", callbacks={**LOGS, "breaking": breaking}, **settings)
    if breaking.get("how") == "error":
        with pytest.raises(nstk.CallbackError, match="broken off"):
            nstk.run(recipe)
    else:
        assert nstk.run(recipe).stopped == "interrupted"
    return recipe.path


BREAKS = [*({"at": at} for at in (3, 4, 7)), {"at": 5, "how": "error"}, {"how": "start"}]
LBFGS = {"use": "lbfgs", "history": 3}


@pytest.mark.parametrize("optimizer", ["adam", LBFGS], ids=["adam", "lbfgs"])
@pytest.mark.parametrize("breaking", BREAKS, ids=lambda it: "-".join(map(str, it.values())))
def test_a_resumed_run_is_the_same_bit_for_bit(optimizer, breaking, runs):
    """Broken off by Ctrl-C or by an error: before the first step, anywhere in a scale, at its end, at the last step."""
    settings = {"optimizer": optimizer, "average": 0.7}
    whole = runs.whole(**settings)
    picture = broken(runs, breaking=breaking, **settings)
    Run(nstk.resume(picture)).check(whole)


@pytest.mark.parametrize("optimizer", ["adam", LBFGS], ids=["adam", "lbfgs"])
def test_a_resumed_compiled_run_is_the_same(optimizer, runs):
    settings = {"optimizer": optimizer, "run_eagerly": False, "pyramid": None, "steps": 5}
    whole = runs.whole(**settings)
    Run(nstk.resume(broken(runs, breaking={"at": 3}, **settings))).check(whole)


def test_a_resumed_float16_run_is_the_same(runs, monkeypatch):
    monkeypatch.setattr(device, "machine", lambda: Machine(gpu=True, capability=(7, 5)))
    layers = {"gram": {"layers": ["block2_conv1"]}, "content": {"layers": ["block1_conv2"]}}
    settings = {"precision": "float16", "losses": layers, "steps": [3, 2]}
    whole = runs.whole(**settings)
    begun = unfinished(broken(runs, breaking={"at": 4}, **settings))
    assert begun.saved["loss_scale"] > 0
    Run(nstk.resume(begun)).check(whole)


@pytest.mark.parametrize("at", [2, 4, 6])
def test_what_is_drawn_at_random_goes_on(at, runs):
    settings = {"losses": {"drawing": None}}
    whole = runs.whole(**settings)
    assert whole.result.history[0]["loss"] != whole.result.history[1]["loss"]
    Run(nstk.resume(broken(runs, breaking={"at": at}, **settings))).check(whole)


STALLS = {"optimizer": LBFGS, "losses": {"content": {"layers": ["image"], "formula": "mean"}}, "init": "content"}
"""There is nothing to do: the optimizer says so after some steps."""


def test_a_stalled_optimizer_stays_so(runs):
    """The first scale ends early: the steps that it spared are not done later."""
    settings = {**STALLS, "steps": [40, 2]}
    whole = runs.whole(**settings)
    first = sum(row["scale"] == 0 for row in whole.result.history)
    assert first < 30
    assert len(whole.result.history) == first + 2
    assert int(whole.rows[-1]["step"]) == first + 2  # told as the last one, whatever the log's `every`
    assert (first + 2) % 2
    for at in (first, first + 1):
        Run(nstk.resume(broken(runs, breaking={"at": at}, **settings))).check(whole)


def test_a_signal_as_it_stalls_changes_nothing(runs, monkeypatch):
    settings = {**STALLS, "pyramid": None, "steps": 40}
    whole = runs.whole(**settings)
    assert whole.result.stopped.startswith("stalled")
    real = Health.stall

    def stall(health, work):
        health.run.stop("interrupted")
        real(health, work)

    with monkeypatch.context() as patch:
        patch.setattr(Health, "stall", stall)
        result = nstk.run(runs("broken.png", **settings))
    assert result.stopped == "interrupted"
    Run(nstk.resume(result.path)).check(whole)


def test_a_checkpoint_copies_no_picture(tmp_path, monkeypatch):
    """Next to the state of a large picture there is no room for another of its pictures."""
    taken = []

    def write(folder, step, meta, arrays):
        tracemalloc.start()
        size = sum(array.nbytes for _, array in arrays)
        taken.append((size, tracemalloc.get_traced_memory()[1]))
        tracemalloc.stop()

    monkeypatch.setattr("nstk.checkpoints.folder.RunFolder.write", write)
    testing.run_recipe(
        tmp_path,
        size=400,
        steps=2,
        pyramid=False,
        run_eagerly=True,
        optimizer={"use": "lbfgs", "history": 2},
        checkpoint={"every": 1},
    )
    size, peak = taken[-1]
    picture = 400 * 300 * 3 * 4
    assert size > 5 * picture
    assert peak < picture / 4


def test_it_can_be_interrupted_again_and_again(runs, monkeypatch):
    whole = runs.whole()
    picture = broken(runs, breaking={"at": 1})
    real, steps = Painting.add, []

    def add(run, *args):
        step = real(run, *args)
        steps.append(step.index)
        run.stop("interrupted")
        return step

    with monkeypatch.context() as patch:
        patch.setattr(Painting, "add", add)
        while nstk.resume(picture).stopped == "interrupted":
            pass
    assert steps == [2, 3, 4, 5, 6, 7]  # the last one is interrupted too, and then there is nothing left to do but to save
    assert same(picture, whole.result.path)


def test_what_the_callbacks_are_told(runs):
    begun = unfinished(broken(runs, breaking={"at": 5, "how": "error"}))
    nstk.resume(begun)
    whole = runs.whole()
    ((told, total),) = begun.recipe.registry.plugins[-1].modules[0].TOLD
    assert told == [("start", 4, 4), ("scale", 0), ("restore",), ("scale", 1), ("step", 5), ("step", 6), ("step", 7)]
    assert total == pytest.approx(sum(row["loss"] for row in whole.result.history))


def test_torn_or_lost_logs_are_whole_again(runs):
    whole = runs.whole()
    for damage in (lambda log: log.write_text(log.read_text()[:-7]), lambda log: log.unlink(), lambda log: log.write_text("x")):
        picture = broken(runs, breaking={"at": 5, "how": "error"})
        for suffix in (".csv", ".jsonl"):
            damage(picture.with_suffix(suffix))
        Run(nstk.resume(picture)).check(whole)


def test_a_damaged_checkpoint_costs_one_interval(runs, caplog):
    whole = runs.whole()
    picture = broken(runs, breaking={"at": 6, "how": "error"})
    latest, before = RunFolder.of(picture).checkpoints()
    latest.write_bytes(latest.read_bytes()[:-1])
    assert unfinished(picture).saved.path == before
    Run(nstk.resume(picture)).check(whole)
    assert "is damaged" in caplog.text


ODD = """
class OddStepper(nstk.Stepper):
    def __init__(self, problem):
        self.problem, self.count = problem, tf.Variable(0.0)
        self.more = []

    @property
    def variables(self):
        return [self.count, *self.more]

    def step(self):
        evaluation, gradient = self.problem.value_and_grad()
        self.count.assign_add(1.0)
        self.problem.move(-self.count * tf.sign(gradient))
        if GROWS:
            self.more.append(tf.Variable(1.0))
        return evaluation

class Odd(nstk.Optimizer):
    \"\"\"Longer steps each time.\"\"\"
    name = "odd"

    def start(self, problem, before=None):
        return OddStepper(problem)

class Said(nstk.Callback):
    \"\"\"Keeps what JSON cannot hold.\"\"\"
    name = "said"

    def state(self):
        return object()

GROWS = False

@nstk.hookimpl
def nstk_optimizers():
    return [Odd]

@nstk.hookimpl
def nstk_callbacks():
    return [Said]
"""


@pytest.mark.parametrize("grows", [False, True])
def test_an_optimizer_of_somebody_else(grows, runs, tmp_path):
    path = tmp_path / "odd.py"
    path.write_text("import tensorflow as tf\nimport nstk\n" + ODD.replace("GROWS = False", f"GROWS = {grows}"))
    settings = {"plugins": [str(runs.folder / "mine.py"), str(path)], "optimizer": "odd"}
    picture = broken(runs, breaking={"at": 3}, **settings)
    if grows:
        with pytest.raises(nstk.UserError, match=r"holds 4 variables of optimizer `odd`, but it has 1 when it starts"):
            nstk.resume(picture)
        shutil.rmtree(RunFolder.of(picture).path)
    else:
        Run(nstk.resume(picture)).check(runs.whole(**settings))


def test_state_that_is_no_json_is_the_callbacks(runs, tmp_path):
    path = tmp_path / "odd.py"
    path.write_text("import tensorflow as tf\nimport nstk\n" + ODD)
    settings = {"plugins": [str(path)], "callbacks": {"said": None}}
    with pytest.raises(nstk.CallbackError, match=r"callback `said` \(Said\) returned from state what JSON cannot hold"):
        nstk.run(runs("said.png", **settings))


def test_a_resumed_run_with_regions_and_a_balance_is_the_same(runs):
    left, one = runs.folder / "left.png", runs.folder / "one.png"
    nstk.write_picture(np.tile(np.linspace(255, 0, 48, dtype=np.float32)[None, :, None], (36, 1, 3)), left)
    nstk.write_picture(testing.pictures((36, 48), 3).content, one)
    style = {"a": {"picture": str(one), "where": str(left)}, "b": str(one)}
    settings = {"style": style, "paint": {"map": str(left), "grow": 9}, "balance": 60, "faces": "keep"}
    whole = runs.whole(**settings)
    Run(nstk.resume(broken(runs, breaking={"at": 4}, **settings))).check(whole)
