"""What an optimizer works on: pixels stay within 0..255, and each change goes through the parametrization."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

import nstk
from nstk.objective.problem import PictureProblem


class Doubled(nstk.Parametrization):
    """A picture that is twice its unknowns."""

    name = "doubled"

    def operator(self, height, width):
        assert (height, width) == (2, 3)
        return lambda change: 2 * change


class Slope:
    """An objective with a gradient of 3 everywhere."""

    def value_and_grad(self, image):
        return "evaluation", tf.fill(image.shape, 3.0)


def test_changes_and_gradients_are_those_of_the_unknowns():
    image = tf.Variable(tf.fill([1, 2, 3, 3], 100.0))
    problem = PictureProblem(image, Slope(), Doubled(), 5)
    assert problem.value_and_grad()[0] == "evaluation"
    assert np.all(problem.value_and_grad()[1] == 6)
    assert np.all(problem.pixel_gradient()[1] == 3)
    problem.move(tf.fill(image.shape, 10.0))
    assert np.all(image == 120)
    for change, value in ((1000.0, 255), (-1000.0, 0)):
        problem.move(tf.fill(image.shape, change))
        assert np.all(image == value)


class Counted:
    """An objective that counts how often it is evaluated."""

    def __init__(self):
        self.times = 0

    def evaluate(self, image):
        self.times += 1
        return nstk.Evaluation(tf.reduce_mean(image), {"counted": tf.reduce_mean(image)})


def test_the_same_picture_is_evaluated_once():
    image = tf.Variable(tf.fill([1, 2, 3, 3], 100.0))
    problem = PictureProblem(image, Counted(), Doubled(), 5)
    assert float(problem.evaluate().loss) == float(problem.evaluate_at(tf.fill(image.shape, 100.0)).loss) == 100
    assert problem.objective.times == 1
    image[0, 1, 2, 2].assign(118.0)
    assert float(problem.evaluate().loss) == 101
    assert float(problem.evaluate_at(tf.fill(image.shape, 100.0)).loss) == 100
    problem.objective = Counted()
    assert float(problem.evaluate_at(tf.fill(image.shape, 100.0)).loss) == 100
    assert problem.objective.times == 1, "another objective may see it otherwise"


def test_a_picture_is_evaluated_within_a_graph():
    image = tf.Variable(tf.fill([1, 2, 3, 3], 100.0))
    problem = PictureProblem(image, Counted(), Doubled(), 5)
    step = tf.function(lambda: problem.evaluate().loss)
    assert float(step()) == 100
    image.assign(tf.fill(image.shape, 50.0))
    assert float(step()) == float(problem.evaluate().loss) == 50
