"""The curvature of each band of frequencies, learnt."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk.objective.problem import PictureProblem
from nstk.plugins.optimizers._bands import BANDS, Bands
from nstk.plugins.optimizers.lbfgs import Lbfgs
from nstk.plugins.parametrizations.pixels import Pixels
from tests.plugins.optimizers.samples import Given, minimise, quadratic


@pytest.mark.slow
def test_bands_learn_a_filters_curvature():
    """An objective whose curvature depends on the frequency alone: the bands find it, up to a factor."""
    size = 32
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :])
    curvature = tf.constant(0.01 + frequency, tf.complex64)

    def value_and_grad(image):
        planes = tf.signal.rfft2d(tf.transpose(image - 128.0, [0, 3, 1, 2]))
        gradient = tf.transpose(tf.signal.irfft2d(planes * curvature, [size, size]), [0, 2, 3, 1])
        loss = tf.reduce_sum((image - 128.0) * gradient) / 2
        return nstk.Evaluation(loss, {"bowl": loss}), gradient

    start = np.random.default_rng(2).uniform(100, 156, (size, size, 3))
    _, stepper = minimise(Lbfgs(), value_and_grad, start, 15)
    flatness = stepper.bands.flatness.numpy()
    centres = np.exp(stepper.bands.centres)
    known = 1 / (0.01 + centres)
    ratio = flatness / known
    middle = slice(BANDS // 2, BANDS - 1)  # of the lowest there are few coefficients
    assert ratio[middle].max() / ratio[middle].min() < 2.5
    assert flatness[BANDS // 2] / flatness[-2] > 1.5  # they do differ


@pytest.mark.slow
def test_the_next_scale_knows_the_last():
    start = np.random.default_rng(2).uniform(0, 255, (16, 16, 3))
    _, before = minimise(Lbfgs(), quadratic(np.full((16, 16, 3), 90.0)), start, 6)
    problem = PictureProblem(tf.Variable(tf.zeros([1, 32, 32, 3])), Given(quadratic(np.zeros((32, 32, 3)))), Pixels(), 5)
    after = Lbfgs().start(problem, before)
    assert bool(after.bands.known)
    assert not bool(Bands(problem, None).known)
    np.testing.assert_allclose(after.bands.flatness[-1], 4 * before.bands.flatness[-1], rtol=1e-4)
