"""The content loss, held against plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nstk.api import References
from nstk.plugins.losses.content import Content
from tests.plugins.losses.samples import LAYERS, WITH_SCALED, value


@pytest.mark.parametrize("formula", WITH_SCALED)
def test_content_is_its_formula(formula, features, refs):
    expected = 0.0
    for layer, weight in LAYERS.items():
        f, p = (np.asarray(x[layer], np.float64)[0] for x in (features, refs.content))
        height, width, channels = f.shape
        total = ((f - p) ** 2).sum()
        by_formula = {
            "relative": total / (p**2).sum(),
            "gatys": total / 2,
            "course": total / (4 * height * width * channels),
            "mean": total / (height * width * channels),
            "scaled": total / np.abs(f - p).sum(),
        }
        expected += weight * by_formula[formula]
    assert value(Content(layers=LAYERS, formula=formula), features, refs) == pytest.approx(expected, rel=1e-5)


def test_scaled_pulls_through_its_divisor():
    """As automatic differentiation has it in the tool: (2 d - L sign d) / sum |d|."""
    here, there = np.random.default_rng(0).normal(size=(2, 1, 4, 5, 3)).astype(np.float32)
    loss, picture = Content(layers=["a"], formula="scaled"), tf.constant(here)
    with tf.GradientTape() as tape:
        tape.watch(picture)
        made = loss({"a": picture}, loss.target(References({"a": tf.constant(there)}, {})))
    difference = here.astype(np.float64) - there
    total = np.abs(difference).sum()
    expected = (2 * difference - np.square(difference).sum() / total * np.sign(difference)) / total
    np.testing.assert_allclose(tape.gradient(made, picture), expected, rtol=1e-4, atol=1e-7)
