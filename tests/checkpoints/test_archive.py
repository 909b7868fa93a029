"""The file of a checkpoint: NumPy's own, bit for bit, and no byte of it can change unnoticed."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import nstk
from nstk.checkpoints.folder import RunFolder
from tests.checkpoints.samples import ARRAYS, STATE, write


def test_what_is_written_is_read_again(folder):
    write(folder, 3)
    saved = folder.latest()
    assert (saved.step, saved.state.seconds) == (3, 1.5)
    assert set(saved.names) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert saved[name].dtype == array.dtype
        np.testing.assert_array_equal(saved[name], array)


def test_the_archive_is_numpys_named_by_its_hash(folder):
    write(folder, 12)
    (path,) = folder.checkpoints()
    assert path.name == f"step-0000012-{hashlib.sha256(path.read_bytes()).hexdigest()}.npz"
    with np.load(path, allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["picture"], ARRAYS["picture"])


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_no_byte_can_change_unnoticed(tmp_path_factory, data):
    folder = RunFolder.of(tmp_path_factory.mktemp("run") / "out.png")
    folder.path.mkdir()
    write(folder, 1)
    (path,) = folder.checkpoints()
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with pytest.raises(nstk.UserError, match=r"every checkpoint in .* is damaged: `nstk run .*recipe.yaml` starts anew"):
        folder.latest()


def test_arrays_are_written_one_by_one(folder):
    """A state of gigabytes is never in memory as a whole."""
    sizes = []

    def arrays():
        for index in range(4):
            (temporary,) = folder.path.glob(".nstk-*.tmp")
            sizes.append(temporary.stat().st_size)
            yield f"large.{index}", np.zeros(1 << 20, np.uint8)

    folder.write(1, STATE, arrays())
    assert np.diff(sizes).min() > (1 << 20) - (1 << 16)
