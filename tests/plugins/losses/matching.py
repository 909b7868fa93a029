"""Plain numpy for the tests of losses that match positions, in float64, and gradients by small changes."""

from __future__ import annotations

import numpy as np
import tensorflow as tf


def rows(activations):
    return np.asarray(activations, np.float64)[0].reshape(-1, activations.shape[-1])


def centred(x):
    return x - x.mean(0)


def cosine_distance(x, y):
    return 1 - (x / np.linalg.norm(x, axis=1, keepdims=True)) @ (y / np.linalg.norm(y, axis=1, keepdims=True)).T


def patches(activations, edge=3):
    """Patch by patch, from the definition."""
    map_ = np.asarray(activations, np.float64)[0]
    height, width = map_.shape[:2]
    corners = [(y, x) for y in range(height - edge + 1) for x in range(width - edge + 1)]
    return np.array([map_[y : y + edge, x : x + edge].ravel() for y, x in corners])


def activations(seed, height=5, width=6, channels=4):
    """Like a layer's: not negative, some of them zero."""
    drawn = np.random.default_rng(seed).normal(0.5, 1, (1, height, width, channels))
    return tf.constant(np.maximum(drawn, 0), tf.float32)


def gradient(loss, features, target):
    """The gradient of a loss with respect to the activations of the layer `a`."""
    with tf.GradientTape() as tape:
        tape.watch(features["a"])
        value = loss(features, target)
    return tape.gradient(value, features["a"]).numpy()


def agrees(formula, found, at, directions=3, step=1e-6):
    """Whether a gradient is that of a formula (float64), along a few directions."""
    rng = np.random.default_rng(0)
    at = np.asarray(at, np.float64)
    for _ in range(directions):
        along = rng.normal(size=at.shape)
        slope = (formula(at + step * along) - formula(at - step * along)) / (2 * step)
        np.testing.assert_allclose(np.sum(found * along), slope, rtol=5e-3, atol=1e-4)
