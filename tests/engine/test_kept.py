"""What a session keeps: found again by what it was made from, and not for ever."""

from __future__ import annotations

import numpy as np

import nstk
from nstk import testing
from nstk.engine import kept as module
from nstk.engine.kept import Kept
from nstk.engine.plan import Plan


def test_a_network_is_built_once(tmp_path):
    kept, recipe = Kept(), testing.recipe(tmp_path)
    plan = Plan.of(recipe)
    network = kept.network(recipe, plan)
    assert kept.network(testing.recipe(tmp_path, steps=9), plan) is network
    deeper = testing.recipe(tmp_path, losses={"gram": {"layers": ["block1_conv1"]}})
    assert kept.network(deeper, plan) is not network


def test_the_one_used_last_is_dropped_last(tmp_path):
    kept, plan = Kept(), Plan.of(testing.recipe(tmp_path))
    layers = ["block1_conv1", "block1_conv2", "block2_conv1"][: module.NETWORKS + 1]
    recipes = [testing.recipe(tmp_path, losses={"gram": {"layers": [layer]}}) for layer in layers]
    first, second = (kept.network(recipe, plan) for recipe in recipes[:2])
    assert kept.network(recipes[0], plan) is first
    kept.network(recipes[2], plan)
    assert kept.network(recipes[0], plan) is first
    assert kept.network(recipes[1], plan) is not second


def test_a_painting_is_known_by_its_pixels(tmp_path):
    kept, asked = Kept(), []

    def look(seed):
        style = tmp_path / "painting.png"
        nstk.write_picture(testing.pictures((36, 48), seed).content, style)
        recipe = testing.recipe(tmp_path, style=str(style))
        plan = Plan.of(recipe)
        layout = plan.layouts[0]
        remember = kept.styles(recipe, plan, plan.scales[0], layout, layout.octaves[0])
        return remember(("style", "gram"), lambda: asked.append(seed) or np.ones(3) * seed)

    assert look(1)[0] == look(1)[0] == 1
    assert look(2)[0] == 2  # another file of the same name
    assert asked == [1, 2]
