"""What every VGG does: layers, pooling, padding, and what it refuses."""

from __future__ import annotations

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk.plugins.backbones._vgg import vgg
from nstk.plugins.backbones._vgg.vgg import _max_pool
from nstk.plugins.backbones.tiny import Tiny
from nstk.plugins.backbones.vgg16 import Vgg16
from nstk.plugins.backbones.vgg19 import Vgg19
from tests.plugins.backbones.samples import LOOKED_AT, close, picture, pulled_back


@pytest.mark.parametrize("size", [(6, 8), (7, 9), (2, 3)])
def test_max_poolings_gradient_with_ties(size):
    x = tf.constant(np.random.default_rng(0).integers(0, 3, (1, *size, 5)).astype(np.float32))

    reference = pulled_back(lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"), x)
    for ours, theirs in zip(pulled_back(_max_pool(), x), reference, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("size", [(6, 8), (7, 9), (2, 3)])
def test_max_poolings_gradient_is_the_same_in_bfloat16(size):
    x = tf.constant(np.random.default_rng(0).integers(0, 3, (1, *size, 5)).astype(np.float32))
    pool = Tiny()._step("block1_pool", False, None, "bfloat16")

    def low(x):
        return tf.cast(pool(tf.cast(x, tf.bfloat16)), tf.float32)

    for made, exact in zip(pulled_back(low, x), pulled_back(_max_pool(), x), strict=True):
        np.testing.assert_array_equal(made, exact)


def test_only_what_was_asked_for_runs():
    shallow = Vgg19().build(["block1_conv1"])
    assert set(shallow(picture(1, 1))) == {"block1_conv1"}
    assert Tiny().build([])(picture(4, 4)) == {}


@pytest.mark.parametrize("pooling", ["max", "average"])
@pytest.mark.parametrize(
    ("pool_padding", "sizes"), [("valid", [(17, 22), (8, 11), (4, 5)]), ("same", [(18, 23), (9, 12), (5, 6)])]
)
def test_pooling_of_odd_sizes(pooling, pool_padding, sizes):
    layers = ["block1_pool", "block2_pool", "block3_pool"]
    features = Tiny(pooling=pooling, pool_padding=pool_padding).build(layers)(picture(35, 45))
    assert [tuple(features[layer].shape[1:3]) for layer in layers] == sizes


def test_pooling_takes_maximum_or_mean():
    for pooling, reduce in {"max": np.max, "average": np.mean}.items():
        features = Tiny(pooling=pooling).build(["block1_conv2", "block1_pool"])(picture(8, 8))
        squares = np.reshape(features["block1_conv2"], (4, 2, 4, 2, 4))
        close(features["block1_pool"][0], reduce(squares, axis=(1, 3)))


def test_average_pooling_skips_padding():
    features = Tiny(pooling="average", pool_padding="same").build(["block1_conv2", "block1_pool"])(picture(5, 5))
    close(features["block1_pool"][0, 2, 2], features["block1_conv2"][0, 4, 4])
    close(features["block1_pool"][0, 0, 2], tf.reduce_mean(features["block1_conv2"][0, 0:2, 4], axis=0))


@pytest.mark.parametrize("pooling", ["max", "average"])
@pytest.mark.parametrize("padding", ["replicate", "reflect"])
def test_a_constant_picture_stays_constant(padding, pooling):
    constant = tf.ones((1, 37, 33, 3)) * tf.constant([200.0, 90.0, 30.0])
    network = Vgg19(padding=padding, pooling=pooling, pool_padding="same").build(LOOKED_AT)
    for activation in network(constant).values():
        close(activation, tf.broadcast_to(activation[:, :1, :1], activation.shape), 1e-4)


def test_too_small_for_the_deepest_layer():
    network = Vgg19().build(["block1_conv1", "block5_conv1"])
    assert network(picture(16, 16))["block5_conv1"].shape == (1, 1, 1, 512)
    with pytest.raises(nstk.UserError, match=r"40 x 15 pixels is too small for vgg19's `block5_conv1`, which needs 16 x 16"):
        network(picture(15, 40))


def test_an_unknown_layer():
    with pytest.raises(nstk.UserError, match="vgg19 has no layer `conv4_2`; it has block1_conv1, "):
        Vgg19().build(["block1_conv1", "conv4_2"])


@pytest.mark.parametrize("backbone", [Vgg16, Vgg19])
def test_the_table_is_that_of_keras(backbone):
    model = getattr(keras.applications, backbone.network.application)(include_top=False, weights=None, input_shape=(64, 64, 3))
    expected = [(layer.name, layer.output.shape[-1], 64 // layer.output.shape[1]) for layer in model.layers[1:]]
    assert [(layer.name, layer.channels, layer.stride) for layer in backbone.layers] == expected


@pytest.mark.parametrize("deepest", ["block2_conv1", "block3_pool"])
def test_receptive_field_is_what_is_seen(deepest):
    """Average pooling, because the maximum would hide three of four pixels."""
    layer = next(layer for layer in Tiny.layers if layer.name == deepest)
    image = tf.Variable(picture(96, 96))
    network = Tiny(pooling="average").build([deepest])
    with tf.GradientTape() as tape:
        activation = network(image)[deepest]
        middle = tf.reduce_sum(activation[0, activation.shape[1] // 2, activation.shape[2] // 2])
    touched = np.flatnonzero(np.abs(tape.gradient(middle, image)).sum(axis=(0, 2, 3)))
    assert touched.max() - touched.min() + 1 == layer.receptive_field


def test_channels_first_keras_is_the_same():
    image = picture(20, 20)
    expected = Tiny().build(["block3_conv1"])(image)["block3_conv1"]
    vgg._keras_chain.cache_clear()
    keras.config.set_image_data_format("channels_first")
    try:
        close(Tiny().build(["block3_conv1"])(image)["block3_conv1"], expected)
    finally:
        keras.config.set_image_data_format("channels_last")
        vgg._keras_chain.cache_clear()


def test_another_keras_backend_is_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(
        nstk.UserError, match=r"needs Keras's TensorFlow backend, but it is jax; set .* KERAS_BACKEND=tensorflow"
    ):
        Tiny().build(["block1_conv1"])


def test_importing_needs_no_tensorflow():
    code = (
        "import sys; from nstk.plugins.backbones import tiny, vgg16, vgg19; "
        "print(sorted({'tensorflow', 'keras', 'h5py', 'scipy', 'safetensors'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"
