"""Total variation, held against plain numpy and TensorFlow."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import testing
from nstk.objective.sums import each
from nstk.plugins.losses.tv import CROSS, DIAGONALS, JOINT, TotalVariation, roughness
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


def keras_example(x):
    down, right = np.square(x[:-1, :-1] - x[1:, :-1]), np.square(x[:-1, :-1] - x[:-1, 1:])
    return ((down + right) ** 1.25).sum() / 2


def tensorflow_tutorial(x):
    return float(tf.image.total_variation(tf.constant(x[None], tf.float32))[0]) / 2


def anishathalye(x):
    return np.mean(np.square(x[1:] - x[:-1])) + np.mean(np.square(x[:, 1:] - x[:, :-1]))


def crowson_2021(x):
    x = np.pad(x, ((0, 1), (0, 1), (0, 0)), "edge")
    return np.mean(np.square(x[:-1, 1:] - x[:-1, :-1]) + np.square(x[1:, :-1] - x[:-1, :-1]))


def crowson_2023(x):
    x = np.pad(x, ((1, 1), (1, 1), (0, 0)), "edge")
    right, down = x[1:-1, 2:] - x[1:-1, 1:-1], x[2:, 1:-1] - x[1:-1, 1:-1]
    falling, rising = x[1:, 1:] - x[:-1, :-1], x[1:, :-1] - x[:-1, 1:]
    mean = [np.mean(np.square(it)) for it in (right, down, falling, rising)]
    return 2 * (mean[0] / 3 + mean[1] / 3 + mean[2] / 12 + mean[3] / 12)


TOOLS = {
    keras_example: TotalVariation(stencil="joint", power=2.5, formula="gatys"),
    tensorflow_tutorial: TotalVariation(power=1, formula="gatys"),
    anishathalye: TotalVariation(formula="means"),
    crowson_2021: TotalVariation(formula="mean"),
    crowson_2023: TotalVariation(stencil="nine", formula="means"),
}


@pytest.mark.parametrize(("tool", "loss"), TOOLS.items(), ids=lambda it: getattr(it, "__name__", ""))
def test_tools_have_their_tv(tool, loss, features, refs):
    assert value(loss, features, refs) == pytest.approx(tool(PICTURE.astype(np.float64)), rel=1e-5)
    testing.check_loss(loss)


@pytest.mark.parametrize(
    ("steps", "power", "joint"),
    [(CROSS, 2, False), (CROSS, 1, False), (CROSS, 2.5, False), (DIAGONALS, 2, False), (JOINT, 2.5, True), (JOINT, 1, True)],
)
@pytest.mark.parametrize("size", [(9, 11), (1, 4), (3, 1)])
def test_the_gradient_is_tensorflows(size, steps, power, joint):
    image = tf.constant(np.random.default_rng(0).uniform(0, 255, (1, *size, 3)), tf.float32)

    def ours(image):
        return roughness(image, steps, power, joint=joint)

    def window(image, at, less):
        return image[:, at[0] : at[0] + size[0] - less[0], at[1] : at[1] + size[1] - less[1]]

    def plain(image):
        squares = [tf.square(window(image, it.second, it.less) - window(image, it.first, it.less)) for it in steps]
        return tf.reduce_sum(tf.add_n([tf.reduce_sum(it ** (power / 2)) for it in ([sum(squares)] if joint else squares)]))

    made = []
    for function in (ours, plain):
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


def test_neighbours_that_are_alike_have_a_gradient():
    image = tf.fill((1, 4, 5, 3), 7.0)
    for power in (1.0, 1.5, 2.0):
        with tf.GradientTape() as tape:
            tape.watch(image)
            value = roughness(image, JOINT, power, joint=True) + roughness(image, CROSS, power)
        assert not np.any(tape.gradient(value, image))


@pytest.mark.parametrize("loss", [TotalVariation(), *TOOLS.values()], ids=lambda loss: f"{loss.stencil}-{loss.formula}")
def test_halves_that_share_a_row_add_up(loss, features, refs):
    for of, there in ((lambda cut: loss.statistic(cut, None), features), (loss.of_content, refs.content)):
        upper, lower, shared = (of(rows(there, at)) for at in (slice(None, 15), slice(14, None), slice(14, 15)))
        close(each(lambda a, b, twice: a + b - twice, upper, lower, shared), of(there))


def test_it_is_zero_on_a_flat_picture(refs):
    flat = testing.features(np.full_like(PICTURE, 77))
    assert value(TotalVariation(), flat, refs) == 0
