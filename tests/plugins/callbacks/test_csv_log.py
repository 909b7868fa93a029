"""The CSV log, on a real run."""

from __future__ import annotations

import csv

import pytest

from nstk import testing


def test_a_table_of_steps(tmp_path):
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
