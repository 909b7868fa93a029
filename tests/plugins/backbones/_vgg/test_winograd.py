"""Winograd's algorithm: where it is used, and that it gives the same maps and gradients."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk.machine.precision import Machine
from nstk.plugins.backbones._vgg import winograd
from nstk.plugins.backbones._vgg.convolution import convolution
from nstk.plugins.backbones.vgg19 import Vgg19
from tests.machine.samples import off
from tests.plugins.backbones.samples import WIDE, close, keras_features, picture, pulled_back


@pytest.mark.parametrize("padding", ["zero", "reflect", "replicate"])
@pytest.mark.parametrize("compiled", [False, True])
def test_wide_convolutions_equal_direct_ones(padding, compiled, monkeypatch):
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


@pytest.mark.parametrize("shape", [(1, 28, 36, 128), (1, 40, 40, 64), (1, 9, 12, 256)])
def test_small_and_narrow_maps_are_direct(shape, monkeypatch):
    monkeypatch.setattr(winograd, "convolve", None)
    kernel = np.ones((3, 3, shape[3], 128), np.float32)
    assert convolution(kernel, np.zeros(128, np.float32), "zero", "float32")(tf.ones(shape)).shape == (*shape[:3], 128)


def test_the_wider_a_kernel_the_smaller_a_map_may_be(monkeypatch):
    calls = []
    monkeypatch.setattr(winograd, "convolve", lambda *args, real=winograd.convolve: calls.append(args) or real(*args))
    kernel = np.ones((3, 3, 128, 256), np.float32)
    convolution(kernel, np.zeros(256, np.float32), "zero", "float32")(tf.ones((1, 12, 16, 128)))
    assert len(calls) == 1


def test_the_points_make_the_papers_matrices():
    before, kernel, after = winograd._matrices("float32")
    rng = np.random.default_rng(0)
    window, weights = rng.normal(size=(6, 6)), rng.normal(size=(3, 3))
    products = (np.asarray(before, np.float64) @ window.ravel()) * (kernel.astype(np.float64) @ weights.ravel())
    direct = [[(window[y : y + 3, x : x + 3] * weights).sum() for x in range(4)] for y in range(4)]
    close((np.asarray(after, np.float64) @ products).reshape(4, 4), direct)
    assert set(np.abs(np.asarray(before)[0].reshape(6, 6)[0])) == {0, 4, 16, 20}  # a row of the paper's, times 4


def test_bfloat16_loses_two_bits(monkeypatch):
    rng = np.random.default_rng(2)
    kernel, bias = rng.normal(0, 0.05, (3, 3, 128, 160)).astype(np.float32), np.zeros(160, np.float32)
    x = tf.cast(np.maximum(rng.normal(0, 1, (1, 41, 38, 128)), 0), tf.bfloat16)
    exact = tf.nn.relu(tf.nn.conv2d(tf.cast(x, tf.float32), kernel, 1, "SAME"))
    calls = []
    monkeypatch.setattr(winograd, "convolve", lambda *args, real=winograd.convolve: calls.append(args) or real(*args))
    monkeypatch.setattr(nstk, "processor", Machine)
    made = convolution(kernel, bias, "zero", "bfloat16")(x)
    assert len(calls) == 1
    assert made.dtype == tf.bfloat16
    assert 0.003 < off(tf.cast(made, tf.float32), exact) < 0.014  # the paper's points lose 0.026


def test_what_multiplies_fast_enough_is_direct(monkeypatch):
    kernel = np.zeros((3, 3, 128, 128), np.float32)
    monkeypatch.setattr(winograd, "convolve", None)
    convolution(kernel, kernel[0, 0, 0], "zero", "float16")(tf.cast(tf.ones(WIDE), tf.float16))
    monkeypatch.setattr(nstk, "processor", lambda: Machine(frozenset({"avx512_bf16", "amx_bf16"})))
    convolution(kernel, kernel[0, 0, 0], "zero", "bfloat16")(tf.cast(tf.ones((1, 48, 48, 128)), tf.bfloat16))
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: ["the GPU"])
    convolution(kernel, kernel[0, 0, 0], "zero", "float32")(tf.ones(WIDE))


def test_a_network_mostly_winograds(keras_vgg19, monkeypatch):
    calls = []
    monkeypatch.setattr(winograd, "convolve", lambda *args, real=winograd.convolve: calls.append(args) or real(*args))
    image = picture(260, 270)
    features = Vgg19().build(["block4_conv2"])(image)
    close(features["block4_conv2"], keras_features(keras_vgg19, image)["block4_conv2"], 5e-5)
    assert len(calls) == 1 + 4 + 2  # all but those with fewer than 128 channels at one end
    direct = Vgg19(convolution="direct").build(["block4_conv2"])(image)
    close(direct["block4_conv2"], keras_features(keras_vgg19, image)["block4_conv2"])
    assert len(calls) == 1 + 4 + 2
