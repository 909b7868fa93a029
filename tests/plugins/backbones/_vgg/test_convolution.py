"""A convolution: its borders, and when it becomes a graph."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nstk.plugins.backbones._vgg import winograd
from nstk.plugins.backbones._vgg.convolution import FEW, convolution
from nstk.plugins.backbones.tiny import Tiny
from nstk.plugins.backbones.vgg19 import Vgg19
from tests.plugins.backbones.samples import WIDE, close, picture, pulled_back


def test_eager_repeats_become_a_graph(monkeypatch):
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


def test_repeats_have_the_same_bits_in_bfloat16():
    layers, image = ["block4_conv1", "block5_conv1"], picture(192, 256)
    features = Vgg19(pooling="average").build(layers, "bfloat16")
    first, *again = [features(image) for _ in range(FEW + 2)]
    for made in again:
        for layer in layers:
            np.testing.assert_array_equal(tf.cast(made[layer], tf.float32), tf.cast(first[layer], tf.float32))


def test_zero_padding_darkens_the_border():
    activation = Vgg19().build(["block1_conv1"])(tf.fill((1, 9, 9, 3), 255.0))["block1_conv1"]
    assert np.abs(activation[0, 0] - activation[0, 4]).max() > 1


@pytest.mark.parametrize(("padding", "mode"), [("reflect", "reflect"), ("replicate", "edge")])
def test_padding_is_that_of_numpy(padding, mode):
    image = picture(6, 7)
    plain = Tiny().build(["block1_conv1"])(np.pad(image, [(0, 0), (1, 1), (1, 1), (0, 0)], mode))["block1_conv1"]
    close(Tiny(padding=padding).build(["block1_conv1"])(image)["block1_conv1"], plain[:, 1:-1, 1:-1])


def test_reflection_of_a_map_one_wide():
    activation = Tiny(padding="reflect", pool_padding="same").build(["block5_conv1"])(picture(3, 20))["block5_conv1"]
    assert activation.shape == (1, 1, 2, 32)
    assert np.isfinite(activation).all()
