"""Floats of odd ranges: one scale holds for a whole picture, and a few samples do not choose it."""

from __future__ import annotations

import numpy as np
import tifffile
from hypothesis import given

import nstk
from nstk.pictures import read_all
from tests.fuzz.damage import RANDOM, fuzz, in_time, not_refused

WHITES = (1, 255, 65535)


@fuzz(0.025)
@given(RANDOM)
def test_floats(tmp_path, random):
    rng, white = np.random.default_rng(random.getrandbits(32)), random.choice(WHITES)
    dtype = random.choice([np.float32, np.float64] if white > 255 else [np.float16, np.float32, np.float64])
    shape = (random.randint(16, 60), random.randint(16, 60), *random.choice([(), (3,)]))
    numbers = rng.random(shape) * white
    few = rng.random(shape) < random.choice([0, 0.001, 0.01])
    numbers[few] *= random.choice([1.01, 1.5, 8])
    numbers[rng.random(shape) < random.choice([0, 0.01])] *= -0.1
    numbers = numbers.astype(dtype)
    colours = read(tmp_path, numbers)
    expected = 255 * (numbers.astype(float) / white).clip(0, 1)
    assert np.abs(colours - (expected if expected.ndim == 3 else expected[..., None])).max() < 0.01


@fuzz(0.025)
@given(RANDOM)
def test_floats_of_no_known_range(tmp_path, random):
    """Whatever the range is, what is read is all of it divided by one of the known whites, and clipped; or it is refused."""
    rng = np.random.default_rng(random.getrandbits(32))
    low, high = sorted(random.choice([-1, 1]) * 10 ** random.uniform(-9, 12) for _ in range(2))
    numbers = rng.uniform(low, high, (20, 24)).astype(random.choice([np.float32, np.float64]))
    if random.random() < 0.2:
        numbers[3, 4] = random.choice([np.nan, np.inf, -np.inf, 1e30, np.finfo(numbers.dtype).max])
    try:
        colours = read(tmp_path, numbers)
    except nstk.PictureError as error:
        not_refused(error, tmp_path / "a.tif")
        return
    ways = [255 * (numbers.astype(float) / white).clip(0, 1)[..., None] for white in WHITES]
    assert min(np.abs(colours - way).max() for way in ways) < 0.01


def read(tmp_path, numbers):
    grey = numbers.ndim == 2
    tifffile.imwrite(tmp_path / "a.tif", numbers, photometric="minisblack" if grey else "rgb", metadata=None)
    with in_time():
        return read_all(tmp_path / "a.tif").colours
