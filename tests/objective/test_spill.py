"""Tensors that are put away in a file come back as they were."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk.objective.spill import Shelf


def test_what_is_put_away_comes_back():
    put = {
        "map": tf.random.stateless_uniform([1, 4, 5, 3], [0, 0]),
        "low": tf.cast(tf.random.stateless_uniform([7], [0, 1]), tf.bfloat16),
        "more": [tf.constant([3]), None, tf.zeros([0, 2])],
        "scalar": tf.constant(2.5),
    }
    shelf = Shelf()
    slots = [shelf.put(put) for _ in range(2)]
    for slot in reversed(slots):
        taken = shelf.take(slot)
        assert taken["more"][1] is None
        for one, other in zip(tf.nest.flatten(put), tf.nest.flatten(taken), strict=True):
            if one is not None:
                assert (one.dtype, one.shape) == (other.dtype, other.shape)
                assert np.array_equal(one, other)


def test_a_full_disk_is_told(monkeypatch):
    shelf = Shelf()

    class Full:
        def seek(self, *where):
            return 0

        def write(self, data):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(shelf, "_file", Full())
    with pytest.raises(nstk.RunError, match=r"cannot be put away on the disk \(No space left on device\)"):
        shelf.put(tf.zeros([3]))
