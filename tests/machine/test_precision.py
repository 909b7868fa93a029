"""Which precision a run takes, what is low in it, and that the result is that of float32."""

from __future__ import annotations

import json
import logging
import os

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import testing
from nstk.cli import main
from nstk.machine import device, precision
from nstk.machine.precision import Machine, choose
from nstk.objective import features
from nstk.objective.whole import WholeObjective
from nstk.plugins.backbones.tiny import Tiny
from nstk.plugins.backbones.vgg19 import Vgg19
from nstk.plugins.losses._products import gram_matrix
from nstk.plugins.losses.content import Content
from nstk.plugins.losses.gram import Gram
from nstk.plugins.losses.tv import TotalVariation

PLAIN = Machine(frozenset({"avx2", "avx512f"}))
AVX = Machine(frozenset({"avx2", "avx512_bf16"}))
AMX = Machine(frozenset({"amx_bf16"}))
OLD, TURING, AMPERE = (Machine(gpu=True, capability=has) for has in ((6, 1), (7, 5), (8, 0)))
OTHER = Machine(gpu=True)
LOW = ["bfloat16", "float16"]


# --- the choice


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        (PLAIN, "float32: this processor has no bfloat16"),
        (Machine(), "float32: this processor has no bfloat16"),
        (AVX, "bfloat16: this processor has it in hardware"),
        (AMX, "bfloat16: this processor has it in hardware"),
        (AMPERE, "bfloat16: this GPU (compute capability 8.0) has it in hardware"),
        (Machine(gpu=True, capability=(12, 0)), "bfloat16: this GPU (compute capability 12.0) has it in hardware"),
        (TURING, "float16: this GPU (compute capability 7.5) has it in hardware"),
        (OLD, "float32: this GPU (compute capability 6.1) has no tensor cores for float16"),
        (OTHER, "float32: this GPU (compute capability unknown) has no tensor cores for float16"),
    ],
)
def test_auto_takes_what_is_in_hardware(machine, expected):
    assert str(choose("auto", machine)) == expected


@pytest.mark.parametrize("machine", [PLAIN, AVX, TURING, AMPERE])
def test_what_the_machine_has_can_be_asked_for(machine):
    for dtype in ("float32", *machine.fast):
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


CPUINFO = "processor\t: 0\nmodel name\t: A processor\nflags\t\t: fpu avx2 avx512_bf16\nbugs\t\t: none\n"


@pytest.mark.parametrize(
    ("text", "flags"),
    [(CPUINFO, {"fpu", "avx2", "avx512_bf16"}), ("processor: 0\nFeatures\t: asimd bf16\n", set()), ("", set()), (None, set())],
)
def test_the_flags_of_the_processor(text, flags, tmp_path, monkeypatch):
    monkeypatch.setattr(precision, "CPUINFO", tmp_path / "cpuinfo")
    if text is not None:
        (tmp_path / "cpuinfo").write_text(text)
    assert precision.cpu_flags() == flags
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: [])
    assert device.machine() == Machine(frozenset(flags))


@pytest.fixture
def gpu(monkeypatch):
    """A GPU that TensorFlow tells of; what memory growth is set on."""
    asked: list[str] = []
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: ["the GPU"])
    details = {"device_name": "Tesla T4", "compute_capability": (7, 5)}
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: details)
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", lambda gpu, on: asked.append((gpu, on)))
    return asked


def test_a_gpu_in_words(gpu, monkeypatch):
    assert device.machine() == TURING
    assert device.name() == "GPU Tesla T4"
    monkeypatch.setattr(tf.config.experimental, "tensor_float_32_execution_enabled", lambda: True)
    assert device.products("float32") == "float32 (TF32 products)"
    assert device.products("float16") == "float16"


def test_memory_grows_on_a_gpu_unless_it_is_decided_already(gpu, monkeypatch):
    device.set_up_memory()
    assert gpu == [("the GPU", True)]

    def too_late(gpu, on):
        raise RuntimeError("Physical device cannot be modified after being initialized")

    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", too_late)
    device.set_up_memory()


def test_the_processor_keeps_the_memory_that_it_has_taken(monkeypatch):
    monkeypatch.delenv("TF_CPU_ALLOCATOR_USE_BFC", raising=False)
    monkeypatch.setenv("TF_CPU_BFC_MEM_LIMIT_IN_MB", "1000")
    device.set_up_memory()
    assert os.environ["TF_CPU_ALLOCATOR_USE_BFC"] == "true"
    assert os.environ["TF_CPU_BFC_MEM_LIMIT_IN_MB"] == "1000"  # who has set it decides


# --- a run


def on(machine, monkeypatch):
    monkeypatch.setattr(device, "machine", lambda: machine)


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


def test_a_machine_that_lacks_it_refuses_to_run_and_not_to_check(tmp_path, monkeypatch, capsys):
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


@pytest.mark.parametrize(("dtype", "run_eagerly"), [("bfloat16", False), ("float16", False), ("float16", True)])
def test_a_low_precision_paints_the_picture_of_float32(dtype, run_eagerly, tmp_path, monkeypatch):
    on({"bfloat16": AVX, "float16": TURING}[dtype], monkeypatch)
    scores = {}
    for wanted in ("float32", dtype):
        backbone = {"use": "tiny", "pooling": "average"}
        result = testing.run_recipe(tmp_path, precision=wanted, run_eagerly=run_eagerly, steps=10, size=96, backbone=backbone)
        scores[wanted] = nstk.evaluate(tmp_path / "out.recipe.yaml", result.path)["loss"]
        assert sum(result.losses.values()) == pytest.approx(scores[wanted], rel=0.02)
    assert scores[dtype] == pytest.approx(scores["float32"], rel=0.01)
    assert scores[dtype] < 0.9 * result.history[0]["loss"]


# --- what is low


SIZE = (32, 48)


def objective(loss, dtype, backbone):
    net = features.network(backbone, features.layers_read(backbone, [loss]), dtype)
    return WholeObjective(net, {"it": loss}, testing.pictures(SIZE), dtype)


def derived(loss, dtype, backbone, *, compiled):
    """Value and gradient at a picture."""
    function = objective(loss, dtype, backbone).value_and_grad
    function = tf.function(function, autograph=False) if compiled else function
    evaluation, gradient = function(features.batch(testing.pictures(SIZE, seed=1).content))
    assert evaluation.loss.dtype == gradient.dtype == tf.float32
    return float(evaluation.loss), np.asarray(gradient)


def off(actual, expected):
    return np.linalg.norm(actual - expected) / np.linalg.norm(expected)


VGG = Vgg19(pooling="average", padding="reflect")


@pytest.mark.parametrize(
    ("loss", "backbone", "compiled"),
    [
        *((loss, VGG, True) for loss in (Content(), Gram())),
        *((loss, Tiny(pooling="average"), False) for loss in (Content(), Gram(), Gram(formula="gatys"), TotalVariation())),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_loss_and_its_gradient_are_those_of_float32(loss, backbone, compiled):
    value, gradient = derived(loss, "float32", backbone, compiled=compiled)
    for dtype, tolerance in (("bfloat16", 0.1), ("float16", 0.03)):
        low_value, low_gradient = derived(loss, dtype, backbone, compiled=compiled)
        assert low_value == pytest.approx(value, rel=0.03)
        assert off(low_gradient, gradient) < tolerance
        assert (off(low_gradient, gradient) > 1e-5) == (loss.name != "tv")  # which sees pixels only: the others are low


@pytest.mark.parametrize("dtype", LOW)
def test_activations_are_low_and_a_picture_moves_them_by_less_than_a_level(dtype):
    image = features.batch(testing.pictures().content)
    for backbone in (Tiny(), Tiny(padding="reflect", pooling="average", pool_padding="same")):
        net = features.network(backbone, ["block1_conv1", "block2_conv1"], dtype)
        assert {layer: it.dtype.name for layer, it in net(image).items()} == {
            "image": "float32",
            "block1_conv1": dtype,
            "block2_conv1": dtype,
        }
    flat = tf.fill((1, 16, 16, 3), 250.0)  # 128 levels above the mean colour, where bfloat16 has whole levels only
    first = features.network(Tiny(), ["block1_conv1"], dtype)
    tilted = flat + 0.4 * tf.reshape(tf.tile([1.0, -1.0], [128]), (1, 16, 16, 1))
    assert np.any(np.asarray(first(flat)["block1_conv1"] != first(tilted)["block1_conv1"]))


class Looking(nstk.Loss):
    """Notes what it is handed."""

    name = "looking"

    def reads(self):
        return ["block1_conv1", "image"]

    def target(self, refs):
        return refs.content["block1_conv1"], refs.styles["style"]["block1_conv1"]

    def __call__(self, features, target):
        SEEN.append({features["block1_conv1"].dtype.name, target[0].dtype.name, target[1].dtype.name})
        assert features["image"].dtype == tf.float32
        return tf.reduce_mean(tf.cast(features["block1_conv1"], tf.float32))


class LookingLow(Looking):
    """The same in the network's own precision."""

    takes_low_precision = True


SEEN: list[set[str]] = []


@pytest.mark.parametrize("dtype", LOW)
def test_a_loss_sees_float32_unless_it_takes_less(dtype):
    SEEN.clear()
    for loss in (Looking(), LookingLow()):
        derived(loss, dtype, Tiny(), compiled=False)
    assert {frozenset(seen) for seen in SEEN} == {frozenset({"float32"}), frozenset({dtype})}
    assert SEEN[0] == {"float32"}


def test_targets_of_content_are_kept_low_and_those_of_gram_are_not():
    content, gram = (objective(loss, "bfloat16", Tiny()).targets["it"] for loss in (Content(), Gram()))
    assert {it.dtype.name for it in content.maps.values()} == {"bfloat16"}
    assert {part.dtype.name for sums in (content.sums, gram.sums) for it in sums.values() for part in it.values()} == {
        "float32"
    }


class Simple(nstk.Backbone):
    """One that knows nothing of precisions."""

    name = "simple"
    layers = (nstk.Layer("mean", channels=3, stride=2, receptive_field=2),)

    def build(self, layers):
        return lambda image: {"mean": tf.nn.avg_pool2d(image, 2, 2, "VALID")}


class Open(Simple):
    """One that takes whatever comes."""

    def build(self, layers, **options):
        BUILT.append(options)
        return super().build(layers)


BUILT: list[dict[str, str]] = []

SIMPLE = """
class Simple(nstk.Backbone):
    \"\"\"One that knows nothing of precisions.\"\"\"
    name = "simple"
    layers = (nstk.Layer("mean", channels=3, stride=2, receptive_field=2),)

    def build(self, layers):
        return lambda image: {"mean": tf.nn.avg_pool2d(image, 2, 2, "VALID")}

@nstk.hookimpl
def nstk_backbones():
    return [Simple]
"""


def test_a_backbone_that_knows_no_precision_computes_in_float32(tmp_path, plugin, monkeypatch):
    image = features.batch(testing.pictures().content)
    assert features.network(Simple(), ["mean"], "bfloat16")(image)["mean"].dtype == tf.float32
    features.network(Open(), ["mean"], "bfloat16")
    assert BUILT == [{"dtype": "bfloat16"}]
    on(AVX, monkeypatch)
    losses = {"content": {"layers": ["mean"]}, "tv": None}
    testing.run_recipe(tmp_path, precision="auto", plugins=[plugin(SIMPLE)], backbone="simple", losses=losses)
    record = json.loads((tmp_path / "out.run.json").read_text())
    assert record["precision"] == "float32"
    assert record["precision_reason"] == "the backbone `simple` knows no other"


# --- Gram matrices


@pytest.mark.parametrize("dtype", ["float32", *LOW])
def test_a_gram_matrix_and_its_gradient_are_summed_in_float32(dtype):
    rng = np.random.default_rng(0)
    low = tf.cast(rng.uniform(0, 4000, (1, 50, 100, 16)), dtype)  # squares are too much for float16
    exact = np.asarray(tf.cast(low, tf.float64)).reshape(-1, 16)
    upstream = rng.normal(0, 1e-6, (16, 16)).astype(np.float32)
    with tf.GradientTape() as tape:
        tape.watch(low)
        gram = gram_matrix(low)
    assert gram.dtype == tf.float32
    assert off(gram, exact.T @ exact) < 1e-6
    gradient = tape.gradient(gram, low, upstream)
    assert gradient.dtype == low.dtype
    tolerance = {"float32": 1e-5, "bfloat16": 1e-2, "float16": 2e-3}[dtype]
    assert off(np.asarray(tf.cast(gradient, tf.float64)).reshape(-1, 16), exact @ (upstream + upstream.T)) < tolerance
