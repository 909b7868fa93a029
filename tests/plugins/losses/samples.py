"""Pictures and plain numpy for the tests of losses."""

from __future__ import annotations

import numpy as np

from nstk import testing
from nstk.objective.sums import each
from nstk.recipe.defaults import recipes_folder

LAYERS = {"block1_conv2": 0.3, "block2_conv1": 1.7}
FORMULAS = ["relative", "gatys", "course", "mean"]
WITH_SCALED = [*FORMULAS, "scaled"]
MADE = testing.pictures()
PICTURE = testing.pictures(seed=1).content

FEW = {
    **{name: {"layers": ["image", "block2_conv1"]} for name in ("remd", "self_similarity")},
    "sliced": {"layers": ["block2_conv1"]},
    "temporal": {"picture": str(recipes_folder() / "images" / "chelsea.jpg")},
}
"""What losses are told: few layers, where they read ten or more that cost time to trace; and a picture that they need."""


def value(loss, features, refs):
    return float(loss(features, loss.target(refs)))


def gram_matrix(activations):
    """Entry by entry, from the definition, in float64."""
    flat = np.asarray(activations, np.float64)[0].reshape(-1, activations.shape[-1])
    return np.array([[np.sum(flat[:, i] * flat[:, j]) for j in range(flat.shape[1])] for i in range(flat.shape[1])]), len(flat)


def rows(features, rows):
    return {layer: x[:, rows] for layer, x in features.items()}


def close(one, other):
    each(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5 * np.abs(b).max()), one, other)
