"""The recipe of the benchmark's steps."""

from __future__ import annotations

import nstk
from benchmarks import setting, step


def test_recipe_is_as_deep_as_counted():
    for name in ("step", "article"):
        recipe = nstk.load_recipe(setting.HERE / "recipes" / f"{name}.yaml")
        read = {layer for loss in recipe.losses.values() for layer in loss.reads()}
        assert max(read) == "block5_conv1"
        assert len(read) == 6
    assert all(width * 3 == height * 4 for width, height in step.SIZES)
