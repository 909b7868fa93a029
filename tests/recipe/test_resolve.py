"""Every way to name a part."""

from __future__ import annotations

import pytest

from nstk.recipe.load import load_recipe
from tests.recipe.samples import PICTURES, essence


@pytest.mark.parametrize("slot", ["", "lbfgs", "{}", "{use: lbfgs}", "nstk:lbfgs", "{use: 'nstk:lbfgs'}"])
def test_every_way_to_write_a_slot(write, slot):
    found = essence(load_recipe(write(mine=PICTURES + f"optimizer: {slot}\n")))
    assert found == essence(load_recipe(write(mine=PICTURES)))


@pytest.mark.parametrize("slot", ["gram", "{use: gram}", "nstk:gram"])
def test_a_label_names_what_it_uses(write, slot):
    recipe = load_recipe(write(mine=PICTURES + f"losses: {{gram: , style_of_it: {slot}}}\n"))
    assert recipe.losses["style_of_it"] == recipe.losses["gram"]


def test_every_way_to_write_layers(write):
    text = (
        PICTURES
        + """
losses:
  a: {use: gram, layers: [block1_conv1, block2_conv1]}
  b: {use: gram, layers: {block1_conv1: 3, block2_conv1: 1}}
  c: {use: gram, layers: block1_conv1}
"""
    )
    losses = load_recipe(write(mine=text)).losses
    assert losses["a"].layers == {"block1_conv1": 0.5, "block2_conv1": 0.5}
    assert losses["b"].layers == {"block1_conv1": 3.0, "block2_conv1": 1.0}
    assert losses["c"].layers == {"block1_conv1": 1.0}
