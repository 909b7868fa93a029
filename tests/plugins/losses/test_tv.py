"""Total variation, held against plain numpy and TensorFlow."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import testing
from nstk.objective.sums import each
from nstk.plugins.losses.tv import TotalVariation, roughness
from tests.plugins.losses.samples import FORMULAS, MADE, PICTURE, close, rows, value


@pytest.mark.parametrize("formula", FORMULAS)
def test_tv_is_its_formula(formula, features, refs):
    def roughness(picture):
        down = sum(((below - above) ** 2).sum() for above, below in pairwise(picture))
        return down + sum(((right - left) ** 2).sum() for left, right in pairwise(picture.swapaxes(0, 1)))

    total, elements = roughness(PICTURE.astype(np.float64)), PICTURE.size
    expected = {
        "relative": total / roughness(MADE.content.astype(np.float64)),
        "gatys": total / 2,
        "course": total / (4 * elements),
        "mean": total / elements,
    }[formula]
    assert value(TotalVariation(formula=formula), features, refs) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("size", [(9, 11), (1, 4), (3, 1)])
def test_the_gradient_is_tensorflows(size):
    image = tf.constant(np.random.default_rng(0).uniform(0, 255, (1, *size, 3)), tf.float32)

    def plain(image):
        down, right = image[:, 1:] - image[:, :-1], image[:, :, 1:] - image[:, :, :-1]
        return tf.reduce_sum(tf.square(down)) + tf.reduce_sum(tf.square(right))

    made = []
    for function in (roughness, plain):
        with tf.GradientTape() as tape:
            tape.watch(image)
            value = 3.0 * function(image)
        made.append((value, tape.gradient(value, image)))
    for ours, theirs in zip(*made, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-2)


def test_a_flat_photograph_stays_finite():
    flat = testing.references(nstk.Pictures(np.full((9, 11, 3), 128, np.float32), {}))
    one_level = np.indices((9, 11, 3))[:2].sum(0).astype(np.float32)  # every neighbour differs by one level
    assert 1 < value(TotalVariation(), testing.features(one_level), flat) < 2
    assert value(TotalVariation(), flat.content, flat) == 0


def test_halves_that_share_a_row_add_up(features, refs):
    loss = TotalVariation()
    for of, there in ((lambda cut: loss.statistic(cut, None), features), (loss.of_content, refs.content)):
        upper, lower, shared = (of(rows(there, at)) for at in (slice(None, 15), slice(14, None), slice(14, 15)))
        close(each(lambda a, b, twice: a + b - twice, upper, lower, shared), of(there))


def test_it_is_zero_on_a_flat_picture(refs):
    flat = testing.features(np.full_like(PICTURE, 77))
    assert value(TotalVariation(), flat, refs) == 0
