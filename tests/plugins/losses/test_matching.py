"""The losses that match positions, held against plain numpy and the papers: values and gradients."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nstk.api import References
from nstk.plugins.losses import _chunks
from nstk.plugins.losses._positions import drawn
from nstk.plugins.losses.contextual import NEAR, Contextual
from nstk.plugins.losses.mrf import Mrf
from nstk.plugins.losses.nearest import Nearest
from nstk.plugins.losses.remd import DARK, YUV, Remd
from nstk.plugins.losses.self_similarity import SelfSimilarity
from nstk.registry.registry import Registry
from tests.plugins.losses import matching
from tests.plugins.losses.matching import activations, centred, cosine_distance, patches, rows

PICTURE, CONTENT, STYLE, OTHER = activations(0), activations(1), activations(2, 7, 4), activations(3, 4, 4)
MATCHING = ["nearest", "mrf", "contextual", "remd", "self_similarity"]


def seed():
    """Begin the random numbers again, as a run does."""
    tf.random.get_global_generator().reset_from_seed(0)


def nearest(x, y, match):
    """NNST: each to its nearest, both without their means."""
    x, y = centred(rows(x)), centred(rows(y))
    if match == "content":
        wanted = y[cosine_distance(centred(rows(CONTENT)), y).argmin(1)]
        return np.mean(np.diag(cosine_distance(x, wanted)))
    return cosine_distance(x, y).min(1).mean()


def mrf(x, y, formula):
    """Li and Wand, equations 2 and 3."""
    x, y = patches(x), patches(y)
    distance = np.sum((x - y[cosine_distance(x, y).argmin(1)]) ** 2)
    by_formula = {"paper": 1, "mean": x.size, "relative": len(x) * np.mean(np.sum(y**2, 1))}
    return distance / by_formula[formula]


def contextual(x, y, bandwidth):
    """Mechrez et al., equations 1 to 6."""
    mean = rows(y).mean(0)
    distance = cosine_distance(rows(x) - mean, rows(y) - mean) / 2
    likeness = np.exp((1 - distance / (distance.min(1, keepdims=True) + NEAR)) / bandwidth)
    return -np.log((likeness / likeness.sum(1, keepdims=True)).max(0).mean())


def remd(x, y, distance):
    """STROTSS, equations 2 to 5: of one layer, whose points are its positions."""
    x, y = rows(x), rows(y)
    apart = cosine_distance(x, y)
    if distance == "colour":
        x, y = (it / 255 @ np.transpose(YUV) for it in (x, y))
        apart = cosine_distance(*(np.pad(it, ((0, 0), (0, 1)), constant_values=DARK) for it in (x, y)))
        apart = apart + np.linalg.norm(x[:, None] - y[None], axis=2)
    return max(apart.min(0).mean(), apart.min(1).mean())


def self_similarity(x):
    """STROTSS, equation 7, times the number of points."""
    mine, theirs = (cosine_distance(it, it) for it in (rows(x), rows(CONTENT)))
    return np.abs(mine / mine.sum(0) - theirs / theirs.sum(0)).sum(0).mean()


CASES = [
    *((Nearest(layers=["a"], match=it), lambda x, it=it: nearest(x, STYLE, it)) for it in ("picture", "content")),
    *((Mrf(layers=["a"], formula=it), lambda x, it=it: mrf(x, STYLE, it)) for it in ("relative", "mean", "paper")),
    *((Contextual(layers=["a"], bandwidth=it), lambda x, it=it: contextual(x, STYLE, it)) for it in (0.5, 2.0)),
    (Remd(layers=["a"]), lambda x: remd(x, STYLE, "cosine")),
    (SelfSimilarity(layers=["a"]), self_similarity),
]


@pytest.mark.parametrize(("loss", "formula"), CASES, ids=lambda it: getattr(it, "name", ""))
def test_it_is_the_papers_formula(loss, formula, monkeypatch):
    target = loss.target(References({"a": CONTENT}, {"style": {"a": STYLE}}))
    value, gradient = float(loss({"a": PICTURE}, target)), matching.gradient(loss, {"a": PICTURE}, target)
    assert value == pytest.approx(formula(PICTURE), rel=1e-4)
    matching.agrees(formula, gradient, PICTURE)
    monkeypatch.setattr(_chunks, "AT_A_TIME", 11 * 28)  # in parts of some ten rows, filled up
    target = loss.target(References({"a": CONTENT}, {"style": {"a": STYLE}}))
    assert float(loss({"a": PICTURE}, target)) == pytest.approx(value, rel=1e-6)
    np.testing.assert_allclose(matching.gradient(loss, {"a": PICTURE}, target), gradient, rtol=1e-4, atol=1e-6)


def test_the_palette_is_its_formula():
    picture, style = (tf.constant(np.random.default_rng(seed).uniform(0, 255, (1, 5, 4, 3)), tf.float32) for seed in (0, 1))
    loss = Remd(layers=["image"], distance="colour")
    target = loss.target(References({"image": picture}, {"style": {"image": style}}))
    assert float(loss({"image": picture}, target)) == pytest.approx(remd(picture, style, "colour"), rel=1e-4)


def test_positions_are_drawn_one_a_stretch():
    seed()
    first, again = (drawn(1000, 64).numpy() for _ in range(2))
    assert [*np.searchsorted(np.arange(1, 65) * 1000 // 64, first, side="right")] == [*range(64)]
    assert not np.array_equal(first, again)
    seed()
    assert np.array_equal(drawn(1000, 64), first)
    assert drawn(64, 64) is None


@pytest.mark.parametrize("name", MATCHING)
def test_redraw_looks_elsewhere_each_time(name):
    loss_class = Registry(installed=False).get("loss", name)
    maps = {"a": activations(5, 20, 20)}
    refs = References({"a": activations(6, 20, 20)}, {"one": {"a": STYLE}, "two": {"a": activations(7, 20, 20)}})
    for redraw in (False, True):
        loss = loss_class(layers=["a"], samples=16, redraw=redraw)
        target = loss.target(refs)
        values = {float(loss(maps, target)) for _ in range(3)}
        assert len(values) == (3 if redraw else 1)
        found = matching.gradient(loss, maps, target)
        assert 0 < np.count_nonzero(found.any(axis=3)) <= 16 * getattr(loss, "edge", 1) ** 2


def test_a_match_may_be_in_any_painting():
    loss = Mrf(layers=["a"])
    paintings = {"one": {"a": STYLE}, "two": {"a": PICTURE}}
    values = [
        float(loss({"a": PICTURE}, loss.target(References({"a": CONTENT}, it)))) for it in ({"one": {"a": STYLE}}, paintings)
    ]
    assert values[1] == pytest.approx(0, abs=1e-6)
    assert values[0] > 0.01


def test_a_layer_may_be_smaller_than_a_patch():
    small, one = activations(0, 2, 5), activations(1, 1, 1)
    for picture, style in ((small, STYLE), (STYLE, small), (small, one), (one, one)):
        loss = Mrf(layers=["a"])
        target = loss.target(References({"a": picture}, {"style": {"a": style}}))
        assert np.isfinite(matching.gradient(loss, {"a": picture}, target)).all()


def test_hypercolumns_are_bilinear():
    refs = {"a": activations(0, 8, 12, 2), "b": activations(1, 4, 6, 3), "c": activations(2, 2, 3, 1)}
    loss = Remd(layers={"a": 1, "b": 2, "c": 1})
    found = loss.columns(refs, loss.points(refs, 96))
    expected = [weight * tf.image.resize(refs[layer], (8, 12)) for layer, weight in loss.layers.items()]
    np.testing.assert_allclose(found, tf.reshape(tf.concat(expected, axis=3), (96, 6)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", MATCHING)
def test_all_has_the_same_bits_again(name):
    loss = Registry(installed=False).get("loss", name)(layers=["a"], samples=64)
    maps = {"a": activations(5, 40, 40, 16)}
    made = []
    for _ in range(3):
        seed()
        target = loss.target(References(maps, {"style": {"a": activations(6, 30, 50, 16)}}))
        made.append(matching.gradient(loss, {"a": maps["a"] ** 2}, target))
    assert np.array_equal(made[0], made[1])
    assert np.array_equal(made[0], made[2])


@pytest.mark.parametrize("name", MATCHING)
def test_low_precision_is_rounding_alone(name):
    loss = Registry(installed=False).get("loss", name)(layers=["a"])
    low, style = tf.cast(PICTURE, tf.bfloat16), tf.cast(STYLE, tf.bfloat16)
    wide = [tf.cast(it, tf.float32) for it in (low, style)]
    values, gradients = [], []
    for picture, painting in ((low, style), wide):
        target = loss.target(References({"a": picture[:, ::-1]}, {"style": {"a": painting}}))
        values.append(float(loss({"a": picture}, target)))
        gradients.append(matching.gradient(loss, {"a": picture}, target).astype(np.float32))
    assert values[0] == pytest.approx(values[1], rel=1e-6)
    np.testing.assert_allclose(*gradients, rtol=1e-2, atol=1e-5)
