"""What a run will take, in words."""

from __future__ import annotations

import pytest

from nstk import testing


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
