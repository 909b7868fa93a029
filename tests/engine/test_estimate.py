"""What a run will take, in words."""

from __future__ import annotations

import re

import pytest

from nstk import testing
from nstk.engine.plan import Plan


@pytest.mark.slow
def test_the_estimate(tmp_path):
    from nstk.engine.estimate import estimate_in_words

    fits, (scale, time, verdict) = estimate_in_words(testing.recipe(tmp_path, steps=7, time="0.001s"))
    assert fits
    assert scale.startswith("48 x 36 px: 7 steps of ")
    assert time == "time: 0.001s: fewer steps will be done"
    assert "fits in the " in verdict
    fits, (scale, verdict) = estimate_in_words(testing.recipe(tmp_path, size=512, pyramid=False, memory="1MB"))
    assert not fits
    assert "would" in verdict


@pytest.mark.slow
def test_the_size_that_is_proposed_fits(tmp_path, monkeypatch):
    from nstk.engine.estimate import estimate_in_words

    monkeypatch.setattr("nstk.machine.memory.resident", lambda: 600_000_000)
    keys = {"pyramid": False, "steps": 20, "memory": "3GB", "optimizer": "lbfgs"}
    fits, (_, verdict) = estimate_in_words(testing.recipe(tmp_path, size=4096, **keys))
    proposed = re.search(r"`size: (\d+)` would", verdict)
    assert not fits
    assert proposed
    assert Plan.of(testing.recipe(tmp_path, size=int(proposed[1]), **keys)).layouts[0].fits
