"""Ctrl-C and SIGTERM, sent to this process while it paints."""

from __future__ import annotations

import json
import signal
import sys
import threading

import numpy as np
import pytest

import nstk
from nstk import testing
from nstk.engine.interrupts import interruptible

QUICK = {"run_eagerly": True, "losses": {"gram": {"layers": ["block1_conv1"]}}}

SIGNALLING = """
import os, signal

class Signalling(nstk.Callback):
    \"\"\"Sends signals to its own process.\"\"\"
    name = "signalling"
    at: int = 2
    signals: list[int] = [2]

    def on_step(self, run, step):
        if step.index == self.at:
            for number in self.signals:
                os.kill(os.getpid(), number)

@nstk.hookimpl
def nstk_callbacks():
    return [Signalling]
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process that is sent these")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_after_the_step(number, tmp_path, plugin):
    before = signal.getsignal(number)
    callbacks = {"signalling": {"signals": [int(number)]}, "csv_log": {"every": 5}}
    result = testing.run_recipe(tmp_path, plugins=[plugin(SIGNALLING)], callbacks=callbacks, steps=9, **QUICK)
    assert result.stopped == "interrupted"
    assert len(result.history) == 2
    assert np.array_equal(nstk.read_picture(tmp_path / "out.png"), result.picture)
    assert json.loads((tmp_path / "out.run.json").read_text())["stopped"] == "interrupted"
    assert (tmp_path / "out.csv").read_text().splitlines()[-1].startswith("2,")
    assert signal.getsignal(number) is before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process that is sent these")
def test_a_second_signal_ends_the_run_at_once(tmp_path, plugin):
    before = signal.getsignal(signal.SIGINT)
    callbacks = {"json_log": None, "signalling": {"signals": [2, 2]}}
    with pytest.raises(KeyboardInterrupt):
        testing.run_recipe(tmp_path, plugins=[plugin(SIGNALLING)], callbacks=callbacks, steps=9, **QUICK)
    assert json.loads((tmp_path / "out.run.json").read_text())["stopped"] == "interrupted"
    assert json.loads((tmp_path / "out.jsonl").read_text().splitlines()[-1])["stopped"] == "interrupted"
    assert (tmp_path / "out.png").exists()
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_signals_are_left_alone():
    seen = []

    def inside():
        with interruptible(None):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]
