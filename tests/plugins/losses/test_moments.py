"""The loss of moments, held against plain numpy."""

from __future__ import annotations

import numpy as np
import pytest

from nstk import testing
from nstk.api import References
from nstk.plugins.losses.gram import Gram
from nstk.plugins.losses.moments import Moments
from tests.plugins.losses.samples import LAYERS, gram_matrix, value


def moments(activations, second):
    """Means and standard deviations (or covariances), in float64."""
    flat = np.asarray(activations, np.float64)[0].reshape(-1, activations.shape[-1])
    return flat.mean(0), (np.cov(flat.T, bias=True) if second == "covariance" else flat.std(0))


@pytest.mark.parametrize("second", ["deviation", "covariance"])
@pytest.mark.parametrize("formula", ["relative", "mean", "absolute"])
def test_moments_are_their_formula(formula, second, features, refs):
    expected = 0.0
    for layer, weight in LAYERS.items():
        ours, theirs = moments(features[layer], second), moments(refs.styles["style"][layer], second)
        for one, other in zip(ours, theirs, strict=True):
            squares = ((one - other) ** 2).sum()
            by_formula = {
                "relative": squares / (other**2).sum(),
                "mean": squares / other.size,
                "absolute": np.abs(one - other).mean(),
            }
            expected += weight * by_formula[formula]
    loss = Moments(layers=LAYERS, formula=formula, second=second)
    assert value(loss, features, refs) == pytest.approx(expected, rel=1e-3)
    testing.check_loss(loss, zero_at="style")


def test_spst_is_gram_and_moments(features, refs):
    """Galerne, Raad, Lezama and Morel: 1e3 / N^2 mean (dG)^2 + 1e4 mean (dmu)^2 + 1e4 mean (dsigma)^2, summed over layers."""
    expected = 0.0
    for layer in LAYERS:
        (ours, spread), (theirs, wanted) = (moments(it[layer], "deviation") for it in (features, refs.styles["style"]))
        (g, positions), (a, style_positions) = gram_matrix(features[layer]), gram_matrix(refs.styles["style"][layer])
        expected += 1e3 / len(g) ** 2 * np.mean((g / positions - a / style_positions) ** 2)
        expected += 1e4 * np.mean((ours - theirs) ** 2) + 1e4 * np.mean((spread - wanted) ** 2)
    gram = Gram(layers={layer: 1e3 / features[layer].shape[-1] ** 2 for layer in LAYERS}, formula="mean")
    mean = Moments(layers=dict.fromkeys(LAYERS, 1), formula="mean")
    assert value(gram, features, refs) + 1e4 * value(mean, features, refs) == pytest.approx(expected, rel=1e-4)


def test_several_styles_have_mean_raw_moments(features):
    styles = {label: testing.features(testing.pictures(seed=seed).content, LAYERS) for seed, label in enumerate("ab")}
    sums = Moments(layers=LAYERS, second="covariance").target(References(features, styles)).sums
    for layer in LAYERS:
        flat = [np.asarray(style[layer], np.float64)[0].reshape(-1, style[layer].shape[-1]) for style in styles.values()]
        mean = np.mean([it.mean(0) for it in flat], 0)
        square = np.mean([it.T @ it / len(it) for it in flat], 0)
        np.testing.assert_allclose(sums[layer][0], mean, rtol=1e-4)
        np.testing.assert_allclose(sums[layer][1], square - np.outer(mean, mean), rtol=1e-3, atol=1e-3)


def test_moments_see_what_a_gram_matrix_confuses():
    """A constant of 1, and values of 0 and the root of 2: one Gram matrix, and other means and spreads."""
    constant = np.ones((1, 8, 8, 1), np.float32)
    spread = np.zeros((1, 8, 8, 1), np.float32)
    spread[:, ::2] = np.sqrt(2)
    refs = References({"a": constant}, {"style": {"a": spread}})
    assert value(Gram(layers=["a"]), {"a": constant}, refs) == pytest.approx(0, abs=1e-6)
    assert value(Moments(layers=["a"]), {"a": constant}, refs) > 0.5
