"""Pictures, maps and comparisons for the tests of backbones."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

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


def keras_features(model, image):
    return model(keras.applications.vgg19.preprocess_input(image))


def pulled_back(function, x):
    """What a function makes of `x`, and its gradient for an upstream that is different everywhere."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
        pull = tf.reduce_sum(y * tf.reshape(tf.range(tf.size(y), dtype=tf.float32), tf.shape(y)))
    return y, tape.gradient(pull, x)


WIDE = 1, 33, 38, 128
"""A map that is wide and large enough for Winograd's algorithm, and no multiple of its tiles."""
