"""The content loss, held against plain numpy."""

from __future__ import annotations

import numpy as np
import pytest

from nstk.plugins.losses.content import Content
from tests.plugins.losses.samples import FORMULAS, LAYERS, value


@pytest.mark.parametrize("formula", FORMULAS)
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
        }
        expected += weight * by_formula[formula]
    assert value(Content(layers=LAYERS, formula=formula), features, refs) == pytest.approx(expected, rel=1e-5)
