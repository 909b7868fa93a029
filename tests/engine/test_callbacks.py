"""Who is told what in which order, and what happens when a callback fails."""

from __future__ import annotations

import json

import numpy as np
import pytest
from pydantic import PrivateAttr

import nstk
from nstk import testing
from nstk.engine.callbacks import Callbacks

QUICK = {"run_eagerly": True, "losses": {"gram": {"layers": ["block1_conv1"]}}}
"""Without compilation, such a run takes a tenth of a second."""

RECORDER = """
TOLD = []

class Recorder(nstk.Callback):
    \"\"\"Takes down what it is told, and fails or stops where it is asked to.\"\"\"
    name = "recorder"
    mark: str = "a"
    fails: list[str] = []
    stops: int = 0
    exits: bool = False

    def heard(self, event, run, *more):
        TOLD.append((self.mark, event, *more))
        if event in self.fails:
            raise (SystemExit if self.exits else ValueError)("oh no")

    def on_start(self, run):
        self.heard("on_start", run)

    def on_scale(self, run, scale):
        self.heard("on_scale", run, (scale.width, scale.height))

    def on_step(self, run, step):
        if step.index == self.stops:
            run.stop("enough")
        self.heard("on_step", run, step.index)

    def on_end(self, run):
        self.heard("on_end", run, run.stopped, type(run.error).__name__)

@nstk.hookimpl
def nstk_callbacks():
    return [Recorder]
"""


@pytest.fixture
def told(plugin, tmp_path):
    """Runs with callbacks `a`, `b` ... that record; returns what they were told, in order, and the error if there was one."""
    path = plugin(RECORDER)

    def run(callbacks, **settings):
        marked = {label: {"use": "recorder", "mark": label, **params} for label, params in callbacks.items()}
        recipe = testing.recipe(tmp_path, plugins=[path], callbacks=marked, **{**QUICK, **settings})
        log = recipe.registry.plugins[-1].modules[0].TOLD
        try:
            nstk.run(recipe)
        except BaseException as error:
            return log, error
        return log, None

    return run


class Needs(nstk.Callback):
    """Needs what is not there."""

    name = "needs"
    what: str = "oil"

    def check_machine(self) -> None:
        if self.what == "bug":
            raise ValueError("oh no")
        raise nstk.UserError(f"needs {self.what}, which is not there")


@pytest.mark.parametrize(
    ("what", "kind", "message"),
    [
        ("oil", nstk.UserError, "callback `mine` needs oil, which is not there"),
        ("bug", nstk.RunError, r"callback `mine` failed: ValueError: oh no \(test_callbacks.py:\d+\)"),
    ],
)
def test_what_the_machine_lacks_is_told_before_the_run(what, kind, message, tmp_path):
    recipe = testing.recipe(tmp_path, plugins=[Needs], callbacks={"mine": {"use": "python:needs", "what": what}}, **QUICK)
    with pytest.raises(kind, match=message):
        nstk.run(recipe)
    assert sorted(it.name for it in tmp_path.iterdir()) == ["content.png", "style.png"]


def test_events_go_in_order_ends_in_reverse(told):
    log, error = told({"b": {}, "a": {}}, steps=2)
    assert error is None
    assert log == [
        ("b", "on_start"),
        ("a", "on_start"),
        ("b", "on_scale", (48, 36)),
        ("a", "on_scale", (48, 36)),
        ("b", "on_step", 1),
        ("a", "on_step", 1),
        ("b", "on_step", 2),
        ("a", "on_step", 2),
        ("a", "on_end", "done", "NoneType"),
        ("b", "on_end", "done", "NoneType"),
    ]


def steps(log, mark):
    return [entry[2] for entry in log if entry[:2] == (mark, "on_step")]


def test_every_and_the_last_step(told):
    log, _ = told({"a": {"every": 3}, "b": {"every": 100}}, steps=7)
    assert steps(log, "a") == [3, 6, 7]
    assert steps(log, "b") == [7]


def test_a_stop_tells_all_the_last_step(told):
    log, _ = told({"a": {"every": 3}, "b": {"stops": 4}, "c": {"every": 3}}, steps=9)
    assert steps(log, "a") == steps(log, "c") == [3, 4]
    assert steps(log, "b") == [1, 2, 3, 4]
    assert log[-1] == ("a", "on_end", "enough", "NoneType")


def test_a_failing_callback_closes_the_others(told, tmp_path):
    log, error = told({"a": {}, "b": {"fails": ["on_step"], "every": 2}, "c": {}}, steps=5)
    assert isinstance(error, nstk.CallbackError)
    assert error.exit_code == 1
    assert str(error) == "callback `b` (Recorder) failed in on_step: ValueError: oh no (mine.py:19)"
    assert isinstance(error.__cause__, ValueError)
    assert steps(log, "a") == [1, 2]
    assert steps(log, "c") == [1]
    assert [entry[:2] for entry in log[-3:]] == [("c", "on_end"), ("b", "on_end"), ("a", "on_end")]
    assert all(entry[2].startswith("CallbackError: callback `b`") and entry[3] == "CallbackError" for entry in log[-3:])
    content = nstk.read_picture(tmp_path / "content.png")
    assert not np.array_equal(nstk.read_picture(tmp_path / "out.png"), content)  # the picture so far
    record = json.loads((tmp_path / "out.run.json").read_text())
    assert record["steps"] == 2
    assert record["stopped"].startswith("CallbackError")


def test_a_failing_start_ends_those_that_started(told, tmp_path):
    log, error = told({"a": {}, "b": {"fails": ["on_start"]}, "c": {}})
    assert str(error).startswith("callback `b` (Recorder) failed in on_start")
    assert [entry[:2] for entry in log] == [("a", "on_start"), ("b", "on_start"), ("a", "on_end")]
    assert log[-1][3] == "CallbackError"
    assert not (tmp_path / "out.png").exists()


def test_a_failing_end_keeps_no_other_open(told, tmp_path):
    log, error = told({"a": {}, "b": {"fails": ["on_end"]}})
    assert str(error).startswith("callback `b` (Recorder) failed in on_end")
    assert log[-1] == ("a", "on_end", f"CallbackError: {error}", "CallbackError")
    assert (tmp_path / "out.png").exists()


def test_the_first_error_is_raised(told, caplog):
    log, error = told({"a": {}, "b": {"fails": ["on_step", "on_end"]}})
    assert "failed in on_step" in str(error)
    assert "failed in on_end" in caplog.text
    assert log[-1][:2] == ("a", "on_end")


def test_leaving_python_still_ends_all(told):
    log, error = told({"a": {"fails": ["on_end"], "exits": True}, "b": {"fails": ["on_end"], "exits": True}})
    assert isinstance(error, SystemExit)
    assert [entry[:2] for entry in log[-2:]] == [("b", "on_end"), ("a", "on_end")]


SHOWING = """
TOLD = []

class Showing(nstk.Callback):
    \"\"\"Shows something, and fails.\"\"\"
    name = "showing"
    shows = True
    fails: list[str] = []
    exits: bool = False

    def heard(self, event):
        TOLD.append(event)
        if event in self.fails:
            raise (SystemExit if self.exits else BrokenPipeError)("nobody reads")

    def on_start(self, run):
        self.heard("on_start")

    def on_scale(self, run, scale):
        self.heard("on_scale")

    def on_step(self, run, step):
        self.heard("on_step")

    def on_end(self, run):
        self.heard("on_end")

    def state(self):
        self.heard("state")
        return {1, 2} if "json" in self.fails else None

@nstk.hookimpl
def nstk_callbacks():
    return [Showing]
"""


@pytest.mark.parametrize(
    ("fails", "events"),
    [
        (["on_start"], ["on_start"]),
        (["on_scale"], ["on_start", "on_scale", "on_end"]),
        (["on_step", "on_end"], ["on_start", "on_scale", "on_step", "on_end"]),
        (["state"], ["on_start", "on_scale", "on_step", "state", "on_end"]),
        (["json"], ["on_start", "on_scale", *["on_step", "state"] * 3, "on_step", "on_end"]),
        (["on_end"], ["on_start", "on_scale", *["on_step", "state"] * 3, "on_step", "on_end"]),
    ],
    ids=lambda it: it[0],
)
def test_what_only_shows_never_ends_a_run(fails, events, plugin, tmp_path, caplog):
    exits = fails == ["on_scale"]
    callbacks = {"shown": {"use": "showing", "fails": fails, "exits": exits}, "csv_log": None}
    recipe = testing.recipe(tmp_path, plugins=[plugin(SHOWING)], callbacks=callbacks, steps=4, checkpoint={"every": 1}, **QUICK)
    result = nstk.run(recipe)
    assert (result.stopped, len(result.history)) == ("done", 4)
    assert events == recipe.registry.plugins[-1].modules[0].TOLD
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 5
    error = "SystemExit" if exits else "BrokenPipeError"
    warning = f"callback `shown` (Showing) failed in {fails[0]}: {error}: nobody reads (mine.py:18); the run goes on without it"
    assert caplog.messages == ([] if fails == ["json"] else [warning])


def test_a_callback_is_new_in_each_run():
    class Counting(nstk.Callback):
        name = "counting"
        limit: int = 3
        _seen: list[int] = PrivateAttr(default_factory=list)

        def on_start(self, run):
            self._seen.append(1)
            self.count = getattr(self, "count", 0) + 1

    once = Counting(limit=5)
    for _ in range(2):
        callbacks = Callbacks({"a": once})
        with callbacks.around(None):
            pass
        running = callbacks.by_label["a"]
        assert (running.count, running._seen, running.limit) == (1, [1], 5)
    assert "count" not in vars(once)
