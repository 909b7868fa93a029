"""The network's activations in low precision: what is low, and that losses are those of float32."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import testing
from nstk.objective import features
from nstk.objective.whole import WholeObjective
from nstk.plugins.backbones.tiny import Tiny
from nstk.plugins.backbones.vgg19 import Vgg19
from nstk.plugins.losses.content import Content
from nstk.plugins.losses.gram import Gram
from nstk.plugins.losses.tv import TotalVariation
from tests.machine.samples import AVX, LOW, off, on

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


VGG = Vgg19(pooling="average", padding="reflect")


@pytest.mark.parametrize(
    ("loss", "backbone", "compiled"),
    [
        *((loss, VGG, True) for loss in (Content(), Gram())),
        *((loss, Tiny(pooling="average"), False) for loss in (Content(), Gram(), Gram(formula="gatys"), TotalVariation())),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_losses_are_those_of_float32(loss, backbone, compiled):
    value, gradient = derived(loss, "float32", backbone, compiled=compiled)
    for dtype, tolerance in (("bfloat16", 0.1), ("float16", 0.03)):
        low_value, low_gradient = derived(loss, dtype, backbone, compiled=compiled)
        assert low_value == pytest.approx(value, rel=0.03)
        assert off(low_gradient, gradient) < tolerance
        assert (off(low_gradient, gradient) > 1e-5) == (loss.name != "tv")  # which sees pixels only: the others are low


@pytest.mark.parametrize("dtype", LOW)
def test_low_activations_see_half_a_level(dtype):
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
def test_a_loss_sees_float32_by_default(dtype):
    SEEN.clear()
    for loss in (Looking(), LookingLow()):
        derived(loss, dtype, Tiny(), compiled=False)
    assert {frozenset(seen) for seen in SEEN} == {frozenset({"float32"}), frozenset({dtype})}
    assert SEEN[0] == {"float32"}


def test_only_content_targets_are_kept_low():
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


def test_an_unaware_backbone_is_float32(tmp_path, plugin, monkeypatch):
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
