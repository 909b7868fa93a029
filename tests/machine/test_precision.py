"""Which precision a run takes, and that the result is that of float32."""

from __future__ import annotations

import json
import logging

import pytest
import tensorflow as tf

import nstk
from nstk import testing
from nstk.cli import main
from nstk.machine import device, precision
from nstk.machine.precision import Machine, choose
from tests.machine.samples import AMPERE, AMX, AVX, HALF, OLD, OTHER, PLAIN, TURING, ZEN, on


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        (PLAIN, "float32: this processor has no bfloat16"),
        (Machine(), "float32: this processor has no bfloat16"),
        (AVX, "bfloat16: this processor has it in hardware"),
        (AMX, "bfloat16: this processor has it in hardware"),
        (ZEN, "bfloat16: this processor has it in hardware"),
        (HALF, "float32: this processor has bfloat16 in hardware, but is slower in it"),
        (AMPERE, "bfloat16: this GPU (compute capability 8.0) has it in hardware"),
        (Machine(gpu=True, capability=(12, 0)), "bfloat16: this GPU (compute capability 12.0) has it in hardware"),
        (TURING, "float16: this GPU (compute capability 7.5) has it in hardware"),
        (OLD, "float32: this GPU (compute capability 6.1) has no tensor cores for float16"),
        (OTHER, "float32: this GPU (compute capability unknown) has no tensor cores for float16"),
    ],
)
def test_auto_takes_what_is_fast(machine, expected):
    assert str(choose("auto", machine)) == expected


@pytest.mark.parametrize("machine", [PLAIN, AVX, HALF, TURING, AMPERE])
def test_what_it_has_can_be_asked_for(machine):
    for dtype in ("float32", *machine.has):
        assert str(choose(dtype, machine)) == f"{dtype}: the recipe says so"


@pytest.mark.parametrize(
    ("machine", "dtype", "why", "instead"),
    [
        (PLAIN, "bfloat16", "this processor has no bfloat16", "`precision: float32`"),
        (PLAIN, "float16", "this processor has no float16", "`precision: float32`"),
        (AVX, "float16", "this processor has no float16", "`precision: bfloat16` or `precision: float32`"),
        (TURING, "bfloat16", "7.5) has no tensor cores for bfloat16", "`precision: float16` or `precision: float32`"),
        (OLD, "float16", "6.1) has no tensor cores for float16", "`precision: float32`"),
    ],
)
def test_what_it_lacks_is_refused(machine, dtype, why, instead):
    with pytest.raises(nstk.UserError) as caught:
        choose(dtype, machine)
    assert f"`precision: {dtype}` would be slower than float32 here" in str(caught.value)
    assert why in str(caught.value)
    assert f"write {instead}, or `precision: auto`" in str(caught.value)


CPUINFO = "processor\t: 0\nvendor_id\t: AuthenticAMD\nflags\t\t: fpu avx2 avx512_bf16\nbugs\t\t: none\n"


@pytest.mark.parametrize(
    ("text", "flags", "maker"),
    [
        (CPUINFO, {"fpu", "avx2", "avx512_bf16"}, "AuthenticAMD"),
        ("processor: 0\nFeatures\t: asimd bf16\n", set(), ""),
        ("", set(), ""),
        (None, set(), ""),
    ],
)
def test_what_the_system_tells_of_the_processor(text, flags, maker, tmp_path, monkeypatch):
    monkeypatch.setattr(precision, "CPUINFO", tmp_path / "cpuinfo")
    if text is not None:
        (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: [])
    assert device.machine() == Machine(frozenset(flags), maker)


def test_a_run_says_its_precision_and_why(tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "nstk")
    expected = [(PLAIN, "float32", "this processor has no bfloat16"), (AVX, "bfloat16", "this processor has it in hardware")]
    for machine, dtype, reason in expected:
        on(machine, monkeypatch)
        testing.run_recipe(tmp_path, precision="auto", steps=1, callbacks={"json_log": None})
        record = json.loads((tmp_path / "out.run.json").read_text())
        assert record["precision"] == dtype
        assert record["precision_reason"] == reason
        assert record["jit"] is False
        assert f"precision {dtype}: {reason}" in caplog.text
        start = json.loads((tmp_path / "out.jsonl").read_text().splitlines()[0])
        assert start["precision"] == dtype


def test_a_lack_stops_run_but_not_check(tmp_path, monkeypatch, capsys):
    on(PLAIN, monkeypatch)
    testing.recipe(tmp_path)  # writes the pictures
    recipe = tmp_path / "mine.yaml"
    recipe.write_text("content: content.png\nstyle: style.png\nsize: 48\nbackbone: tiny\nprecision: bfloat16\n")
    codes = {}
    for command in (["check", str(recipe)], ["run", str(recipe), "-o", str(tmp_path / "painted.png")]):
        with pytest.raises(SystemExit) as stop:
            main(command)
        codes[command[0]] = stop.value.code
    assert codes == {"check": 0, "run": 2}
    assert "error: `precision: bfloat16` would be slower than float32 here" in capsys.readouterr().err
    assert not (tmp_path / "painted.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("dtype", "run_eagerly"), [("bfloat16", False), ("float16", False), ("float16", True)])
def test_low_precision_paints_the_same(dtype, run_eagerly, tmp_path, monkeypatch):
    on({"bfloat16": AVX, "float16": TURING}[dtype], monkeypatch)
    scores = {}
    for wanted in ("float32", dtype):
        backbone = {"use": "tiny", "pooling": "average"}
        result = testing.run_recipe(tmp_path, precision=wanted, run_eagerly=run_eagerly, steps=10, size=96, backbone=backbone)
        scores[wanted] = nstk.evaluate(tmp_path / "out.recipe.yaml", result.path)["loss"]
        assert sum(result.losses.values()) == pytest.approx(scores[wanted], rel=0.02)
    assert scores[dtype] == pytest.approx(scores["float32"], rel=0.01)
    assert scores[dtype] < 0.9 * result.history[0]["loss"]
