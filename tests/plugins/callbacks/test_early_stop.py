"""When a run ends by itself."""

from __future__ import annotations

import json

import nstk
from nstk import testing
from nstk.plugins.callbacks.early_stop import EarlyStop
from tests.plugins.callbacks.samples import QUICK


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


def test_it_waits_for_its_patience():
    plateau = [100, 50, 49.99, 49.98, 49.97, 49.96]
    index, reason = follow(EarlyStop(patience=3, min_improvement=0.01), plateau)
    assert index == 5
    assert reason == "plateau: the loss has not fallen by 1 % in 3 steps"
    assert follow(EarlyStop(patience=3, min_improvement=0), plateau)[0] is None
    assert follow(EarlyStop(patience=5, min_improvement=0.01), plateau)[0] is None
    assert follow(EarlyStop(patience=2, min_improvement=0.1), [-1, -2, -4, -8])[0] is None  # it falls


def test_it_ends_a_run(tmp_path):
    callbacks = {"early_stop": {"patience": 4, "min_improvement": 0.99}}
    result = testing.run_recipe(tmp_path, callbacks=callbacks, steps=50, **QUICK)
    assert len(result.history) == 5
    assert result.stopped == "plateau: the loss has not fallen by 99 % in 4 steps"
    assert json.loads((tmp_path / "out.run.json").read_text())["stopped"] == result.stopped
