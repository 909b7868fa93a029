"""The VGG backbones, held against `keras.applications` itself."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import op_callbacks

import nstk
from nstk.plugins.backbones._vgg import vgg, winograd
from nstk.plugins.backbones._vgg.convolution import FEW, convolution
from nstk.plugins.backbones._vgg.vgg import _max_pool
from nstk.plugins.backbones.tiny import Tiny
from nstk.plugins.backbones.vgg16 import Vgg16
from nstk.plugins.backbones.vgg19 import Vgg19

LOOKED_AT = ["block1_conv1", "block1_pool", "block3_conv3", "block4_conv2", "block5_conv4", "block5_pool"]


def picture(height: int, width: int) -> tf.Tensor:
    """Blotches of colour: noise alone would leave the upper layers nearly silent."""
    rng = np.random.default_rng(1)
    coarse = tf.constant(rng.uniform(0, 255, (1, 6, 6, 3)), tf.float32)
    return tf.clip_by_value(tf.image.resize(coarse, (height, width), "bicubic") + rng.normal(0, 10, (height, width, 3)), 0, 255)


def close(actual: tf.Tensor, expected: tf.Tensor, tolerance: float = 1e-5) -> None:
    """Equal to rounding, measured against the largest value."""
    expected = np.asarray(expected)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * np.abs(expected).max())


@pytest.fixture(scope="module")
def keras_vgg19():
    """A real Keras VGG-19 with the kernels that come with nstk."""
    model = keras.applications.VGG19(include_top=False, weights=None, input_shape=(None, None, 3))
    for layer, arrays in Vgg19().load().kernels.items():
        model.get_layer(layer).set_weights(arrays)
    return keras.Model(model.input, {name: model.get_layer(name).output for name in LOOKED_AT})


def keras_features(model, image):
    return model(keras.applications.vgg19.preprocess_input(image))


@pytest.fixture(scope="module")
def vgg19():
    return Vgg19().build(LOOKED_AT)


@pytest.mark.parametrize("size", [(64, 48), (35, 51)])
def test_features_are_those_of_keras(vgg19, keras_vgg19, size):
    image = picture(*size)
    features = vgg19(image)
    assert sorted(features) == sorted(LOOKED_AT)
    for layer, expected in keras_features(keras_vgg19, image).items():
        assert features[layer].dtype == tf.float32
        assert np.max(expected) > 0
        close(features[layer], expected)


def gradient(network, image):
    with tf.GradientTape() as tape:
        tape.watch(image)
        features = network(image)
        loss = tf.add_n([tf.reduce_mean(tf.square(features[layer])) for layer in LOOKED_AT])
    return tape.gradient(loss, image)


@pytest.mark.parametrize("compiled", [False, True])
def test_gradient_is_that_of_keras(vgg19, keras_vgg19, compiled):
    def reference(image):
        return keras_features(keras_vgg19, image)

    image = picture(48, 64)
    ours = tf.function(lambda image: gradient(vgg19, image)) if compiled else lambda image: gradient(vgg19, image)
    close(ours(image), gradient(reference, image), 1e-4)


def test_an_eager_tape_computes_no_gradient_of_a_kernel(vgg19, keras_vgg19):
    seen: list[str] = []

    def record(op_type, inputs, attrs, outputs, op_name=None, graph=None):
        seen.append(op_type if isinstance(op_type, str) else op_type.decode())

    def executed(network):
        seen.clear()
        op_callbacks.add_op_callback(record)
        try:
            gradient(network, picture(32, 32))
        finally:
            op_callbacks.remove_op_callback(record)
        return list(seen)

    def reference(image):
        return keras_features(keras_vgg19, image)

    assert "Conv2DBackpropFilter" in executed(reference)  # the recorder would see it
    ours = executed(vgg19)
    assert "Conv2DBackpropFilter" not in ours
    assert ours.count("Conv2DBackpropInput") == 1  # the others are convolutions with the kernel turned around
    assert ours.count("Conv2D") == 16 + 15


def pulled_back(function, x):
    """What a function makes of `x`, and its gradient for an upstream that is different everywhere."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
        pull = tf.reduce_sum(y * tf.reshape(tf.range(tf.size(y), dtype=tf.float32), tf.shape(y)))
    return y, tape.gradient(pull, x)


@pytest.mark.parametrize("size", [(6, 8), (7, 9), (2, 3)])
def test_the_gradient_of_max_pooling_is_tensorflows_also_where_activations_are_equal(size):
    x = tf.constant(np.random.default_rng(0).integers(0, 3, (1, *size, 5)).astype(np.float32))

    reference = pulled_back(lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"), x)
    for ours, theirs in zip(pulled_back(_max_pool(), x), reference, strict=True):
        np.testing.assert_array_equal(ours, theirs)


WIDE = 1, 33, 38, 128
"""A map that is wide and large enough for Winograd's algorithm, and no multiple of its tiles."""


@pytest.mark.parametrize("padding", ["zero", "reflect", "replicate"])
@pytest.mark.parametrize("compiled", [False, True])
def test_wide_convolutions_are_those_that_are_computed_directly(padding, compiled, monkeypatch):
    rng = np.random.default_rng(2)
    kernel = rng.normal(0, 0.05, (3, 3, 128, 160)).astype(np.float32)
    # Half of the channels are silent, and none is near 0, where rounding would decide whether a gradient passes.
    bias = np.where(np.arange(160) % 2, 50, -50).astype(np.float32)
    x = tf.constant(rng.normal(0, 1, WIDE), tf.float32)
    calls = []
    monkeypatch.setattr(winograd, "convolve", lambda *args, real=winograd.convolve: calls.append(args) or real(*args))

    def made(algorithm):
        function = convolution(kernel, bias, padding, "float32", algorithm)
        differentiated = partial(pulled_back, function)
        return (tf.function(differentiated) if compiled else differentiated)(x)

    direct = made("direct")
    assert not calls
    for ours, theirs in zip(made("auto"), direct, strict=True):
        assert ours.shape == theirs.shape
        close(ours, theirs, 5e-5)
    assert len(calls) == 2  # there and back


def test_a_convolution_that_is_run_op_by_op_again_and_again_becomes_a_graph_with_the_same_bits(monkeypatch):
    calls = []
    monkeypatch.setattr(winograd, "convolve", lambda *args, real=winograd.convolve: calls.append(args) or real(*args))
    rng = np.random.default_rng(3)
    kernel, bias = rng.normal(0, 0.05, (3, 3, 128, 128)).astype(np.float32), rng.normal(size=128).astype(np.float32)
    function = convolution(kernel, bias, "zero", "float32")
    x = tf.constant(rng.normal(size=WIDE), tf.float32)
    first, *again = [pulled_back(function, x) for _ in range(2 * FEW + 2)]
    assert len(calls) == 2 * (FEW + 1)  # there and back; traced once, then no more of Python
    for made in again:
        for ours, theirs in zip(made, first, strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("shape", [(1, 8, 9, 128), (1, 40, 40, 64)])
def test_small_and_narrow_maps_are_convolved_directly(shape, monkeypatch):
    monkeypatch.setattr(winograd, "convolve", None)
    kernel = np.ones((3, 3, shape[3], 128), np.float32)
    assert convolution(kernel, np.zeros(128, np.float32), "zero", "float32")(tf.ones(shape)).shape == (*shape[:3], 128)


def test_a_gpu_and_low_precision_convolve_directly(monkeypatch):
    kernel = np.zeros((3, 3, 128, 128), np.float32)
    monkeypatch.setattr(winograd, "convolve", None)
    convolution(kernel, kernel[0, 0, 0], "zero", "bfloat16")(tf.cast(tf.ones(WIDE), tf.bfloat16))
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: ["the GPU"])
    convolution(kernel, kernel[0, 0, 0], "zero", "float32")(tf.ones(WIDE))


def test_the_network_at_a_size_where_most_of_it_is_winograds(keras_vgg19, monkeypatch):
    calls = []
    monkeypatch.setattr(winograd, "convolve", lambda *args, real=winograd.convolve: calls.append(args) or real(*args))
    image = picture(260, 270)
    features = Vgg19().build(["block4_conv2"])(image)
    close(features["block4_conv2"], keras_features(keras_vgg19, image)["block4_conv2"], 5e-5)
    assert len(calls) == 1 + 4 + 2  # all but those with fewer than 128 channels at one end
    direct = Vgg19(convolution="direct").build(["block4_conv2"])(image)
    close(direct["block4_conv2"], keras_features(keras_vgg19, image)["block4_conv2"])
    assert len(calls) == 1 + 4 + 2


def test_nothing_is_trainable(vgg19):
    with tf.GradientTape() as tape:
        vgg19(picture(32, 32))
    assert not tape.watched_variables()


def test_features_are_the_same_under_tf_function(vgg19):
    image = picture(40, 40)
    compiled = tf.function(vgg19)(image)
    for layer, expected in vgg19(image).items():
        close(compiled[layer], expected)


def test_a_graph_of_unknown_size_works(vgg19):
    compiled = tf.function(vgg19, input_signature=[tf.TensorSpec((1, None, None, 3))])
    close(compiled(picture(40, 33))["block4_conv2"], vgg19(picture(40, 33))["block4_conv2"])


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


def test_pooling_takes_the_maximum_or_the_mean():
    for pooling, reduce in {"max": np.max, "average": np.mean}.items():
        features = Tiny(pooling=pooling).build(["block1_conv2", "block1_pool"])(picture(8, 8))
        squares = np.reshape(features["block1_conv2"], (4, 2, 4, 2, 4))
        close(features["block1_pool"][0], reduce(squares, axis=(1, 3)))


def test_average_pooling_leaves_the_padding_out_of_the_mean():
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


def test_zero_padding_darkens_the_border():
    activation = Vgg19().build(["block1_conv1"])(tf.fill((1, 9, 9, 3), 255.0))["block1_conv1"]
    assert np.abs(activation[0, 0] - activation[0, 4]).max() > 1


@pytest.mark.parametrize(("padding", "mode"), [("reflect", "reflect"), ("replicate", "edge")])
def test_padding_is_that_of_numpy(padding, mode):
    image = picture(6, 7)
    plain = Tiny().build(["block1_conv1"])(np.pad(image, [(0, 0), (1, 1), (1, 1), (0, 0)], mode))["block1_conv1"]
    close(Tiny(padding=padding).build(["block1_conv1"])(image)["block1_conv1"], plain[:, 1:-1, 1:-1])


def test_reflection_of_a_map_that_is_one_wide():
    activation = Tiny(padding="reflect", pool_padding="same").build(["block5_conv1"])(picture(3, 20))["block5_conv1"]
    assert activation.shape == (1, 1, 2, 32)
    assert np.isfinite(activation).all()


def test_a_picture_too_small_for_the_deepest_layer():
    network = Vgg19().build(["block1_conv1", "block5_conv1"])
    assert network(picture(16, 16))["block5_conv1"].shape == (1, 1, 1, 512)
    with pytest.raises(nstk.UserError, match=r"40 x 15 pixels is too small for vgg19's `block5_conv1`, which needs 16 x 16"):
        network(picture(15, 40))


def test_an_unknown_layer():
    with pytest.raises(nstk.UserError, match="vgg19 has no layer `conv4_2`; it has block1_conv1, "):
        Vgg19().build(["block1_conv1", "conv4_2"])


def test_the_table_of_layers():
    table = {layer.name: layer for layer in Vgg19.layers}
    assert table["block1_conv1"] == nstk.Layer("block1_conv1", 64, 1, 3, "relu1_1")
    assert table["block1_pool"] == nstk.Layer("block1_pool", 64, 2, 6, "pool1")
    assert table["block4_conv2"] == nstk.Layer("block4_conv2", 512, 8, 84, "relu4_2")
    assert table["block5_conv1"] == nstk.Layer("block5_conv1", 512, 16, 156, "relu5_1")
    assert table["block5_pool"].stride == 32
    assert [layer.name for layer in Tiny.layers] == [layer.name for layer in Vgg19.layers]


@pytest.mark.parametrize("backbone", [Vgg16, Vgg19])
def test_the_table_names_the_layers_of_keras(backbone):
    model = getattr(keras.applications, backbone.network.application)(include_top=False, weights=None, input_shape=(64, 64, 3))
    expected = [(layer.name, layer.output.shape[-1], 64 // layer.output.shape[1]) for layer in model.layers[1:]]
    assert [(layer.name, layer.channels, layer.stride) for layer in backbone.layers] == expected


@pytest.mark.parametrize("deepest", ["block2_conv1", "block3_pool"])
def test_the_receptive_field_is_what_one_activation_sees(deepest):
    """Average pooling, because the maximum would hide three of four pixels."""
    layer = next(layer for layer in Tiny.layers if layer.name == deepest)
    image = tf.Variable(picture(96, 96))
    network = Tiny(pooling="average").build([deepest])
    with tf.GradientTape() as tape:
        activation = network(image)[deepest]
        middle = tf.reduce_sum(activation[0, activation.shape[1] // 2, activation.shape[2] // 2])
    touched = np.flatnonzero(np.abs(tape.gradient(middle, image)).sum(axis=(0, 2, 3)))
    assert touched.max() - touched.min() + 1 == layer.receptive_field


def test_tiny_is_the_same_for_the_same_seed():
    image = picture(32, 32)
    same, again, other = (Tiny(seed=seed).build(["block5_conv1"])(image)["block5_conv1"] for seed in (3, 3, 4))
    np.testing.assert_array_equal(same, again)
    assert np.abs(same - other).max() > 1
    assert Tiny(seed=3).provenance() == Tiny(seed=3).provenance() != Tiny(seed=4).provenance()


def test_channels_first_keras_makes_no_difference():
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


def test_importing_the_backbones_imports_no_tensorflow():
    code = (
        "import sys; from nstk.plugins.backbones import tiny, vgg16, vgg19; "
        "print(sorted({'tensorflow', 'keras', 'h5py', 'scipy', 'safetensors'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"
