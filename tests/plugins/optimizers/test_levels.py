"""The levels of a pyramid that an optimizer moves one by one."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nstk import testing
from nstk.plugins.optimizers._levels import apart, sizes, together
from nstk.plugins.optimizers.adam import Adam
from nstk.plugins.optimizers.rmsprop import Rmsprop
from nstk.plugins.optimizers.sgd import Sgd
from tests.plugins.optimizers.samples import begin, quadratic

SIZES = [(16, 20), (13, 7), (1, 5)]
RNG = np.random.default_rng(0)


def noise(height, width):
    return tf.constant(RNG.standard_normal([1, height, width, 3]), tf.float32)


@pytest.mark.parametrize("size", SIZES)
def test_apart_is_the_transpose_of_together(size):
    """So what an optimizer is told is the gradient: <g, A u> = <A^T g, u> for every g and u."""
    picture, levels = noise(*size), [noise(*level) for level in sizes(*size, 4)]
    told = sum(float(tf.reduce_sum(one * other)) for one, other in zip(apart(picture, 4), levels, strict=True))
    assert told == pytest.approx(float(tf.reduce_sum(picture * together(levels))), rel=1e-4)


@pytest.mark.parametrize("size", [(16, 20), (8, 4)])
def test_a_level_is_enlarged_bilinearly(size):
    fine, coarse = (noise(*level) for level in sizes(*size, 2))
    wanted = fine + tf.image.resize(coarse, size)
    np.testing.assert_allclose(together([fine, coarse]), wanted, atol=1e-5)


@pytest.mark.parametrize("optimizer", [Adam, Rmsprop])
def test_broad_changes_come_sooner(optimizer):
    """A picture that has to become brighter all over gets there in fewer steps, and no worse in its details."""
    wanted = np.full((24, 31, 3), 180.0) + RNG.uniform(-20, 20, (24, 31, 3))
    left = {}
    for levels in (1, 5):
        image, stepper = begin(
            optimizer(levels=levels, learning_rate=1.0), quadratic(wanted), start=np.full((24, 31, 3), 100.0)
        )
        for _ in range(12):
            stepper.step()
        left[levels] = np.abs(image[0].numpy() - wanted).mean()
    assert left[5] < 0.6 * left[1]


def test_a_compiled_run_is_that_of_an_eager_one(tmp_path):
    settings = {"optimizer": {"use": "rmsprop", "levels": 3}, "losses": {"gram": {"layers": ["image"]}}, "steps": 3}
    eager, compiled = (testing.run_recipe(tmp_path, **settings, run_eagerly=how, output=False) for how in (True, False))
    assert np.abs(eager.picture.astype(int) - compiled.picture).max() <= 1
    assert compiled.losses == pytest.approx(eager.losses, rel=1e-3)


def test_one_level_is_pixels():
    wanted = RNG.uniform(90, 160, (9, 11, 3))
    image, stepper = begin(Sgd(learning_rate=0.1, momentum=0), quadratic(wanted), start=np.full((9, 11, 3), 100.0))
    stepper.step()
    assert [variable.shape for variable in stepper.changes] == [(1, 9, 11, 3)]
    assert float(tf.reduce_mean(image)) != 100


def test_the_state_of_all_levels_can_be_put_back():
    wanted = RNG.uniform(90, 160, (9, 11, 3))
    image, stepper = begin(Rmsprop(levels=3, momentum=0.5), quadratic(wanted), start=np.full((9, 11, 3), 100.0))
    stepper.step()
    kept = [variable.numpy() for variable in (image, *stepper.variables)]
    stepper.step()
    once = image.numpy()
    for variable, was in zip((image, *stepper.variables), kept, strict=True):
        variable.assign(was)
    stepper.step()
    np.testing.assert_array_equal(image.numpy(), once)
