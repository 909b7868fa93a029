"""What the optimizers of Keras share: the learning rate and the state."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from pydantic import TypeAdapter

import nstk
from nstk.plugins.optimizers._keras import LearningRate
from nstk.plugins.optimizers.adam import Adam
from nstk.plugins.optimizers.sgd import Sgd
from tests.plugins.optimizers.samples import begin, pull


def test_a_step_tells_the_loss_before_it():
    image, stepper = begin(Adam())
    before = float(pull(image)[0].loss)
    evaluation = stepper.step()
    assert float(evaluation.loss) == before
    assert float(pull(image)[0].loss) < before


def rates(learning_rate, steps):
    """The rate of each step: with a gradient of 1 and no momentum it is how far a pixel moves."""
    image, stepper = begin(
        Sgd(learning_rate=learning_rate, momentum=0), lambda image: (nstk.Evaluation(0.0, {}), tf.ones_like(image)), steps
    )
    image.assign(tf.fill(image.shape, 255.0))
    levels = [255.0]
    for _ in range(steps):
        stepper.step()
        levels.append(float(image[0, 0, 0, 0]))
    return -np.diff(levels)


@pytest.mark.parametrize("constant", [3.0, 3, {"start": 3}, {"use": "constant", "start": 3}])
def test_a_constant_rate(constant):
    np.testing.assert_allclose(rates(constant, 4), [3, 3, 3, 3], rtol=1e-4)


def test_an_exponential_rate():
    made = rates({"use": "exponential", "start": 8, "decay": 0.5, "every": 2}, 6)
    np.testing.assert_allclose(made, [8 * 0.5 ** (step / 2) for step in range(6)], rtol=1e-4)


def test_a_cosine_rate():
    made = rates({"use": "cosine", "start": 10, "end": 2}, 5)
    np.testing.assert_allclose(made, [2 + 8 * (1 + np.cos(np.pi * step / 4)) / 2 for step in range(5)], rtol=1e-4)
    assert made[0] == pytest.approx(10)
    assert made[-1] == pytest.approx(2, rel=1e-4)
    np.testing.assert_allclose(rates({"use": "cosine", "start": 10}, 1), [10], rtol=1e-4)


@pytest.mark.parametrize("wrong", [0, -1, {"use": "linear", "start": 1}, {"use": "cosine"}, {"use": "constant", "start": 0}])
def test_a_wrong_rate_is_refused(wrong):
    with pytest.raises(ValueError, match="validation error"):
        TypeAdapter(LearningRate).validate_python(wrong)


@pytest.mark.parametrize("optimizer", [Adam(), Adam(learning_rate={"use": "cosine", "start": 5}), Sgd(learning_rate=0.1)])
def test_the_state_can_be_put_back(optimizer):
    image, stepper = begin(optimizer)
    for _ in range(3):
        stepper.step()
    everything = [image, *stepper.variables]
    assert all(isinstance(variable, tf.Variable) for variable in everything)
    kept = [variable.numpy() for variable in everything]

    def two_more():
        stepper.step()
        stepper.step()
        return image.numpy()

    straight_on = two_more()
    assert not np.array_equal(two_more(), straight_on)
    for variable, was in zip(everything, kept, strict=True):
        variable.assign(was)
    np.testing.assert_array_equal(two_more(), straight_on)
