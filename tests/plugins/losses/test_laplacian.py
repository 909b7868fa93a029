"""The Laplacian loss, held against plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nstk import testing
from nstk.objective.sums import each
from nstk.plugins.losses.laplacian import Laplacian, laplacian
from tests.plugins.losses.samples import MADE, PICTURE, close, rows, value


def edges(picture, pool):
    """Square by square, from the definition, in float64."""
    grey = picture.astype(np.float64).sum(2)
    height, width = (length // pool for length in grey.shape)
    r = grey[: height * pool, : width * pool].reshape(height, pool, width, pool).mean((1, 3))
    inner = [(i, j) for i in range(1, height - 1) for j in range(1, width - 1)]
    return np.array([4 * r[i, j] - r[i - 1, j] - r[i + 1, j] - r[i, j - 1] - r[i, j + 1] for i, j in inner])


@pytest.mark.parametrize(("formula", "pool"), [("relative", 4), ("gatys", 1), ("course", 4), ("mean", 3)])
def test_laplacian_is_its_formula(formula, pool, features, refs):
    ours, theirs = edges(PICTURE, pool), edges(MADE.content, pool)
    total = ((ours - theirs) ** 2).sum()
    by_formula = {
        "relative": total / (theirs**2).sum(),
        "gatys": total / 2,
        "course": total / (4 * theirs.size),
        "mean": total / theirs.size,
    }
    loss = Laplacian(formula=formula, pool=pool)
    assert value(loss, features, refs) == pytest.approx(by_formula[formula], rel=1e-5)
    testing.check_loss(loss, zero_at="content")


@pytest.mark.parametrize("size", [(9, 11), (3, 3), (2, 5), (1, 1)])
def test_the_gradient_is_that_of_a_convolution(size):
    map_, upstream = tf.random.stateless_normal((2, 1, *size, 1), (1, 2))
    kernel = tf.reshape(tf.constant([0.0, -1, 0, -1, 4, -1, 0, -1, 0]), (3, 3, 1, 1))
    made = []
    for of in (laplacian, lambda map_: tf.nn.conv2d(tf.pad(map_, [[0, 0], [1, 1], [1, 1], [0, 0]]), kernel, 1, "VALID")):
        with tf.GradientTape() as tape:
            tape.watch(map_)
            edges = of(map_)
            inner = edges if of is laplacian else edges[:, 1:-1, 1:-1]
            value = tf.reduce_sum(inner * upstream[:, : inner.shape[1], : inner.shape[2]])
        made.append((inner, tape.gradient(value, map_, unconnected_gradients="zero")))
    for one, other in zip(*made, strict=True):
        np.testing.assert_allclose(tf.reshape(one, [-1]), tf.reshape(other, [-1]), rtol=1e-5, atol=1e-5)


def test_halves_that_share_two_squares_add_up(features, refs):
    loss = Laplacian()
    image, content = ({"image": it["image"]} for it in (features, refs.content))

    def of(at):
        cut = rows(content, at)
        return loss.statistic(rows(image, at), loss.maps(cut)), loss.of_content(cut)

    whole, upper, lower, shared = (of(at) for at in (slice(None), slice(None, 20), slice(12, None), slice(12, 20)))
    close(each(lambda a, b, twice: a + b - twice, upper, lower, shared), whole)
