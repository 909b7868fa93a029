"""Networks, and weights in a folder."""

from __future__ import annotations

import shutil

import keras
import pytest

from nstk.plugins.backbones.vgg19 import Vgg19
from tests.plugins.backbones._vgg.samples import SMALL, random_kernels
from tests.plugins.backbones.samples import LOOKED_AT


@pytest.fixture(scope="module")
def keras_vgg19():
    """A real Keras VGG-19 with the kernels that come with nstk."""
    model = keras.applications.VGG19(include_top=False, weights=None, input_shape=(None, None, 3))
    for layer, arrays in Vgg19().load().kernels.items():
        model.get_layer(layer).set_weights(arrays)
    return keras.Model(model.input, {name: model.get_layer(name).output for name in LOOKED_AT})


@pytest.fixture(scope="module")
def vgg19():
    return Vgg19().build(LOOKED_AT)


@pytest.fixture
def folder(tmp_path):
    """A folder that does not outlive its test: some of these files have 80 MB."""
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.fixture(scope="module")
def vgg19_kernels():
    return dict(Vgg19().load().kernels)


@pytest.fixture
def small():
    return random_kernels(SMALL)
