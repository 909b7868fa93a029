"""The Wasserstein loss, held against scipy and against Gaussians whose distance is known."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy.linalg import sqrtm

from nstk import testing
from nstk.api import References
from nstk.plugins.losses.wasserstein import RIDGE, Wasserstein, overlap
from tests.plugins.losses.samples import LAYERS, value


def gaussian(activations):
    """The means and the covariance, in float64."""
    flat = np.asarray(activations, np.float64)[0].reshape(-1, activations.shape[-1])
    return flat.mean(0), np.cov(flat.T, bias=True)


@pytest.mark.parametrize("formula", ["relative", "mean"])
def test_wasserstein_is_its_formula(formula, features, refs):
    expected = 0.0
    for layer, weight in LAYERS.items():
        (mean, covariance), (wanted, theirs) = gaussian(features[layer]), gaussian(refs.styles["style"][layer])
        size = (wanted**2).sum() + np.trace(theirs)
        ridge = RIDGE * np.trace(theirs) / len(theirs) * np.eye(len(theirs))
        covariance, theirs = covariance + ridge, theirs + ridge
        root = sqrtm(theirs)
        distance = ((mean - wanted) ** 2).sum() + np.trace(covariance + theirs - 2 * sqrtm(root @ covariance @ root)).real
        expected += weight * distance / (size if formula == "relative" else len(wanted))
    loss = Wasserstein(layers=LAYERS, formula=formula)
    assert value(loss, features, refs) == pytest.approx(expected, rel=1e-3)
    testing.check_loss(loss, zero_at="style")


def test_beyond_the_rank_variances_count_together(features, refs):
    layer, rank = "block2_conv1", 20
    (mean, covariance), (wanted, theirs) = gaussian(features[layer]), gaussian(refs.styles["style"][layer])
    ridge = RIDGE * np.trace(theirs) / len(theirs) * np.eye(len(theirs))
    values, vectors = np.linalg.eigh(theirs + ridge)
    most = vectors[:, -rank:]
    inner, root = most.T @ (covariance + ridge) @ most, np.diag(values[-rank:] ** 0.5)
    rest = np.trace(covariance + ridge) - np.trace(inner)
    distance = ((mean - wanted) ** 2).sum() + (rest**0.5 - values[:-rank].sum() ** 0.5) ** 2
    distance += np.trace(inner) + values[-rank:].sum() - 2 * np.trace(sqrtm(root @ inner @ root)).real
    loss = Wasserstein(layers=[layer], rank=rank, formula="mean")
    assert value(loss, features, refs) == pytest.approx(distance / len(wanted), rel=1e-3)
    testing.check_loss(loss, zero_at="style")


def test_a_shift_is_its_square():
    activations = tf.random.stateless_normal((1, 16, 16, 3), (1, 2))
    refs = References({"a": activations}, {"style": {"a": activations + tf.constant([3.0, 0, 4])}})
    assert value(Wasserstein(layers=["a"], formula="mean"), {"a": activations}, refs) == pytest.approx(25 / 3, rel=1e-4)


def test_the_gradient_of_the_overlap_is_right():
    rng = np.random.default_rng(0)
    one, other = (it @ it.T for it in rng.normal(size=(2, 4, 6)))
    root = tf.constant(sqrtm(other), tf.float32)
    covariance = tf.Variable(one, dtype=tf.float32)
    with tf.GradientTape() as tape:
        trace = overlap(covariance, root, tf.constant(1e-6))
    gradient = tape.gradient(trace, covariance).numpy()
    step = rng.normal(size=(4, 4))
    step = (step + step.T) * 1e-3
    plus, minus = (np.trace(sqrtm(sqrtm(other) @ (one + sign * step) @ sqrtm(other))).real for sign in (1, -1))
    assert np.sum(gradient * step) == pytest.approx((plus - minus) / 2, rel=1e-3)


def test_a_layer_that_never_fires_has_a_gradient():
    silent, some = tf.zeros((1, 8, 8, 4)), tf.random.stateless_normal((1, 8, 8, 4), (1, 2))
    loss = Wasserstein(layers=["a"])
    for picture, style in ((silent, some), (some, silent), (silent, silent)):
        target = loss.target(References({"a": picture}, {"style": {"a": style}}))
        with tf.GradientTape() as tape:
            tape.watch(picture)
            made = loss({"a": picture}, target)
        assert np.isfinite(made)
        assert np.isfinite(tape.gradient(made, picture)).all()
