"""The random network."""

from __future__ import annotations

import numpy as np

from nstk.plugins.backbones.tiny import Tiny
from tests.plugins.backbones.samples import picture


def test_same_seed_same_network():
    image = picture(32, 32)
    same, again, other = (Tiny(seed=seed).build(["block5_conv1"])(image)["block5_conv1"] for seed in (3, 3, 4))
    np.testing.assert_array_equal(same, again)
    assert np.abs(same - other).max() > 1
    assert Tiny(seed=3).provenance() == Tiny(seed=3).provenance() != Tiny(seed=4).provenance()


def test_tiny_needs_no_file():
    assert Tiny().provenance()["weights"] == "random, seed 0"
