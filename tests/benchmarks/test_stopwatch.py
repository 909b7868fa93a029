"""The clock, in real runs."""

from __future__ import annotations

import json

import pytest

import nstk
from benchmarks import setting
from tests.helpers import same


def test_stopwatch_keeps_steps_and_pictures(tmp_path):
    from nstk.testing import recipe

    log = tmp_path / "log.json"
    watch = {"log": str(log), "keep": [2], "folder": str(tmp_path / "kept")}
    made = recipe(tmp_path, steps=4, plugins=[str(setting.HERE / "stopwatch.py")], callbacks={"stopwatch": watch})
    counted = made.registry.get("optimizer", "counted")(of=made.optimizer)
    result = nstk.run(made.model_copy(update={"optimizer": counted}))
    data = json.loads(log.read_text())
    assert data["evaluations"] == [1, 2, 3, 4]  # Adam's
    assert data["losses"] == pytest.approx([row["loss"] for row in result.history])
    assert data["seconds"] == sorted(data["seconds"])
    assert data["kept"] == [2, 4]
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["000002.png", "000004.png"]
    assert same(tmp_path / "kept" / "000004.png", tmp_path / "out.png")
    assert data["peak_bytes"] >= data["base_bytes"] > 2**20


def test_stopwatch_ends_a_run_that_is_far(tmp_path):
    from nstk.testing import run_recipe

    log = tmp_path / "log.json"
    watch = {"log": str(log), "until": 1e9}
    result = run_recipe(tmp_path, plugins=[str(setting.HERE / "stopwatch.py")], callbacks={"stopwatch": watch})
    assert len(result.history) == 1
    assert json.loads(log.read_text())["stopped"] == result.stopped == "the benchmark has seen enough"
