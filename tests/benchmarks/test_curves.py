"""The benchmark's own arithmetic: what it counts, what it reads out of the peer's output, and what it writes down."""

from __future__ import annotations

import io
import json
import math
import sys
from itertools import pairwise

import pytest
from rich.console import Console

import nstk
from benchmarks import curves, flops, machine, neural_style, processes, setting, step
from benchmarks.report import Figure, Report, table

PEER = """\
VGG-19 Architecture Detected
Setting up style layer 2: relu1_1
Capturing content targets
nn.Sequential (
  [input -> (1) -> (2) -> output]
Running optimization with L-BFGS
Iteration 1 / 3
  Content 1 loss: 1500000.0
  Style 1 loss: 250000.0
  Total loss: 1750000.0
Iteration 2 / 3
  Content 1 loss: 1400000.0
  Style 1 loss: 2.5e+05
  Total loss: 1.65e+06
"""


# --- FLOPs


def test_flops_are_those_counted_by_hand():
    # 400 x 300, then 200 x 150, 100 x 75, 50 x 37, 25 x 18: multiplications of 3 x 3 x in x out at each position.
    by_hand = [
        300 * 400 * 9 * (3 * 64 + 64 * 64),
        150 * 200 * 9 * (64 * 128 + 128 * 128),
        75 * 100 * 9 * (128 * 256 + 3 * 256 * 256),
        37 * 50 * 9 * (256 * 512 + 3 * 512 * 512),
        18 * 25 * 9 * (512 * 512),
    ]
    forward = 2 * sum(by_hand)  # and as many additions
    assert sum(it.flops for it in flops.convolutions(300, 400)) == forward
    assert round(forward / 1e9, 1) == 86.2
    assert flops.step_flops(300, 400) == 2 * forward  # the gradient goes back through every one of them, to the pixels


def test_convolutions_are_the_networks_up_to_the_deepest():
    layers = [it.name for it in nstk.load_recipe("minimal").backbone.layers if "conv" in it.name]
    for deepest in ("block1_conv1", "block4_conv2", "block5_conv1", "block5_conv4"):
        found = flops.convolutions(64, 64, deepest)
        assert [it.name for it in found] == layers[: layers.index(deepest) + 1]
        assert all(one.outputs == other.inputs for one, other in pairwise(found))
    with pytest.raises(ValueError, match="block6_conv1"):
        flops.convolutions(64, 64, "block6_conv1")


def test_the_step_recipe_looks_as_deep_as_is_counted():
    for name in ("step", "article"):
        recipe = nstk.load_recipe(setting.HERE / "recipes" / f"{name}.yaml")
        read = {layer for loss in recipe.losses.values() for layer in loss.reads()}
        assert max(read) == "block5_conv1"
        assert len(read) == 6
    assert all(width * 3 == height * 4 for width, height in step.SIZES)


# --- the peer


def test_the_peers_iterations_are_read_with_their_times():
    log = neural_style.parse((0.5 * index, line) for index, line in enumerate(PEER.splitlines()))
    assert log.start == 2.5
    assert log.iterations == [1, 2]
    assert log.seconds == [0.5, 2.5]
    assert log.losses == [1.75e6, 1.65e6]


@pytest.mark.parametrize("said", ["", "Traceback\n", "Running optimization with L-BFGS\n", "Iteration 1 / 3\n"])
def test_output_that_is_not_the_peers_is_told(said):
    with pytest.raises(processes.Failed, match="no iterations"):
        neural_style.parse(enumerate(said.splitlines()))


# --- loss over time


def test_the_time_to_a_loss_lies_on_a_straight_line_of_its_logarithm():
    curve = [(1.0, 1000.0), (2.0, 100.0), (4.0, 1.0)]
    assert curves.time_to(curve, 100) == 2
    assert curves.time_to(curve, math.sqrt(1000 * 100)) == pytest.approx(1.5)
    assert curves.time_to(curve, 10) == pytest.approx(3)
    assert curves.time_to(curve, 2000) == 1  # it was there by then
    assert curves.time_to(curve, 0.5) is None
    assert curves.time_to([], 1) is None


def test_the_first_time_counts_where_a_curve_is_not_monotone():
    assert curves.time_to([(1, 9.0), (2, 4.0), (3, 6.0), (4, 1.0)], 5) < 2


def test_points_go_from_the_first_step_to_the_last():
    for last in (1, 2, 7, 1000):
        points = curves.points(last)
        assert (points[0], points[-1]) == (1, last)
        assert points == sorted(set(points))
    assert len(curves.points(1000)) < 70


def test_a_rhythm_leaves_out_the_warm_up_and_counts_evaluations():
    seconds = [10.0, 15.0, 16.0, 17.0, 19.0]
    assert curves.rhythm(seconds, 2) == 1
    assert curves.rhythm(seconds, 0) == 1.5  # the first has nothing before it
    assert curves.rhythm(seconds, 99) == 2  # something is left to measure
    assert curves.rhythm(seconds, 2, [1, 2, 4, 6, 8]) == 0.5
    assert curves.compilation(seconds) == 8.5


# --- the report


def test_a_figure_holds_if_it_is_small_enough():
    assert Figure("a", 1.2, most=1.2).holds is True
    assert Figure("a", 1.21, most=1.2).holds is False
    assert Figure("a", 1.21).holds is None
    assert Figure("a", 0.6, most=0.3, above=True).holds is False
    assert Figure("a", 0.2, most=0.3, above=True).holds is None  # broken off too early to know


def test_the_table_has_ratios_first_and_the_targets_beside_them():
    figures = [Figure("seconds", 2, "s"), Figure("good", 0.1234, most=0.2, aim=0.1), Figure("bad", 0.6, most=0.3, above=True)]
    out = io.StringIO()
    Console(file=out, width=128).print(table(figures, "all", markdown=True))
    rows = [[cell.strip() for cell in line.strip(" |\n").split("|")] for line in out.getvalue().splitlines() if "|" in line]
    assert [row[0] for row in rows if not row[0].startswith("-")] == ["what", "good", "bad", "seconds"]
    assert ["good", "0.123", "at most 0.2, aim 0.1", "yes"] in rows
    assert ["bad", "> 0.6", "at most 0.3", "no"] in rows


def test_a_report_keeps_what_is_known_so_far(tmp_path):
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


# --- processes and the machine


def test_a_process_is_heard_line_by_line():
    code = "import time; print('one'); time.sleep(0.3); print('two')"
    done = processes.run([sys.executable, "-c", code])
    (first, one), (second, two) = done.lines
    assert (one, two) == ("one", "two")
    assert second - first > 0.2
    assert second <= done.seconds
    assert 2**20 < done.peak < 2**33


def test_a_process_that_fails_says_why():
    with pytest.raises(processes.Failed, match=r"ended with 3: .*too bad"):
        processes.run([sys.executable, "-c", "import sys; print('too bad', file=sys.stderr); sys.exit(3)"])
    with pytest.raises(processes.Failed, match="cannot be started"):
        processes.run(["/no/such/python"])


@pytest.mark.parametrize(
    ("flags", "gpus", "expected"),
    [
        (["avx2"], [], ""),
        (["avx2", "avx512f"], [], ""),
        (["avx512f", "avx512_bf16"], [], "avx512_bf16"),
        (["avx512f", "amx_bf16"], [], "amx_bf16"),
        (["avx512_bf16"], [{"name": "T4", "capability": [7, 5]}], ""),
        ([], [{"name": "A100", "capability": [8, 0]}], "GPU A100"),
    ],
)
def test_bfloat16_is_used_where_the_hardware_has_it(flags, gpus, expected):
    assert machine.bfloat16({"flags": flags, "gpus": gpus}) == expected


def test_pictures_have_exactly_the_size_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(setting, "BENCH", tmp_path)
    from nstk.pictures import check_picture

    assert check_picture(setting.content(64, 48)) == (64, 48)
    assert max(check_picture(setting.style(50, "cafe_terrace.jpg"))) == 50


# --- the clock, in a real run


def test_the_stopwatch_writes_down_each_step_and_keeps_pictures(tmp_path):
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
    assert (tmp_path / "kept" / "000004.png").read_bytes() == (tmp_path / "out.png").read_bytes()
    assert data["peak_bytes"] >= data["base_bytes"] > 2**20


def test_the_stopwatch_ends_a_run_that_has_come_far_enough(tmp_path):
    from nstk.testing import run_recipe

    log = tmp_path / "log.json"
    watch = {"log": str(log), "until": 1e9}
    result = run_recipe(tmp_path, plugins=[str(setting.HERE / "stopwatch.py")], callbacks={"stopwatch": watch})
    assert len(result.history) == 1
    assert json.loads(log.read_text())["stopped"] == result.stopped == "the benchmark has seen enough"
