"""Adam, held against numpy."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk.plugins.optimizers.adam import Adam
from tests.plugins.optimizers.samples import START, WANTED, begin


def numpy_adam(picture, steps, rate, beta_1, beta_2, epsilon):
    """Kingma and Ba in the order of section 2's last paragraph, as Keras has it: epsilon is added to the uncorrected root."""
    m = v = np.zeros_like(picture)
    for t in range(1, steps + 1):
        g = picture - WANTED
        m, v = beta_1 * m + (1 - beta_1) * g, beta_2 * v + (1 - beta_2) * g**2
        step = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        picture = np.clip(picture - step * m / (np.sqrt(v) + epsilon), 0, 255)
    return picture


@pytest.mark.parametrize(
    ("rate", "beta_1", "beta_2", "epsilon"), [(2.0, 0.9, 0.999, 1e-7), (25.0, 0.9, 0.999, 1e-7), (5.0, 0.5, 0.8, 1.0)]
)
def test_adam_is_adam(rate, beta_1, beta_2, epsilon):
    image, stepper = begin(Adam(learning_rate=rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon))
    for _ in range(12):
        stepper.step()
    expected = numpy_adam(START, 12, rate, beta_1, beta_2, epsilon)
    np.testing.assert_allclose(image[0], expected, atol=2e-2)
    if rate == 25:
        assert (expected == 0).any() or (expected == 255).any()  # the clipping took part


def test_nan_is_forgotten_and_moves_halve():
    """A gradient of NaN makes the picture NaN, for the engine to see; the optimizer has not seen it."""

    def straight(image):
        return nstk.Evaluation(tf.constant(bad["loss"]), {}), tf.fill(image.shape, bad["gradient"])

    for bad in ({"loss": np.nan, "gradient": 1.0}, {"loss": 1.0, "gradient": np.inf}):
        good, wrong = {"loss": 1.0, "gradient": 1.0}, bad
        image, stepper = begin(Adam(learning_rate=2), straight, start=np.full((4, 4, 3), 200.0))
        bad = good
        stepper.step()
        before, kept = image.numpy(), [variable.numpy() for variable in stepper.variables]
        bad = wrong
        stepper.step()
        assert np.isnan(image).all()
        for variable, was in zip(stepper.variables, kept, strict=True):
            np.testing.assert_array_equal(variable, was)
        image.assign(before)
        assert stepper.recover()
        bad = good
        stepper.step()
        np.testing.assert_allclose(image, before - 1, atol=1e-3)
