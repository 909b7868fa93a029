"""The keys of a recipe that are plain values."""

from __future__ import annotations

from pathlib import Path

import pytest

from nstk.recipe.load import load_recipe
from nstk.recipe.settings import Checkpoint
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


@pytest.mark.parametrize(
    ("every", "steps", "seconds", "due"),
    [
        (50, 49, 1e6, False),
        (50, 50, 0, True),
        ("60s", 10**6, 59.9, False),
        ("60s", 1, 60, True),
        ("0.5s", 1, 0.5, True),
        (False, 10**6, 1e6, False),
    ],
)
def test_when_it_is_due(every, steps, seconds, due):
    assert Checkpoint(every=every).due(steps, seconds) is due


@pytest.mark.parametrize("every", [0, -1, True, 2.5, "60", "60 s", "60 sec", "0s", "-1s", "s", "", None])
def test_an_interval_that_is_none(every):
    with pytest.raises(ValueError, match=r"write a number of steps \(50\) or of seconds \(60s\)"):
        Checkpoint(every=every)
