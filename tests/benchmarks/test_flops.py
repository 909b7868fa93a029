"""How many multiplications a step has."""

from __future__ import annotations

from itertools import pairwise

import pytest

import nstk
from benchmarks import flops


def test_flops_are_those_counted_by_hand():
    # 400 x 300, then 200 x 150, 100 x 75, 50 x 37, 25 x 18: multiplications of 3 x 3 x in x out at each position.
    by_hand = [
        300 * 400 * 9 * (3 * 64 + 64 * 64),
        150 * 200 * 9 * (64 * 128 + 128 * 128),
        75 * 100 * 9 * (128 * 256 + 3 * 256 * 256),
        37 * 50 * 9 * (256 * 512 + 3 * 512 * 512),
        18 * 25 * 9 * (512 * 512),
    ]
    forward = 2 * sum(by_hand)  # and as many additions
    assert sum(it.flops for it in flops.convolutions(300, 400)) == forward
    assert round(forward / 1e9, 1) == 86.2
    assert flops.step_flops(300, 400) == 2 * forward  # the gradient goes back through every one of them, to the pixels


def test_convolutions_up_to_the_deepest():
    layers = [it.name for it in nstk.load_recipe("minimal").backbone.layers if "conv" in it.name]
    for deepest in ("block1_conv1", "block4_conv2", "block5_conv1", "block5_conv4"):
        found = flops.convolutions(64, 64, deepest)
        assert [it.name for it in found] == layers[: layers.index(deepest) + 1]
        assert all(one.outputs == other.inputs for one, other in pairwise(found))
    with pytest.raises(ValueError, match="block6_conv1"):
        flops.convolutions(64, 64, "block6_conv1")
