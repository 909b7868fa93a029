"""Noise as the start."""

from __future__ import annotations

import numpy as np
import pytest

from nstk.plugins.initializers.noise import IMAGENET_MEAN, Noise
from tests.plugins.initializers.samples import CONTENT, start


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_noise_follows_the_seed(kind):
    noise = Noise(kind=kind)
    assert start(noise, 3).tobytes() == start(noise, 3).tobytes()
    assert start(noise, 3).tobytes() != start(noise, 4).tobytes()


def test_uniform_noise_fills_its_amplitude():
    off = start(Noise(amplitude=30)) - np.array(IMAGENET_MEAN)
    assert np.abs(off).max() <= 30.001
    assert np.abs(off).max() > 29
    assert off.std() == pytest.approx(30 / 3**0.5, rel=0.05)


def test_normal_noise_has_its_deviation():
    off = start(Noise(kind="normal", amplitude=10, around="grey")) - 128
    assert off.std() == pytest.approx(10, rel=0.05)
    assert np.abs(off).max() > 25


def test_without_amplitude_it_is_one_colour():
    around = {"imagenet": IMAGENET_MEAN, "grey": (128, 128, 128), "content": CONTENT.mean((0, 1))}
    for name, colour in around.items():
        np.testing.assert_allclose(start(Noise(amplitude=0, around=name)), np.broadcast_to(colour, CONTENT.shape), rtol=1e-5)


def test_a_blend_is_the_courses_start():
    """The course works on pictures minus the mean colour: `0.6 * noise + 0.4 * content`."""
    mean = np.array([123.68, 116.779, 103.939])
    noise = np.random.default_rng(5).uniform(-20, 20, CONTENT.shape)
    generated = noise * 0.6 + (CONTENT - mean) * (1 - 0.6)
    made = start(Noise(blend=0.6), 5)
    np.testing.assert_allclose(made, np.clip(generated + mean, 0, 255), atol=1e-3)
    assert made.dtype == np.float32
    assert np.array_equal(start(Noise(blend=0)), CONTENT)


def test_noise_stays_a_picture():
    made = start(Noise(kind="normal", amplitude=255))
    assert made.min() == 0
    assert made.max() == 255
