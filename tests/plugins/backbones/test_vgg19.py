"""VGG-19, held against `keras.applications` itself."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import op_callbacks

import nstk
from nstk.plugins.backbones.tiny import Tiny
from nstk.plugins.backbones.vgg19 import Vgg19
from tests.plugins.backbones.samples import LOOKED_AT, close, keras_features, picture


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
@pytest.mark.parametrize("convolution", ["direct", "auto"])
def test_gradient_is_that_of_keras(keras_vgg19, convolution, compiled):
    def reference(image):
        return keras_features(keras_vgg19, image)

    def of_ours(image):
        return gradient(network, image)

    # Of 48 x 64 pixels, two activations of a pooling are equal but for rounding, which decides where the gradient goes.
    image, network = picture(64, 48), Vgg19(convolution=convolution).build(LOOKED_AT)
    close((tf.function(of_ours) if compiled else of_ours)(image), gradient(reference, image), 1e-4)


def test_kernels_get_no_gradient(vgg19, keras_vgg19):
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


def test_nothing_is_trainable(vgg19):
    with tf.GradientTape() as tape:
        vgg19(picture(32, 32))
    assert not tape.watched_variables()


def test_features_are_the_same_compiled(vgg19):
    image = picture(40, 40)
    compiled = tf.function(vgg19)(image)
    for layer, expected in vgg19(image).items():
        close(compiled[layer], expected)


def test_a_graph_of_unknown_size_works(vgg19):
    compiled = tf.function(vgg19, input_signature=[tf.TensorSpec((1, None, None, 3))])
    close(compiled(picture(40, 33))["block4_conv2"], vgg19(picture(40, 33))["block4_conv2"])


def test_the_table_of_layers():
    table = {layer.name: layer for layer in Vgg19.layers}
    assert table["block1_conv1"] == nstk.Layer("block1_conv1", 64, 1, 3, "relu1_1")
    assert table["block1_pool"] == nstk.Layer("block1_pool", 64, 2, 6, "pool1")
    assert table["block4_conv2"] == nstk.Layer("block4_conv2", 512, 8, 84, "relu4_2")
    assert table["block5_conv1"] == nstk.Layer("block5_conv1", 512, 16, 156, "relu5_1")
    assert table["block5_pool"].stride == 32
    assert [layer.name for layer in Tiny.layers] == [layer.name for layer in Vgg19.layers]
