"""What a run says, with and without a terminal."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

import pytest

import nstk
from nstk import testing
from tests.plugins.callbacks.samples import QUICK


def test_plain_lines_without_a_terminal(tmp_path, capfd):
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


def test_a_quiet_run_says_nothing(tmp_path, capsys):
    recipe = testing.recipe(tmp_path, callbacks={"progress": None, "csv_log": None}, **QUICK)
    nstk.run(recipe, quiet=True)
    assert capsys.readouterr() == ("", "")
    assert (tmp_path / "out.csv").exists()
    assert "progress:" in (tmp_path / "out.recipe.yaml").read_text()


def test_a_seldom_look_still_speaks(tmp_path, capfd):
    testing.run_recipe(tmp_path, callbacks={"progress": {"every": 7}}, steps=30, **QUICK)
    err = capfd.readouterr().err
    shown = [line for line in err.splitlines() if line.startswith("step")]
    assert [line.split(":")[0] for line in shown] == [f"step {n}/30" for n in (7, 14, 21, 28, 30)]
    rate = float(shown[2].split(" steps/s")[0].split()[-1])
    assert 1 < rate < 100_000  # from the clock's zero it would be next to nothing


@pytest.mark.parametrize(("long", "known"), [(0.0, True), (3600.0, False)])
def test_the_time_left_after_a_long_step(long, known, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr("nstk.plugins.callbacks.progress.LONG", long)
    testing.run_recipe(tmp_path, callbacks={"progress": None}, steps=20, **QUICK)
    first, second, *_ = (line for line in capfd.readouterr().err.splitlines() if line.startswith("step"))
    assert ("left" in first) == known
    assert "left" in second


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_live_line_on_a_terminal(tmp_path, monkeypatch):
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
