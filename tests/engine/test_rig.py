"""Which compiled step may be run for another picture, and that it begins anew there."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import testing
from nstk.engine.canvas import Canvas
from nstk.engine.rig import Rig
from nstk.objective.features import network
from nstk.objective.whole import WholeObjective
from nstk.plugins.backbones.tiny import Tiny
from nstk.plugins.optimizers.adam import Adam
from nstk.plugins.parametrizations.pixels import Pixels

SIZE = (36, 48)
LEVEL = tf.Variable(1.0)


class Near(nstk.Loss):
    """Squared distance to the content, which it may hold in a way that no other picture can have."""

    name = "near"
    holds: str = "targets"

    def target(self, refs):
        content = refs.content["image"]
        kinds = {"shape": content[:, :-1], "value": {"pixels": content, "mean": float(tf.reduce_mean(content))}}
        return kinds.get(self.holds, content)

    def __call__(self, features, target):
        if self.holds == "shape":
            return tf.reduce_mean(features["image"]) + 0 * tf.reduce_sum(target)
        if self.holds == "value":
            return tf.reduce_mean(tf.square(features["image"] - target["pixels"])) / target["mean"]
        if self.holds == "constant":
            target = tf.convert_to_tensor(FIXED)
        if self.holds == "variable":
            return tf.reduce_mean(tf.square(features["image"] - target)) * LEVEL
        if self.holds == "draws":
            return tf.reduce_mean(tf.square(features["image"] - target)) * tf.random.uniform([])
        return tf.reduce_mean(tf.square(features["image"] - target))


FIXED = tf.constant(testing.pictures(SIZE, 3).content[np.newaxis])


def objective(seed, size=SIZE, **holds):
    return WholeObjective(network(Tiny(), []), {"near": Near(**holds)}, testing.pictures(size, seed))


def rig(holds="targets"):
    """One that has painted two steps from the content 0 to the content 1."""
    tf.random.set_global_generator(tf.random.Generator.from_seed(0))
    made = Rig.of(Canvas(testing.pictures(SIZE, 0).content, 0.5), objective(1, holds=holds), Pixels(), Adam(), 4, None)
    move = made.compiled(xla=False)
    for _ in range(2):
        assert bool(move()[1])
    return made


def test_a_step_serves_another_picture():
    made = rig()
    assert made.serves(objective(1))
    assert made.serves(objective(2))


def test_targets_of_another_size_are_not_served():
    assert not rig().serves(objective(1, holds="shape"))


@pytest.mark.parametrize("holds", ["constant", "variable", "draws"])
def test_what_is_another_each_time_is_not_served(holds):
    assert not rig(holds).serves(objective(1, holds=holds))


def test_a_number_in_the_targets_must_be_the_same():
    made = rig("value")
    assert made.serves(objective(1, holds="value"))
    assert not made.serves(objective(2, holds="value"))


def test_a_rig_that_is_not_compiled_serves_none():
    it = Rig.of(Canvas(testing.pictures(SIZE).content, 0.0), objective(1), Pixels(), Adam(), 4, None)
    assert not it.serves(objective(1))


def test_a_rig_begins_anew():
    used, first = rig(), testing.pictures(SIZE, 4).content
    used.rest()
    used.restart(first, objective(2), None)
    fresh = Rig.of(Canvas(first, 0.5), objective(2), Pixels(), Adam(), 4, None)
    for made in (used, fresh):
        move = made.compiled(xla=False)
        losses = [float(move()[0].loss) for _ in range(2)]
        made.seen = losses, made.canvas.image().tobytes()
    assert used.seen == fresh.seen


def test_a_resting_rig_holds_one_picture_of_zeros():
    made = rig()
    made.rest()
    assert not made.problem.objective.targets
    assert not any(np.any(variable.numpy()) for variable in [*made.canvas.variables().values(), *made.stepper.variables])


def test_a_stepper_that_returns_no_evaluation_is_named():
    made = Rig.of(Canvas(testing.pictures(SIZE).content, 0.0), objective(1), Pixels(), Adam(), 4, None)
    made.stepper.step = lambda: 3.0
    with pytest.raises(nstk.RunError, match=r"optimizer `adam`: step\(\) returned 3.0, not the Evaluation"):
        made.move()
