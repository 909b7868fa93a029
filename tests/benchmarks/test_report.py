"""What the benchmark writes down and prints."""

from __future__ import annotations

import io
import json

from rich.console import Console

from benchmarks.report import Figure, Report, table


def test_a_small_figure_holds():
    assert Figure("a", 1.2, most=1.2).holds is True
    assert Figure("a", 1.21, most=1.2).holds is False
    assert Figure("a", 1.21).holds is None
    assert Figure("a", 0.6, most=0.3, above=True).holds is False
    assert Figure("a", 0.2, most=0.3, above=True).holds is None  # broken off too early to know


def test_the_table_has_ratios_first():
    figures = [Figure("seconds", 2, "s"), Figure("good", 0.1234, most=0.2, aim=0.1), Figure("bad", 0.6, most=0.3, above=True)]
    out = io.StringIO()
    Console(file=out, width=128).print(table(figures, "all", markdown=True))
    rows = [[cell.strip() for cell in line.strip(" |\n").split("|")] for line in out.getvalue().splitlines() if "|" in line]
    assert [row[0] for row in rows if not row[0].startswith("-")] == ["what", "good", "bad", "seconds"]
    assert ["good", "0.123", "at most 0.2, aim 0.1", "yes"] in rows
    assert ["bad", "> 0.6", "at most 0.3", "no"] in rows


def test_a_report_keeps_what_is_known(tmp_path):
    path = tmp_path / "out" / "benchmark.json"
    report = Report(path, {"machine": {"cpu": "one"}})
    record = report.part("step")
    record.raw["runs"] = [1]
    record.keep()
    assert json.loads(path.read_text())["raw"] == {"step": {"runs": [1]}}
    record.figure("step / floor", 1.1, most=1.2)
    report.part("peer").raw["failed"] = "no peer"
    record.keep()
    data = json.loads(path.read_text())
    assert data["machine"] == {"cpu": "one"}
    assert data["figures"][0] | {"part": "step", "value": 1.1, "most": 1.2, "holds": True} == data["figures"][0]
    assert report.failed
