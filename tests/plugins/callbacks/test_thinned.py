"""What is kept of a run of any length."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from nstk.plugins.callbacks._thinned import Thinned


def kept(most, planned, told):
    thinned = Thinned(most, planned)
    for step in told:
        thinned.add(step, f"of {step}")
        assert len(thinned.kept) <= most
    assert all(thing == f"of {step}" for step, thing in thinned.kept)
    return thinned


@pytest.mark.parametrize("most", [2, 29, 120])
@pytest.mark.parametrize("planned", [1, 30, 140, 10_000])
def test_it_is_the_first_of_each_stretch(most, planned):
    draw = random.Random(most + planned)
    told = sorted(draw.sample(range(1, 4 * planned + 10), 2 * planned))
    thinned = kept(most, planned, told)
    first = {}
    for step in told:
        first.setdefault((step - 1) // thinned.each, step)
    assert [step for step, _ in thinned.kept] == [*first.values()]


def test_a_run_as_long_as_planned_is_kept_evenly():
    thinned = kept(29, 140, range(1, 141))
    assert [step for step, _ in thinned.kept] == [*range(1, 141, 5)]


def test_a_run_without_an_end_stays_small():
    thinned = kept(30, 100, range(1, 300_001))
    steps = [step for step, _ in thinned.kept]
    assert 15 <= len(steps) <= 30
    assert {after - before for before, after in pairwise(steps)} == {thinned.each}


def test_nothing_is_made_that_is_not_kept():
    thinned = Thinned(4, 100)
    wanted = [step for step in range(1, 101) if thinned.wants(step) and not thinned.add(step, None)]
    assert wanted == [1, 26, 51, 76]
