"""Tiles are exact: the objective and its gradient are those of the whole picture, for every loss, at odd sizes."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings, strategies as st

import nstk
from nstk import testing
from nstk.objective.compiled import Compiled
from nstk.objective.features import batch, layers_read, network
from nstk.objective.tile_network import TileNetwork
from nstk.objective.tiled import TiledObjective
from nstk.objective.tiles import Tiling
from nstk.objective.whole import WholeObjective
from nstk.plugins.backbones.tiny import Tiny
from nstk.plugins.backbones.vgg19 import Vgg19
from nstk.plugins.losses.content import Content
from nstk.plugins.losses.gram import Gram
from nstk.plugins.losses.laplacian import Laplacian
from nstk.plugins.losses.photoreal import Photoreal
from nstk.plugins.losses.tv import TotalVariation

EXACT = 1e-5
LOSSES = {
    "content": Content(),
    "shallow": Content(layers=["image", "block1_conv2"], weight=0.1),
    "gram": Gram(weight=10),
    "colour": Gram(layers=["image"]),
    "tv": TotalVariation(weight=0.05),
}


def objectives(size, style, edge, backbone=None, losses=LOSSES, dtype="float32", **more):
    """The whole, and in tiles."""
    backbone = backbone or Tiny()
    made = nstk.Pictures(testing.pictures(size).content, {"a": testing.pictures(style, 1).content})
    net = network(backbone, layers_read(backbone, losses.values()), dtype)
    tiles = TileNetwork(net, losses, Tiling.of(backbone, losses, edge), **more)
    return WholeObjective(net, losses, made, dtype), TiledObjective(tiles, made, dtype)


def assert_equal(whole, tiled, size, tolerance=EXACT):
    picture = batch(testing.pictures(size, 2).content)
    (one, expected), (other, gradient) = (it.value_and_grad(picture) for it in (whole, tiled))
    assert float(other.loss) == pytest.approx(float(one.loss), rel=tolerance)
    assert {k: float(v) for k, v in other.losses.items()} == pytest.approx(
        {k: float(v) for k, v in one.losses.items()}, rel=tolerance
    )
    assert np.linalg.norm(gradient - expected) <= tolerance * np.linalg.norm(expected)
    assert float(tiled.evaluate(picture).loss) == pytest.approx(float(one.loss), rel=tolerance)


@settings(max_examples=6, deadline=None)
@given(
    size=st.tuples(st.integers(33, 200), st.integers(33, 200)),
    style=st.tuples(st.integers(33, 120), st.integers(33, 120)),
    edge=st.integers(48, 120),
    pooling=st.sampled_from(["max", "average"]),
    pool_padding=st.sampled_from(["valid", "same"]),
    padding=st.sampled_from(["zero", "reflect", "replicate"]),
)
def test_tiles_are_exact(size, style, edge, pooling, pool_padding, padding):
    backbone = Tiny(pooling=pooling, pool_padding=pool_padding, padding=padding)
    assert_equal(*objectives(size, style, edge, backbone), size)


@pytest.mark.parametrize("pooling", ["max", "average"])
def test_tiles_of_the_real_network_are_exact(pooling):
    size = (150, 165)
    losses = {"content": Content(layers=["block3_conv2"]), "gram": Gram(layers=["block1_conv1", "block3_conv1"])}
    whole, tiled = objectives(size, (70, 60), 96, Vgg19(pooling=pooling, convolution="direct"), losses)
    assert len(tiled.network.tiling.tiles(*size)) == 4
    assert_equal(whole, tiled, size)


@pytest.mark.slow
@pytest.mark.parametrize("pooling", ["max", "average"])
def test_winograds_rounding_is_all_that_differs(pooling):
    """It is another in tiles. Where a pooling's largest activations are equal to the last bits, it decides which one counts."""
    size = (256, 320)
    losses = {"content": Content(layers=["block3_conv2"]), "gram": Gram(layers=["block1_conv1", "block3_conv1"])}
    whole, tiled = objectives(size, (70, 60), 192, Vgg19(pooling=pooling), losses)
    if pooling == "average":
        assert_equal(whole, tiled, size)
        return
    picture = batch(testing.pictures(size, 2).content)
    (one, expected), (other, gradient) = (it.value_and_grad(picture) for it in (whole, tiled))
    assert float(other.loss) == pytest.approx(float(one.loss), rel=EXACT)
    errors = np.abs(gradient - expected) / np.sqrt(np.mean(np.square(expected)))
    assert np.mean(errors > EXACT) < 0.01  # of two pixels in a thousand, where one activation of some hundred thousand differs


FORMS = {
    "scaled": Content(layers=["image", "block1_conv2"], formula="scaled"),
    "shift": Gram(shift=-1),
    "chains": Gram(layers=["image", "block1_conv2", "block2_conv1", "block3_conv1"], chains=True, shift=-1),
    "laplacian": Laplacian(pool=5),
    "photoreal": Photoreal(),
    "l1": TotalVariation(power=1, formula="means"),
    "joint": TotalVariation(stencil="joint", power=2.5),
    "nine": TotalVariation(stencil="nine", formula="means"),
}
"""Losses whose tiles overlap, or whose score is no plain sum."""


@pytest.mark.parametrize(("form", "pool_padding"), [*((form, "valid") for form in FORMS), ("chains", "same")])
def test_tiles_of_other_forms_are_exact(form, pool_padding):
    size = (75, 93)
    whole, tiled = objectives(size, (40, 50), 32, Tiny(pool_padding=pool_padding), {form: FORMS[form]})
    assert len(tiled.network.tiling.tiles(*size)) > 3
    assert_equal(whole, tiled, size)


@pytest.mark.slow
def test_compiled_passes_are_the_same():
    size = (75, 60)
    whole, tiled = objectives(size, (40, 50), 48, compiled=partial(Compiled, xla=False))
    assert_equal(whole, tiled, size)


@pytest.mark.slow
def test_loss_scaling_works_in_tiles():
    size = (90, 75)
    whole, tiled = objectives(size, (60, 50), 32, dtype="float16")
    assert_equal(whole, tiled, size, 0.02)


class Reader(nstk.Backbone):
    """A network that knows nothing of tiles."""

    name = "reader"
    layers = (nstk.Layer("blur", 3, 1, 5),)

    def build(self, layers):
        return lambda image: {"blur": tf.nn.avg_pool2d(image, 5, 1, "SAME")}


def test_a_network_that_does_not_trim_is_exact():
    size = (40, 75)
    assert_equal(*objectives(size, (60, 50), 32, Reader(), {"gram": Gram(layers=["blur"]), "tv": TotalVariation()}), size)


TWO_DEVICES = """
import sys
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
sys.path.insert(0, sys.argv[1])
from tests.objective import test_tiled
whole, tiled = test_tiled.objectives((90, 75), (60, 50), 32)
used, busy, real = set(), set(), tiled.network.features
def features(tile, crop, *fork):
    assert crop.device not in busy, "two tiles at once on " + crop.device
    used.add(crop.device)
    busy.add(crop.device)
    try:
        return real(tile, crop, *fork)
    finally:
        busy.discard(crop.device)
tiled.network.features = features
test_tiled.assert_equal(whole, tiled, (90, 75))
print(len(used))
"""


@pytest.mark.slow
def test_two_devices_give_the_same_gradient(request):
    made = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES, request.config.rootpath], capture_output=True, text=True, check=False
    )
    assert made.stdout == "2\n", made.stderr
