"""VGG-16, held against `keras.applications` itself."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from nstk.plugins.backbones.vgg16 import Vgg16
from tests.plugins.backbones._vgg.samples import random_kernels, write_keras3_h5


# What Keras's own save_weights does under numpy 2.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
def test_vgg16_reads_a_keras_file(folder):
    kernels = random_kernels(Vgg16.network)
    write_keras3_h5(folder / "vgg16.weights.h5", kernels, "VGG16")
    backbone = Vgg16(weights=str(folder / "vgg16.weights.h5"))
    image = tf.fill((1, 32, 32, 3), 200.0)
    model = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    model.load_weights(folder / "vgg16.weights.h5")
    expected = model(keras.applications.vgg16.preprocess_input(image))
    np.testing.assert_allclose(backbone.build(["block5_pool"])(image)["block5_pool"], expected, rtol=1e-4, atol=1e-5)
