"""A run that was broken off and resumed is the run that was not: same bits, same rows."""

from __future__ import annotations

import csv
import json
import shutil
import tracemalloc
from pathlib import Path

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

PLUGIN = """
import os, signal

class Breaking(nstk.Callback):
    \"\"\"Breaks the run off at a step, once.\"\"\"
    name = "breaking"
    at: int = 0
    how: str = "signal"

    def on_start(self, run):
        if self.how == "start" and not run.resumed:
            os.kill(os.getpid(), signal.SIGINT)

    def on_step(self, run, step):
        if step.index != self.at or run.resumed:
            return
        if self.how == "error":
            raise ValueError("broken off")
        if self.how == "signal":
            os.kill(os.getpid(), signal.SIGINT)

class Keep(nstk.Callback):
    \"\"\"Keeps the picture that the run ends with, every bit of it, and what it was told.\"\"\"
    name = "keep"

    def on_start(self, run):
        self.told_of, self.sum = [("start", run.resumed, len(run.earlier))], 0.0

    def on_scale(self, run, scale):
        self.told_of.append(("scale", scale.index))

    def on_step(self, run, step):
        self.told_of.append(("step", step.index))
        self.sum += step.loss

    def on_end(self, run):
        np.save(run.beside("{name}.npy"), run.image())
        TOLD.append((self.told_of, self.sum))

    def state(self):
        return {"sum": self.sum}

    def restore(self, run, state):
        self.told_of.append(("restore",))
        self.sum = state["sum"]

TOLD = []

class Drawing(nstk.Loss):
    \"\"\"Draws at random, for its target too.\"\"\"
    name = "drawing"

    def target(self, refs):
        return tf.random.get_global_generator().uniform(refs.content["image"].shape)

    def __call__(self, features, target):
        drawn = tf.random.get_global_generator().normal(features["image"].shape)
        return tf.reduce_mean(features["image"] * (drawn + target)) / 255

@nstk.hookimpl
def nstk_callbacks():
    return [Breaking, Keep]

@nstk.hookimpl
def nstk_losses():
    return [Drawing]
"""

LIGHT = {"gram": {"layers": ["image"]}, "content": {"layers": ["image"], "formula": "mean"}}
"""Losses without a network, so that a run takes a tenth of a second."""
LOGS = {"csv_log": {"every": 2}, "json_log": None, "keep": None, "early_stop": {"patience": 90}}
SETTINGS = {"size": 48, "pyramid": {"levels": 2}, "steps": [4, 3], "run_eagerly": True, "losses": LIGHT, "init": "noise"}


@pytest.fixture(autouse=True)
def here(tmp_path_factory, monkeypatch):
    """The folders of the tests lie under the working directory, so that their recipes may name plugins."""
    monkeypatch.chdir(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs of one recipe, by their settings: each is painted once."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "mine.py").write_text("import numpy as np\nimport tensorflow as tf\nimport nstk\n" + PLUGIN)
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
def test_so_it_is_when_the_step_is_compiled(optimizer, runs):
    settings = {"optimizer": optimizer, "run_eagerly": False, "pyramid": None, "steps": 5}
    whole = runs.whole(**settings)
    Run(nstk.resume(broken(runs, breaking={"at": 3}, **settings))).check(whole)


def test_with_a_network_and_losses_scaled_for_float16(runs, monkeypatch):
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


def test_an_optimizer_that_has_stalled_stays_so(runs):
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


def test_so_it_does_when_the_signal_came_during_its_last_step(runs, monkeypatch):
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


def test_what_is_kept_is_not_copied_on_its_way_to_the_file(tmp_path, monkeypatch):
    """Next to the state of a large picture there is no room for another of its pictures."""
    taken = []

    def write(folder, step, meta, arrays):
        tracemalloc.start()
        size = sum(array.nbytes for _, array in arrays)
        taken.append((size, tracemalloc.get_traced_memory()[1]))
        tracemalloc.stop()

    monkeypatch.setattr("nstk.checkpoints.folder.RunFolder.write", write)
    testing.run_recipe(
        tmp_path, size=400, steps=2, run_eagerly=True, optimizer={"use": "lbfgs", "history": 2}, checkpoint={"every": 1}
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
    assert picture.read_bytes() == whole.result.path.read_bytes()


def test_what_the_callbacks_are_told(runs):
    begun = unfinished(broken(runs, breaking={"at": 5, "how": "error"}))
    nstk.resume(begun)
    whole = runs.whole()
    ((told, total),) = begun.recipe.registry.plugins[-1].modules[0].TOLD
    assert told == [("start", 4, 4), ("scale", 0), ("restore",), ("scale", 1), ("step", 5), ("step", 6), ("step", 7)]
    assert total == pytest.approx(sum(row["loss"] for row in whole.result.history))


def test_logs_that_were_torn_or_lost_are_whole_again(runs):
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


# --- what is refused


@pytest.fixture
def interrupted(runs, tmp_path, monkeypatch):
    """An interrupted run of a recipe file in a project of its own; returns its picture."""
    monkeypatch.chdir(tmp_path)
    for name, seed in (("photo", 0), ("painting", 1), ("other", 2)):
        nstk.write_picture(testing.pictures((36, 48), seed).content, f"{name}.png")
    shutil.copy(runs.folder / "mine.py", "mine.py")
    Path("mine.yaml").write_text(
        "content: photo.png\nstyle: painting.png\nsize: 48\nsteps: 6\nprecision: float32\nrun_eagerly: true\n"
        "plugins: [mine.py]\nbackbone: tiny\noptimizer: adam\noutput: out/mine.png\n"
        "callbacks: {progress: false, breaking: {at: 3}}\n"
        "losses: {content: {layers: [image], formula: mean}, gram: {layers: [image]}}\n"
    )
    assert nstk.run("mine.yaml").stopped == "interrupted"
    return tmp_path / "out" / "mine.png"


def test_a_project_can_be_moved(interrupted, tmp_path, monkeypatch):
    (tmp_path / "new").mkdir()
    for name in ("photo.png", "painting.png", "mine.py", "mine.yaml", "out"):
        shutil.move(name, f"new/{name}")
    monkeypatch.chdir(tmp_path / "new")
    before = Path("mine.yaml").read_text()
    Path("mine.yaml").write_text(before + "# a note\n")
    with pytest.raises(nstk.UserError, match=r"mine.yaml was edited"):
        nstk.resume("out/mine.run")
    Path("mine.yaml").write_text(before)
    assert nstk.resume("out/mine.run").path == tmp_path / "new" / "out" / "mine.png"


CHANGES = {
    "content": lambda: shutil.copy("other.png", "photo.png"),
    "recipe": lambda: Path("mine.yaml").write_text(Path("mine.yaml").read_text() + "# a note\n"),
    "copy": lambda: Path("out/mine.run/recipe.yaml").write_text(
        Path("out/mine.run/recipe.yaml").read_text().replace("weight: 1.0", "weight: 2.0", 1)
    ),
    "plugin": lambda: Path("mine.py").write_text(Path("mine.py").read_text().replace("/ 255", "/ 256")),
}
SAID = {
    "content": "`content` is another file now (photo.png)",
    "recipe": "mine.yaml was edited",
    "copy": "`losses.content.weight` was 1.0 and is 2.0",
}


@pytest.mark.parametrize("change", SAID)
def test_what_has_changed_is_refused_unless_it_is_forced(change, interrupted, caplog):
    CHANGES[change]()
    with pytest.raises(nstk.UserError) as told:
        nstk.resume(interrupted)
    assert str(told.value) == (
        f"out/mine.run was begun with something else: {SAID[change]}: `--force` goes on all the same, `nstk run` starts anew"
    )
    assert nstk.resume(interrupted, force=True).stopped == "done"
    assert SAID[change] in caplog.text


def test_code_of_a_loss_that_has_changed_is_refused_and_that_of_a_callback_is_not(interrupted, runs):
    CHANGES["plugin"]()  # only callbacks of it are used
    assert unfinished(interrupted).saved.step == 3
    nstk.resume(interrupted)
    Path("mine.yaml").write_text(Path("mine.yaml").read_text().replace("losses: {", "losses: {drawing: , "))
    nstk.run("mine.yaml")
    Path("mine.py").write_text(Path("mine.py").read_text().replace("/ 256", "/ 257"))
    with pytest.raises(nstk.UserError, match=r"the code of `drawing` in `losses.drawing` was changed \(mine.py\)"):
        nstk.resume(interrupted)


def test_other_versions_are_told(interrupted, monkeypatch, caplog):
    monkeypatch.setattr("nstk.checkpoints.provenance.platform.python_version", lambda: "3.99")
    nstk.resume(interrupted)
    assert "the picture may differ in its rounding: python" in caplog.text
    assert "now 3.99" in caplog.text


def test_more_steps_can_be_forced(interrupted):
    copy = Path("out/mine.run/recipe.yaml")
    copy.write_text(copy.read_text().replace("steps: 6", "steps: 9"))
    result = nstk.resume(interrupted, force=True)
    assert [row["step"] for row in result.history] == list(range(1, 10))


def test_fewer_steps_can_be_forced(interrupted):
    copy = Path("out/mine.run/recipe.yaml")
    copy.write_text(copy.read_text().replace("steps: 6", "steps: 2"))
    assert len(nstk.resume(interrupted, force=True).history) == 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "size: 48",
            "size: 64",
            r"is of a picture with 48 x 36 pixels as its scale 0, which the recipe does not have",
        ),
        ("use: adam", "use: lbfgs", r"holds \d+ variables of optimizer `lbfgs`, but it has \d+ when it starts"),
    ],
)
def test_what_does_not_fit_is_refused_even_if_forced(old, new, message, interrupted):
    copy = Path("out/mine.run/recipe.yaml")
    text = copy.read_text()
    if "lbfgs" in new:
        text = text[: text.index("optimizer:")] + "optimizer: lbfgs\n" + text[text.index("losses:") :]
    copy.write_text(text.replace(old, new))
    picture = interrupted.read_bytes()
    with pytest.raises(nstk.UserError, match=message):
        nstk.resume(interrupted, force=True)
    assert interrupted.read_bytes() == picture
    assert RunFolder.of(interrupted).latest().step == 3


def test_a_finished_run_has_nothing_to_resume(interrupted):
    nstk.resume(interrupted)
    for path in (interrupted, "out/mine.run"):
        with pytest.raises(nstk.UserError, match=r"nothing to resume: .*mine\.png is finished|no run out"):
            nstk.resume(path)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("out/mien.png", "no run out/mien.png, neither a folder nor a picture: did you mean `mine.png`?"),
        ("nowhere", "no run nowhere, neither a folder nor a picture: nowhere.run would be its folder"),
        ("out", "out is no run's folder: it has no recipe.yaml; a run's folder is called NAME.run"),
        ("photo.png", "nothing to resume: photo.png comes from no run that is known here; `nstk run` paints it anew"),
        ("out/mine.jpg", "out/mine.run paints out/mine.png, not out/mine.jpg: name that one, or the folder"),
    ],
)
def test_what_is_no_run_is_told(path, message, interrupted):
    with pytest.raises(nstk.UserError) as told:
        nstk.resume(path)
    assert str(told.value) == message


def test_a_run_without_checkpoints_leaves_no_folder(interrupted):
    nstk.resume(interrupted)
    assert nstk.run(nstk.load_recipe("mine.yaml", ["checkpoint=false"])).stopped == "interrupted"
    assert not Path("out/mine.run").exists()
    with pytest.raises(nstk.UserError, match=r"the run of .*mine.png ended \(interrupted\) and kept no checkpoint"):
        nstk.resume(interrupted)


def test_a_new_run_says_what_becomes_of_the_unfinished_one(interrupted, caplog):
    nstk.run("mine.yaml")
    assert "out/mine.run held an unfinished run" in caplog.text
    assert nstk.resume("out/mine.run.1").stopped == "done"
    assert nstk.resume("out/mine.run").stopped == "done"
    assert sorted(path.name for path in Path("out").iterdir()) == ["mine.png", "mine.recipe.yaml", "mine.run.json"]


def test_a_run_that_fails_before_its_first_step_leaves_no_folder(interrupted):
    nstk.resume(interrupted)
    text = Path("mine.yaml").read_text()
    Path("mine.yaml").write_text(text.replace("breaking: {at: 3}", "csv_log: {path: mine.png}"))
    with pytest.raises(nstk.CallbackError):
        nstk.run("mine.yaml")
    assert not Path("out/mine.run").exists()


def test_a_run_killed_before_its_first_checkpoint_starts_from_the_beginning(interrupted, caplog):
    folder = RunFolder.of(interrupted)
    for path in folder.checkpoints()[:-1]:
        path.unlink()
    assert unfinished(interrupted).saved.step == 0
    assert nstk.resume(interrupted).stopped == "interrupted"  # its callback breaks it off again
    assert "out/mine.run holds no step yet: the run starts from the beginning" in caplog.text


def test_a_saved_recipe_that_is_run_in_place_keeps_its_comments(interrupted):
    saved = Path("out/mine.recipe.yaml")
    saved.write_text(saved.read_text() + "# a note of mine\n")
    assert nstk.run("out/mine.recipe.yaml").stopped == "interrupted"
    assert nstk.resume(interrupted).stopped == "done"
    assert saved.read_text().endswith("# a note of mine\n")


# --- third parties


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


def test_a_state_that_json_cannot_hold_is_blamed_on_its_callback(runs, tmp_path):
    path = tmp_path / "odd.py"
    path.write_text("import tensorflow as tf\nimport nstk\n" + ODD)
    settings = {"plugins": [str(path)], "callbacks": {"said": None}}
    with pytest.raises(nstk.CallbackError, match=r"callback `said` \(Said\) returned from state what JSON cannot hold"):
        nstk.run(runs("said.png", **settings))
