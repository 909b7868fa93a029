"""The callbacks that come with nstk, on real runs of a few steps."""

from __future__ import annotations

import csv
import json
import os
import sys
import threading
from contextlib import suppress

import numpy as np
import pytest
from pydantic import ValidationError

import nstk
from nstk import testing
from nstk.plugins.callbacks.csv_log import CsvLog
from nstk.plugins.callbacks.early_stop import EarlyStop
from nstk.plugins.callbacks.json_log import JsonLog
from nstk.plugins.callbacks.snapshots import Snapshots

QUICK = {"run_eagerly": True, "losses": {"gram": {"layers": ["block1_conv1"]}}}
"""Without compilation, such a run takes a tenth of a second."""


def test_the_csv_log_is_a_table_of_every_step(tmp_path):
    settings = {"losses": {"content": None, "gram": None}, "steps": 5, "size": 32}
    result = testing.run_recipe(tmp_path, callbacks={"csv_log": {"every": 2}}, **settings)
    text = (tmp_path / "out.csv").read_bytes()
    assert b"\r" not in text
    rows = list(csv.DictReader(text.decode().splitlines()))
    assert list(rows[0]) == ["step", "scale", "seconds", "loss", "content", "gram"]
    assert [int(row["step"]) for row in rows] == [2, 4, 5]
    for row in rows:
        done = result.history[int(row["step"]) - 1]
        assert {key: float(row[key]) for key in ("loss", "content", "gram")} == {
            key: done[key] for key in ("loss", "content", "gram")
        }
        assert float(row["loss"]) == pytest.approx(float(row["content"]) + float(row["gram"]), rel=1e-6)
    seconds = [float(row["seconds"]) for row in rows]
    assert seconds == sorted(seconds)


def test_the_json_log_is_an_object_a_line(tmp_path):
    callbacks = {"json_log": {"path": "logs/{name}.txt"}}
    result = testing.run_recipe(tmp_path, callbacks=callbacks, **QUICK)
    events = [json.loads(line) for line in (tmp_path / "logs" / "out.txt").read_text().splitlines()]
    assert [event["event"] for event in events] == ["start", "step", "step", "step", "end"]
    assert events[0]["output"] == str(tmp_path / "out.png")
    assert events[0]["scales"] == [{"width": 48, "height": 36, "steps": 3}]
    assert events[2]["step"] == 2
    assert events[2]["losses"] == {"gram": result.history[1]["gram"]}
    assert events[-1] == {"event": "end", "seconds": events[-1]["seconds"], "stopped": "done", "error": None}


FAILING = """
class Failing(nstk.Callback):
    \"\"\"Fails at its step.\"\"\"
    name = "failing"

    def on_step(self, run, step):
        raise ValueError("oh no")

@nstk.hookimpl
def nstk_callbacks():
    return [Failing]
"""


def test_the_json_log_ends_with_the_error(tmp_path, plugin):
    callbacks = {"json_log": None, "failing": {"every": 2}}
    with pytest.raises(nstk.CallbackError) as caught:
        testing.run_recipe(tmp_path, plugins=[plugin(FAILING)], callbacks=callbacks, **QUICK)
    events = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["start", "step", "step", "end"]
    assert events[-1]["error"] == str(caught.value)
    assert events[-1]["stopped"] == f"CallbackError: {caught.value}"


def test_snapshots_every_so_many_steps(tmp_path):
    callbacks = {"snapshots": {"every": 2, "path": "steps/{name}-{step:03}{suffix}"}}
    result = testing.run_recipe(tmp_path, callbacks=callbacks, steps=5, output=str(tmp_path / "out.bmp"), **QUICK)
    found = sorted(path.name for path in (tmp_path / "steps").iterdir())
    assert found == ["out-002.bmp", "out-004.bmp", "out-005.bmp"]
    pictures = [nstk.read_picture(tmp_path / "steps" / name) for name in found]
    assert np.array_equal(pictures[-1], result.picture)
    assert not np.array_equal(pictures[0], pictures[1])


@pytest.mark.parametrize("callback", ["csv_log", "json_log", "snapshots"])
def test_a_log_does_not_overwrite_what_is_read(callback, tmp_path):
    before = testing.recipe(tmp_path) and (tmp_path / "content.png").read_bytes()
    with pytest.raises(nstk.CallbackError, match=r"content.png is also the run's `content`, which would be overwritten"):
        testing.run_recipe(tmp_path, callbacks={callback: {"path": "content.png"}}, **QUICK)
    assert (tmp_path / "content.png").read_bytes() == before


@pytest.mark.parametrize("path", ["log.csv", "folder/log.csv"])
def test_a_log_does_not_follow_a_link_out_of_the_outputs_folder(path, tmp_path):
    kept, out = tmp_path / "kept" / "log.csv", tmp_path / "out"
    for file in (kept, out / "inside" / "log.csv"):
        file.parent.mkdir(parents=True)
        file.write_text("mine")
    (out / "log.csv").symlink_to(kept)
    (out / "folder").symlink_to(kept.parent)
    with pytest.raises(nstk.CallbackError, match=r"is a link out of the output's folder, to .*kept/log\.csv: choose another"):
        testing.run_recipe(tmp_path, output=str(out / "a.png"), callbacks={"csv_log": {"path": path}}, **QUICK)
    assert kept.read_text() == "mine"
    (out / "link.csv").symlink_to("inside/log.csv")
    (tmp_path / "far").symlink_to(out)
    testing.run_recipe(tmp_path, output=str(tmp_path / "far" / "a.png"), callbacks={"csv_log": {"path": "link.csv"}}, **QUICK)
    assert (out / "inside" / "log.csv").read_text().startswith("step,")


@pytest.mark.parametrize("cls", [CsvLog, JsonLog, Snapshots])
@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("../{name}.txt", "leaves the output's folder"),
        ("a/../../{name}", "leaves the output's folder"),
        ("/tmp/{name}", "leaves the output's folder"),
        (".{name:.0}./{name}", "leaves the output's folder"),
        ("", "leaves the output's folder"),
        ("{nam}.csv", "uses a field that is not one of"),
        ("{name.__class__}", "uses a field that is not one of"),
        ("{name[0]}", "uses a field that is not one of"),
        ("{}", "uses a field that is not one of"),
        ("{name", "is no template"),
        ("{name:05d}", "is no template"),
        ("{name:>999999999}", "a width is a number of at most two digits"),
        ("{name:{name}}", "a width is a number of at most two digits"),
        ("{name}\0", "holds the character NUL"),
    ],
)
def test_a_template_that_leaves_the_folder_or_is_none_is_refused(cls, template, message):
    with pytest.raises(ValidationError, match=message):
        cls(path=template)


# --- early_stop


def follow(callback, losses):
    """Feeds losses to a callback; returns the step at which it stops the run and why."""

    class Run:
        stopped = ""

        def stop(self, reason):
            self.stopped = reason

    class Step:
        def __init__(self, index, loss):
            self.index, self.loss = index, loss

    run = Run()
    callback.on_scale(run, nstk.Scale(0, 9, 9, 99))
    for index, loss in enumerate(losses, start=1):
        callback.on_step(run, Step(index, loss))
        if run.stopped:
            return index, run.stopped
    return None, ""


def test_early_stop_waits_for_its_patience():
    plateau = [100, 50, 49.99, 49.98, 49.97, 49.96]
    index, reason = follow(EarlyStop(patience=3, min_improvement=0.01), plateau)
    assert index == 5
    assert reason == "plateau: the loss has not fallen by 1 % in 3 steps"
    assert follow(EarlyStop(patience=3, min_improvement=0), plateau)[0] is None
    assert follow(EarlyStop(patience=5, min_improvement=0.01), plateau)[0] is None
    assert follow(EarlyStop(patience=2, min_improvement=0.1), [-1, -2, -4, -8])[0] is None  # it falls


def test_early_stop_ends_a_run(tmp_path):
    callbacks = {"early_stop": {"patience": 4, "min_improvement": 0.99}}
    result = testing.run_recipe(tmp_path, callbacks=callbacks, steps=50, **QUICK)
    assert len(result.history) == 5
    assert result.stopped == "plateau: the loss has not fallen by 99 % in 4 steps"
    assert json.loads((tmp_path / "out.run.json").read_text())["stopped"] == result.stopped


# --- progress


def test_progress_writes_plain_lines_where_there_is_no_terminal(tmp_path, capfd):
    testing.run_recipe(tmp_path, callbacks={"progress": None}, steps=20, **QUICK)
    out, err = capfd.readouterr()
    lines = [line for line in err.splitlines() if line.startswith(("recipe", "step", "content-style"))]
    assert "48 x 36 px, 20 steps on CPU" in err
    assert "float32" in err
    assert [line.split(":")[0] for line in lines if line.startswith("step")] == [f"step {n}/20" for n in [1, *range(2, 21, 2)]]
    assert "loss " in lines[-1]
    assert "gram " in lines[-1]
    assert "steps/s" in lines[-1]
    assert "left" in lines[-2]
    assert "\x1b" not in err
    assert out == ""


def test_a_quiet_run_says_nothing_and_saves_the_same_recipe(tmp_path, capsys):
    recipe = testing.recipe(tmp_path, callbacks={"progress": None, "csv_log": None}, **QUICK)
    nstk.run(recipe, quiet=True)
    assert capsys.readouterr() == ("", "")
    assert (tmp_path / "out.csv").exists()
    assert "progress:" in (tmp_path / "out.recipe.yaml").read_text()


def test_progress_that_looks_seldom_still_speaks_and_counts_from_its_first_look(tmp_path, capfd):
    testing.run_recipe(tmp_path, callbacks={"progress": {"every": 7}}, steps=30, **QUICK)
    err = capfd.readouterr().err
    shown = [line for line in err.splitlines() if line.startswith("step")]
    assert [line.split(":")[0] for line in shown] == [f"step {n}/30" for n in (7, 14, 21, 28, 30)]
    rate = float(shown[2].split(" steps/s")[0].split()[-1])
    assert 1 < rate < 100_000  # from the clock's zero it would be next to nothing


@pytest.mark.parametrize(("long", "known"), [(0.0, True), (3600.0, False)])
def test_the_time_left_is_known_after_a_long_first_step(long, known, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr("nstk.plugins.callbacks.progress.LONG", long)
    testing.run_recipe(tmp_path, callbacks={"progress": None}, steps=20, **QUICK)
    first, second, *_ = (line for line in capfd.readouterr().err.splitlines() if line.startswith("step"))
    assert ("left" in first) == known
    assert "left" in second


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_progress_is_a_live_line_on_a_terminal(tmp_path, monkeypatch):
    import pty

    ours, theirs = pty.openpty()
    written = bytearray()

    def read():  # all along: a terminal that nobody reads from blocks its writer
        with suppress(OSError):  # the other end is closed
            while data := os.read(ours, 65536):
                written.extend(data)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    with open(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        callbacks = {"progress": None, "early_stop": {"patience": 3, "min_improvement": 0.99}}
        testing.run_recipe(tmp_path, callbacks=callbacks, steps=30, **QUICK)
    reader.join(10)
    text = written.decode()
    assert "48 x 36 px, 30 steps on CPU" in text
    assert "4/30" in text
    assert "gram " in text
    assert "\x1b[" in text
    assert "\x1b[?25h" in text  # the cursor is back
    assert "stopped: plateau" in text.rpartition("\x1b[?25h")[2]
