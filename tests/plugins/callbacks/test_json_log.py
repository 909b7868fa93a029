"""The JSON log, on real runs."""

from __future__ import annotations

import json

import pytest

import nstk
from nstk import testing
from tests.plugins.callbacks.samples import QUICK


def test_an_object_a_line(tmp_path):
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


def test_it_ends_with_the_error(tmp_path, plugin):
    callbacks = {"json_log": None, "failing": {"every": 2}}
    with pytest.raises(nstk.CallbackError) as caught:
        testing.run_recipe(tmp_path, plugins=[plugin(FAILING)], callbacks=callbacks, **QUICK)
    events = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["start", "step", "step", "end"]
    assert events[-1]["error"] == str(caught.value)
    assert events[-1]["stopped"] == f"CallbackError: {caught.value}"
