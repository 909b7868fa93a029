"""The Gram loss, held against plain numpy and the paper."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as arrays

from nstk import testing
from nstk.api import References
from nstk.plugins.losses._chains import chained
from nstk.plugins.losses.gram import Gram
from tests.plugins.losses.samples import LAYERS, MADE, WITH_SCALED, gram_matrix, value


@pytest.mark.parametrize("formula", WITH_SCALED)
def test_gram_is_its_formula(formula, features, refs):
    expected = 0.0
    for layer, weight in LAYERS.items():
        (g, positions), (a, style_positions) = gram_matrix(features[layer]), gram_matrix(refs.styles["style"][layer])
        g, a, channels = g / positions, a / style_positions, len(g)
        total = ((g - a) ** 2).sum()
        by_formula = {
            "relative": total / (a**2).sum(),
            "gatys": total / (4 * channels**2),
            "course": total / (4 * channels**2),
            "mean": total / channels**2,
            "scaled": total / np.abs(g - a).sum(),
        }
        expected += weight * by_formula[formula]
    assert value(Gram(layers=LAYERS, formula=formula), features, refs) == pytest.approx(expected, rel=1e-4)


def mean_products(one, other):
    """Entry by entry for activations of one size, in float64."""
    flat = [np.asarray(it, np.float64).reshape(-1, it.shape[-1]) for it in (one, other)]
    return flat[0].T @ flat[1] / len(flat[0])


def test_shifted_grams_are_of_shifted_activations(features, refs):
    expected = 0.0
    for layer, weight in LAYERS.items():
        ours, theirs = (np.asarray(it[layer], np.float64) - 1 for it in (features, refs.styles["style"]))
        g, a = mean_products(ours, ours), mean_products(theirs, theirs)
        expected += weight * ((g - a) ** 2).sum() / (a**2).sum()
    loss = Gram(layers=LAYERS, shift=-1)
    assert value(loss, features, refs) == pytest.approx(expected, rel=1e-4)
    testing.check_loss(loss, zero_at="style")


@pytest.mark.parametrize("shift", [0, -1])
def test_chains_join_a_layer_and_the_next(shift, features, refs):
    def chain(found):
        fine, coarse = (np.asarray(found[layer], np.float64) + shift for layer in LAYERS)
        larger = coarse.repeat(2, 1).repeat(2, 2)
        return mean_products(fine[:, : larger.shape[1], : larger.shape[2]], larger)

    g, a = chain(features), chain(refs.styles["style"])
    weight = sum(LAYERS.values()) / 2
    for order in (LAYERS, dict(reversed(LAYERS.items()))):
        loss = Gram(layers=order, chains=True, shift=shift, formula="mean")
        assert value(loss, features, refs) == pytest.approx(weight * np.mean((g - a) ** 2), rel=1e-4)
    testing.check_loss(loss, zero_at="style")


def test_the_gradient_of_a_chain_is_right():
    maps = [tf.random.stateless_normal((1, *size), (1, 2)) for size in [(5, 7, 3), (2, 3, 4)]]
    weights = [tf.random.stateless_normal(shape, (3, 4)) for shape in [(3, 4), (3,), (4,)]]

    def plain(fine, coarse):
        pooled = tf.nn.avg_pool2d(fine, 2, 2, "VALID")
        gram = tf.einsum("bhwi,bhwj->ij", pooled, coarse)
        return [gram, tf.reduce_sum(pooled, [0, 1, 2]), tf.reduce_sum(coarse, [0, 1, 2])]

    def ours(fine, coarse):
        sums = chained(fine, coarse)
        return [sums["gram"], *sums["sums"]]

    made = []
    for of in (ours, plain):
        with tf.GradientTape() as tape:
            tape.watch(maps)
            sums = of(*maps)
        made.append([*sums, *tape.gradient(sums, maps, weights)])
    for one, other in zip(*made, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_one_layer_makes_no_chain():
    with pytest.raises(ValueError, match="compares neighbouring layers: name at least two in `layers`"):
        Gram(layers=["image"], chains=True)


def test_gram_is_the_papers_equation_4(features):
    style = testing.features(MADE.styles["style"], LAYERS)
    expected = 0.0
    for layer, weight in LAYERS.items():
        (g, positions), (a, _) = gram_matrix(features[layer]), gram_matrix(style[layer])
        expected += weight * ((g - a) ** 2).sum() / (4 * len(g) ** 2 * positions**2)  # equation 4
    target = References(features, {"style": style})
    assert value(Gram(layers=LAYERS, formula="gatys"), features, target) == pytest.approx(expected, rel=1e-4)


def test_several_styles_have_a_mean_gram(features):
    styles = {label: testing.features(testing.pictures(seed=seed).content, LAYERS) for seed, label in enumerate("ab")}
    target = Gram(layers=LAYERS).target(References(features, styles))
    for layer in LAYERS:
        grams = [gram / positions for gram, positions in (gram_matrix(style[layer]) for style in styles.values())]
        np.testing.assert_allclose(target.sums[layer]["gram"], np.mean(grams, 0), rtol=1e-4)
        assert float(target.sums[layer]["norm"]) == pytest.approx(np.sum(np.square(np.mean(grams, 0))), rel=1e-4)


@settings(max_examples=20, deadline=None)
@given(arrays.arrays(np.float32, (1, 4, 3, 5), elements=st.floats(0, 100, width=32)), st.randoms(use_true_random=False))
def test_gram_matrices_are_blind_to_place(activations, random):
    gram = Gram(layers=["a"]).statistic({"a": tf.constant(activations)}, None)["a"]["gram"].numpy()
    order = list(range(12))
    random.shuffle(order)
    shuffled = activations.reshape(1, 12, 5)[:, order].reshape(1, 4, 3, 5)
    other = Gram(layers=["a"]).statistic({"a": tf.constant(shuffled)}, None)["a"]["gram"].numpy()
    np.testing.assert_allclose(gram, gram.T, rtol=1e-5)
    np.testing.assert_allclose(gram, other, rtol=1e-4, atol=1e-2)
    assert np.linalg.eigvalsh(gram.astype(np.float64)).min() >= -1e-4 * max(1.0, np.abs(gram).max())
