"""The keys of a recipe that are plain values."""

from __future__ import annotations

from pathlib import Path

import pytest

from nstk.recipe.load import load_recipe
from tests.recipe.samples import PICTURES, refused


def test_a_whole_number_as_a_power_of_ten(write):
    assert load_recipe(write(mine=PICTURES + "steps: 1e3\n")).steps == 1000


@pytest.mark.parametrize("output", ["", "''", "{}", "{path: }"])
def test_an_empty_output_is_the_default(write, output):
    path = write(mine=PICTURES + f"output: {output}\n")
    if output == "{path: }":
        assert "`output.path` must be a text or false, but nothing is written there" in refused(path)
    else:
        assert load_recipe(path).path == Path.cwd() / "out" / "mine.png"
