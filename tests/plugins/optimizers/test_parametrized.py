"""Every optimizer moves the unknowns of the parametrization, not the pixels: where the unknowns weigh more, more is painted."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import pictures, testing
from nstk.objective.problem import PictureProblem
from nstk.plugins.optimizers._bands import Bands
from nstk.plugins.optimizers.lbfgs import Lbfgs
from nstk.plugins.parametrizations.pixels import Pixels
from nstk.plugins.parametrizations.spectral import Spectral
from tests.helpers import failing
from tests.plugins.optimizers.samples import begin, quadratic


class Warm(nstk.Parametrization):
    """Red moves more readily than the other colours."""

    name = "warm"

    red: float = nstk.Field(1000.0)

    def operator(self, height, width):
        return lambda change: change * tf.constant([self.red, 1.0, 1.0])


class Left(nstk.Parametrization):
    """The left half moves more readily than the right."""

    name = "left"

    def operator(self, height, width):
        return lambda change: change * tf.constant([1000.0] * (width // 2) + [1.0] * (width - width // 2))[:, None]


BANDS, SCALAR = ({"use": "lbfgs", "scaling": scaling, "history": 5} for scaling in ("bands", "scalar"))
EAGER = {"run_eagerly": True}
SLOW = [pytest.param(BANDS, how, marks=pytest.mark.slow) for how in (EAGER, {"tiles": 64})]


@pytest.mark.parametrize(("optimizer", "how"), [(BANDS, {}), (SCALAR, EAGER), ("adam", EAGER), *SLOW])
def test_red_moves_most(optimizer, how, tmp_path):
    how = {"size": 80 if "tiles" in how else 48, **how}
    result = testing.run_recipe(tmp_path, plugins=[Warm], parametrization="warm", optimizer=optimizer, steps=8, **how)
    height, width, _ = result.picture.shape
    content = pictures.resize(pictures.read_picture(tmp_path / "content.png"), width, height)
    red, green, blue = np.abs(result.picture - content).mean((0, 1))
    assert red > 5
    assert red > 4 * max(green, blue)


@pytest.mark.parametrize("scaling", ["bands", "scalar"])
def test_the_left_half_moves_most(scaling):
    rng = np.random.default_rng(0)
    start, wanted = rng.uniform(90, 160, (24, 32, 3)), rng.uniform(90, 160, (24, 32, 3))
    image, stepper = begin(Lbfgs(scaling=scaling), quadratic(wanted), start=start, parametrization=Left())
    for _ in range(3):
        stepper.step()
    moved = np.abs(image[0] - start).mean((0, 2))
    assert moved[:16].min() > 5 > 100 * moved[16:].max()


def test_bands_know_what_a_filter_does():
    """Twice f^-1, scaled to a geometric mean of 1: the unknowns of a band have the pixels' curvature times as much."""
    image = tf.Variable(tf.zeros([1, 64, 64, 3]))
    bands = Bands(PictureProblem(image, None, Spectral(power=1), 5), None)
    slope = np.polyfit(bands.centres[4:-1], bands.gain.numpy()[4:-1], 1)[0]
    assert abs(slope + 2) < 0.1


def test_pixels_cost_no_noise(monkeypatch):
    """It would be as large as the picture, and is made at each scale."""
    monkeypatch.setattr(np.random, "default_rng", failing(AssertionError("noise was drawn")))
    image = tf.Variable(tf.zeros([1, 64, 64, 3]))
    assert Bands(PictureProblem(image, None, Pixels(), 5), None).gain is None
