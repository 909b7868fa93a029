"""Snapshots, on a real run."""

from __future__ import annotations

import numpy as np

import nstk
from nstk import testing
from tests.plugins.callbacks.samples import QUICK


def test_a_snapshot_every_so_many_steps(tmp_path):
    callbacks = {"snapshots": {"every": 2, "path": "steps/{name}-{step:03}{suffix}"}}
    result = testing.run_recipe(tmp_path, callbacks=callbacks, steps=5, output=str(tmp_path / "out.bmp"), **QUICK)
    found = sorted(path.name for path in (tmp_path / "steps").iterdir())
    assert found == ["out.bmp-002.bmp", "out.bmp-004.bmp", "out.bmp-005.bmp"]
    pictures = [nstk.read_picture(tmp_path / "steps" / name) for name in found]
    assert np.array_equal(pictures[-1], result.picture)
    assert not np.array_equal(pictures[0], pictures[1])


def test_a_snapshot_at_the_end_of_each_scale(tmp_path):
    callbacks = {"snapshots": {"every": 50, "path": "{name}-{scale}{suffix}"}}
    result = testing.run_recipe(tmp_path, callbacks=callbacks, pyramid={"levels": 2}, steps=[3, 2], **QUICK)
    assert nstk.read_picture(tmp_path / "out-0.png").shape == (18, 24, 3)
    assert np.array_equal(nstk.read_picture(tmp_path / "out-1.png"), result.picture)
