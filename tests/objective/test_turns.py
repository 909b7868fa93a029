"""The same picture has the same gradient, whatever buffer is free when gradients are added."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import testing
from nstk.engine.inputs import pictures_of
from nstk.objective.features import batch, layers_read, network
from nstk.objective.whole import WholeObjective


@pytest.mark.slow
def test_the_gradient_is_the_same_every_time():
    recipe = nstk.load_recipe("minimal", ["size=200"])
    net = network(recipe.backbone, layers_read(recipe.backbone, recipe.losses.values()))
    objective = WholeObjective(net, recipe.losses, pictures_of(recipe, 200, 150))
    picture = batch(testing.pictures((150, 200)).content)
    step = tf.function(objective.value_and_grad, autograph=False).get_concrete_function(picture)
    made = {
        np.asarray(gradient).tobytes() + np.asarray(it.loss).tobytes() for it, gradient in (step(picture) for _ in range(8))
    }
    assert len(made) == 1


def test_the_readers_of_a_map_share_its_gradient():
    map_ = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(map_)
        one, two, three = nstk.in_turn(map_, 3)
        value = tf.reduce_sum(one + 10 * two + 100 * three)
    assert np.array_equal(tape.gradient(value, map_), [111, 111])
    assert nstk.in_turn(map_, 1) == [map_]


def test_a_total_is_added_from_the_first_to_the_last():
    terms = [np.float32(1e8), np.float32(1), np.float32(-1e8), np.float32(1)]
    compiled = tf.function(lambda *them: nstk.total(them), autograph=False)
    assert float(compiled(*map(tf.constant, terms))) == 1.0  # 1e8 + 1 is 1e8 in float32
