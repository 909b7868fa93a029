"""The content as the start."""

from __future__ import annotations

import numpy as np
import pytest

from nstk import testing
from nstk.engine import scale
from nstk.plugins.initializers.content import Content
from tests.plugins.initializers.samples import CONTENT, start


def test_content_is_a_copy():
    made = start(Content())
    assert np.array_equal(made, CONTENT)
    assert not np.shares_memory(made, CONTENT)
    made[:] = 0  # it can be written to


@pytest.mark.parametrize("init", ["content", {"use": "noise", "blend": 0.5}])
def test_a_run_leaves_the_content_alone(init, tmp_path, monkeypatch):
    seen = []

    def keep(*args, original=scale.pictures_of):
        made = original(*args)
        seen.append((made, made.content.copy(), made.styles["style"].copy()))
        return made

    monkeypatch.setattr(scale, "pictures_of", keep)
    result = testing.run_recipe(tmp_path, init=init, run_eagerly=True)
    ((made, content, style),) = seen
    assert np.array_equal(made.content, content)
    assert np.array_equal(made.styles["style"], style)
    assert not np.array_equal(result.picture, content)  # something was painted
