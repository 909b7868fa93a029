"""What a run returns."""

from __future__ import annotations

import numpy as np
import pytest

import nstk


def test_the_result_holds_what_was_painted(done, folder):
    assert done.path == folder / "out.png"
    assert done.stopped == "done"
    assert done.picture.dtype == np.uint8
    assert done.picture.shape == (36, 48, 3)
    assert np.array_equal(nstk.read_picture(done.path), done.picture)
    assert list(done.losses) == ["content", "gram", "smooth"]
    assert done._repr_png_().startswith(b"\x89PNG")
    assert "array" not in repr(done)


def test_the_history_has_a_row_for_each_step(done):
    assert [row["step"] for row in done.history] == [1, 2, 3, 4, 5, 6]
    for row in done.history:
        assert list(row) == ["step", "scale", "loss", "content", "gram", "smooth"]
        assert row["scale"] == 0
        assert row["loss"] == pytest.approx(row["content"] + row["gram"] + row["smooth"], rel=1e-5)
    losses = [row["loss"] for row in done.history]
    assert losses == sorted(losses, reverse=True)
