"""The sliced Wasserstein loss, held against sorted projections in plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nstk.api import References
from nstk.plugins.losses._slices import directions
from nstk.plugins.losses.sliced import Sliced
from tests.plugins.losses.samples import LAYERS, value

LAYER = "block1_conv2"


def rows(activations):
    """The positions of a layer, in float64."""
    return np.asarray(activations, np.float64).reshape(-1, activations.shape[-1])


def projections(activations):
    flat = rows(activations)
    return flat @ directions(flat.shape[1], max(16, flat.shape[1]))


def quantiles(values, shares):
    """Of each column, the values below which such shares of it are."""
    return np.sort(values, axis=0)[(np.asarray(shares) * len(values)).astype(int)]


def by_sorting(one, other):
    """The mean squared difference of sorted projections, and the mean square of the second."""
    shares = (np.arange(20000) + 0.5) / 20000
    values, wanted = (quantiles(projections(it), shares) for it in (one, other))
    return np.mean((values - wanted) ** 2), np.mean(wanted**2)


def with_gradient(loss, activations, refs):
    target = loss.target(refs)
    with tf.GradientTape() as tape:
        tape.watch(activations)
        made = loss({LAYER: activations}, target)
    return made, tape.gradient(made, activations)


@pytest.mark.parametrize("formula", ["relative", "mean"])
def test_sliced_is_what_sorting_gives(formula, features, refs):
    expected = 0.0
    for layer, weight in LAYERS.items():
        distance, size = by_sorting(features[layer], refs.styles["style"][layer])
        expected += weight * distance / (size if formula == "relative" else 1)
    assert value(Sliced(layers=LAYERS, formula=formula), features, refs) == pytest.approx(expected, rel=0.02)


def test_the_gradient_is_what_sorting_gives(features, refs):
    activations = features[LAYER]
    values, wanted = (projections(it) for it in (activations, refs.styles["style"][LAYER]))
    ranks = np.argsort(np.argsort(values, axis=0), axis=0)
    goal = np.take_along_axis(quantiles(wanted, (np.arange(len(values)) + 0.5) / len(values)), ranks, axis=0)
    along = directions(activations.shape[-1], values.shape[1])
    expected = 2 * (values - goal) @ along.T / values.size
    _, gradient = with_gradient(Sliced(layers=[LAYER], formula="mean"), activations, refs)
    assert np.linalg.norm(rows(gradient) - expected) < 0.15 * np.linalg.norm(expected)


def test_the_gradient_is_that_of_the_value(features, refs):
    loss, activations = Sliced(layers=[LAYER], formula="mean"), features[LAYER]
    _, gradient = with_gradient(loss, activations, refs)
    step = gradient / tf.reduce_max(tf.abs(gradient))
    plus, minus = (float(with_gradient(loss, activations + sign * step, refs)[0]) for sign in (1, -1))
    assert float(tf.reduce_sum(gradient * step)) == pytest.approx((plus - minus) / 2, rel=0.02)


def test_a_distribution_has_no_distance_from_itself(refs):
    style = refs.styles["style"][LAYER]
    made, gradient = with_gradient(Sliced(layers=[LAYER]), style, refs)
    assert float(made) == pytest.approx(0, abs=1e-9)
    assert np.abs(gradient).max() < 1e-9


def test_no_activations_are_at_one(refs):
    silent = {LAYER: tf.zeros_like(refs.content[LAYER])}
    assert value(Sliced(layers=[LAYER]), silent, refs) == pytest.approx(1, rel=0.01)


def test_paintings_count_alike_whatever_their_size(features, refs):
    painting, other = refs.styles["style"][LAYER][:, :10, :10], refs.content[LAYER][:, :6, :10]
    several = References(refs.content, {"a": {LAYER: painting}, "b": {LAYER: other}})
    both = np.concatenate([np.repeat(rows(it), times, axis=0) for it, times in ((painting, 3), (other, 5))])
    together = References(refs.content, {"style": {LAYER: tf.constant(both[None, None], tf.float32)}})
    made = (value(Sliced(layers=[LAYER]), {LAYER: features[LAYER]}, it) for it in (several, together))
    assert next(made) == pytest.approx(next(made), rel=1e-4)


@pytest.mark.parametrize(("most", "seen"), [(5, 5), (64, 16)])
def test_directions_are_as_many_as_channels_or_16(most, seen, features):
    counts = Sliced(layers=["image"], directions=most).statistic(features)["image"]
    assert counts.shape[0] == seen


def test_two_evaluations_have_the_same_bits(features, refs):
    step = tf.function(lambda it: with_gradient(Sliced(layers=[LAYER]), it, refs), autograph=False)
    one, other = (step(features[LAYER]) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
