"""The counts of projections, held against plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nstk.plugins.losses import _slices as slices


def made(rows=301, channels=5):
    """Activations of many sizes, and directions."""
    sizes = np.geomspace(1e-3, 1e5, rows)[:, None]
    activations = np.random.default_rng(0).normal(size=(rows, channels)) * sizes
    return tf.constant(activations[None, None], tf.float32), slices.directions(channels, 12)


def projected(activations, along):
    """By direction, all values, in float64."""
    return (np.asarray(activations, np.float64).reshape(-1, along.shape[0]) @ along).T


def shares(activations, along):
    """By direction and edge, how many values lie below it, by the integral of a hat from a value on: it stands on the edge, and
    ends at those beside it."""
    edges, values = slices.edges(), projected(activations, along)[..., None]
    before, after = (np.maximum(np.diff(edges, **{side: edges[end]}), 1e-9) for side, end in (("prepend", 0), ("append", -1)))
    rises = np.clip((values - edges) / before + 1, 0, 1) ** 2 * before
    falls = (1 - np.clip(1 - (values - edges) / after, 0, 1) ** 2) * after
    return (1 - (rises + falls) / (before + after)).sum(1)


def counts_and_gradient(activations, along):
    with tf.GradientTape() as tape:
        tape.watch(activations)
        counts = slices.counts_below(activations, along)
        upstream = tf.random.stateless_normal(counts.shape, (1, 2))
        sum_ = tf.reduce_sum(counts * upstream)
    return counts.numpy(), tape.gradient(sum_, activations)


@pytest.mark.parametrize(("channels", "count"), [(8, 8), (5, 12), (16, 4)])
def test_directions_are_orthonormal_in_blocks(channels, count):
    along = slices.directions(channels, count)
    assert along.shape == (channels, count)
    block = along[:, :channels]
    np.testing.assert_allclose(block.T @ block, np.eye(block.shape[1]), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(along, axis=0), 1, atol=1e-6)


def test_counts_are_shares_of_hats():
    activations, along = made()
    counts, _ = counts_and_gradient(activations, along)
    assert counts.shape == (12, len(slices.edges()))
    np.testing.assert_allclose(counts, shares(activations, along), atol=0.01)
    assert np.all(counts[:, -1] == 301)


def test_a_gradient_is_linear_between_two_edges():
    activations, along = made(9)
    upstream = tf.random.stateless_normal((12, len(slices.edges())), (1, 2)).numpy()
    _, gradient = counts_and_gradient(activations, along)
    pairs = zip(projected(activations, along), -upstream / slices.reach(), strict=True)
    slopes = np.stack([np.interp(values, slices.edges(), of) for values, of in pairs], axis=1)
    np.testing.assert_allclose(gradient[0, 0], slopes @ along.T, atol=1e-3 * np.abs(slopes).max())


@pytest.mark.parametrize("rows", [43, 301])
def test_counting_in_parts_changes_nothing(rows, monkeypatch):
    activations, along = made()
    whole = counts_and_gradient(activations, along)
    monkeypatch.setattr(slices, "MOST_ROWS", rows)
    for one, other in zip(counts_and_gradient(activations, along), whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_counts_are_the_same_on_an_accelerator(monkeypatch):
    activations, along = made()
    expected, _ = counts_and_gradient(activations, along)
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: [kind])
    assert np.array_equal(counts_and_gradient(activations, along)[0], expected)


def test_low_precision_is_counted_in_float32():
    activations, along = made()
    low = tf.cast(activations, tf.bfloat16)
    counts, gradient = counts_and_gradient(low, along)
    assert gradient.dtype == tf.bfloat16
    assert np.array_equal(counts, counts_and_gradient(tf.cast(low, tf.float32), along)[0])


def test_what_is_no_number_is_told_in_the_counts():
    counts, gradient = counts_and_gradient(tf.fill((1, 2, 2, 5), np.nan), slices.directions(5, 12))
    assert np.isnan(counts).any()
    assert gradient.shape == (1, 2, 2, 5)
