"""Steps as callbacks see them, and those that were done before a run was resumed."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import tensorflow as tf

import nstk
from nstk.engine.steps import Done, Moved

SCALE = nstk.Scale(0, 48, 36, 5)
RUN = SimpleNamespace(seconds=1.0, labels=["gram"], image=lambda: "picture")


def moved(index, loss, before=None, finite=True):
    evaluation = nstk.Evaluation(tf.constant(loss), {"gram": tf.constant(loss)})
    return Moved(index, evaluation, tf.constant(finite), SCALE, RUN, before)


def test_a_lost_step_has_the_losses_before_it():
    good = moved(1, 5.0)
    lost = moved(2, math.nan, good, finite=False)
    assert (lost.lost, lost.loss, lost.losses) == (True, 5.0, {"gram": 5.0})
    assert (good.lost, good.loss, good.losses, good.image()) == (False, 5.0, {"gram": 5.0}, "picture")


def test_an_earlier_step_has_numbers_and_no_picture():
    step = Done.of(3, [SCALE], [0, 1.5, 7.0, 7.0], ["gram"], ["gram", "tv"])
    assert (step.index, step.scale, step.seconds, step.loss) == (3, SCALE, 1.5, 7.0)
    assert step.losses["gram"] == 7.0
    assert math.isnan(step.losses["tv"])  # this loss is new since
    with pytest.raises(nstk.RunError, match="there is no picture of step 3: it was done before the run was resumed"):
        step.image()
