"""Sizes and levels of pictures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from nstk import pictures


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.integers(1, 20_000))
def test_fit_keeps_the_aspect_to_a_pixel(width, height, long_edge):
    fitted = pictures.fit(width, height, long_edge)
    assert max(fitted) == long_edge
    exact = [side * long_edge / max(width, height) for side in (width, height)]
    for side, wanted in zip(fitted, exact, strict=True):
        assert side >= 1
        assert abs(side - max(wanted, 1)) <= 0.5
    assert pictures.fit(height, width, long_edge) == fitted[::-1]
    assert pictures.fit(width, height, max(width, height)) == (width, height)


def test_fit_rounds_halves_up():
    assert pictures.fit(4, 3, 2) == (2, 2)
    assert pictures.fit(300, 400, 6) == (5, 6)
    assert pictures.fit(10_000, 1, 16) == (16, 1)


def test_resize(noise):
    picture = noise.astype(np.float32)
    smaller = pictures.resize(picture, 40, 30)
    assert smaller.shape == (30, 40, 3)
    assert smaller.dtype == np.float32
    assert smaller.mean() == pytest.approx(picture.mean(), abs=2)
    assert pictures.resize(np.full((20, 30, 3), 77.25), 61, 17) == pytest.approx(77.25)


def test_resize_keeps_channels_apart():
    picture = np.zeros((32, 32, 3), np.float32)
    picture[:, 16:, 0] = 255
    larger = pictures.resize(picture, 100, 90)
    assert larger[..., 1:].max() == 0
    assert larger.min() == 0
    assert larger.max() == 255


def test_resize_to_the_same_size_is_a_copy(noise):
    picture = noise + np.float32(0.25)
    same = pictures.resize(picture, 80, 60)
    assert np.array_equal(same, picture)
    assert not np.shares_memory(same, picture)


def test_to_uint8_rounds_and_clips():
    picture = np.array([[[-5.0, 0.4, 0.6], [254.4, 254.6, 300.0]]])
    assert pictures.to_uint8(picture).tolist() == [[[0, 0, 1], [254, 255, 255]]]
    assert pictures.to_uint8(picture).dtype == np.uint8
