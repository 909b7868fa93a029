"""Objectives, and optimizers at work on them."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

import nstk
from nstk import testing
from nstk.objective.problem import PictureProblem
from nstk.plugins.parametrizations.pixels import Pixels

START = testing.pictures((6, 5)).content.astype(np.float64)
WANTED = testing.pictures((6, 5), seed=1).content.astype(np.float64) * 1.5 - 60
"""Where the pull goes: partly beyond 0..255, so that pixels are clipped."""


def pull(image):
    """Half the squared distance to WANTED, and its gradient."""
    difference = image - tf.constant(WANTED[None], tf.float32)
    loss = tf.reduce_sum(tf.square(difference)) / 2
    return nstk.Evaluation(loss, {"pull": loss}), difference


class Given:
    """An objective that is a function of the picture, which returns an evaluation of one loss, `pull`, and a gradient."""

    def __init__(self, value_and_grad):
        self.value_and_grad = value_and_grad
        self.losses = {"pull": None}

    def evaluate(self, image):
        return self.value_and_grad(image)[0]


def begin(optimizer, value_and_grad=pull, steps=20, start=START, parametrization=None, before=None):
    image = tf.Variable(start[None], dtype=tf.float32)
    problem = PictureProblem(image, Given(value_and_grad), parametrization or Pixels(), steps)
    return image, optimizer.start(problem, before)


def minimise(optimizer, value_and_grad, start, evaluations, **more):
    """The lowest loss after so many evaluations, and the stepper."""
    _, stepper = begin(optimizer, value_and_grad, evaluations, start, **more)
    step = tf.function(stepper.step, autograph=False)
    best = np.inf
    for _ in range(evaluations):
        best = min(best, float(step().loss))
    return best, stepper


def quadratic(wanted, weights=1.0):
    """Half the weighted squared distance to `wanted`."""

    def value_and_grad(image):
        difference = image - tf.constant(wanted[None], tf.float32)
        loss = tf.reduce_sum(weights * tf.square(difference)) / 2
        return nstk.Evaluation(loss, {"pull": loss}), weights * difference

    return value_and_grad
