"""The picture while it is painted: NaN is put back, and the average is a mean from the first step on."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk.engine.canvas import Canvas

FIRST = np.full((2, 3, 3), 10, np.float32)
GOOD, NAN = (nstk.Evaluation(tf.constant(loss), {}) for loss in (1.0, np.nan))


def moved(canvas, value, evaluation=GOOD):
    """Whether a step to a picture of one value was finite."""
    before = canvas.picture.read_value()
    canvas.picture.assign(tf.fill(canvas.picture.shape, float(value)))
    return bool(canvas.guard(before, evaluation))


@pytest.mark.parametrize(("value", "evaluation"), [(np.nan, GOOD), (np.inf, GOOD), (30, NAN)])
def test_infinity_is_put_back(value, evaluation):
    canvas = Canvas(FIRST, 0.0)
    canvas.keep(None)
    assert moved(canvas, 20)
    assert not moved(canvas, value, evaluation)
    assert np.array_equal(canvas.image(), FIRST)  # the last one whose objective is known to be finite
    assert np.all(np.asarray(canvas.bad) == 20)


def test_the_average_is_a_mean_that_forgets():
    canvas = Canvas(FIRST, 0.5)
    canvas.keep(None)
    assert np.array_equal(canvas.image(), FIRST)
    for value in (20, 40, 80):
        assert moved(canvas, value)
    assert canvas.image() == pytest.approx((20 / 4 + 40 / 2 + 80) / (1 / 4 + 1 / 2 + 1))
    canvas.restart(FIRST + 1)
    assert np.array_equal(canvas.image(), FIRST + 1)
    assert moved(canvas, 30)
    assert np.all(canvas.image() == 30)


def test_the_steppers_good_picture_is_used():
    canvas, good = Canvas(FIRST, 0.0), tf.Variable(FIRST[np.newaxis] + 5)
    canvas.keep(good)
    assert moved(canvas, 20)
    assert not moved(canvas, np.nan)
    assert np.array_equal(canvas.image(), FIRST + 5)
    assert set(canvas.variables()) == {"picture"}  # the stepper's own are kept with the stepper
