"""Sums over tiles: each position, and each pair of neighbours, counts once."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nstk.objective.sums import added, each, summed
from nstk.objective.tiles import Tiling
from nstk.plugins.backbones.tiny import Tiny
from nstk.plugins.losses.tv import TotalVariation

SIZE = (70, 90)


def pairs(map_):
    """A sum over neighbours, which `halo` 1 is for, and one over positions."""
    down, across = map_[:, 1:] * map_[:, :-1], map_[:, :, 1:] * map_[:, :, :-1]
    return {"down": tf.reduce_sum(down), "across": tf.reduce_sum(across), "positions": tf.reduce_sum(map_)}


@pytest.mark.parametrize(("function", "halo"), [(tf.reduce_sum, 0), (pairs, 1)])
def test_the_sum_over_tiles_is_that_of_the_whole(function, halo):
    picture = tf.random.stateless_uniform([1, *SIZE, 3], [0, 0])
    tiling = Tiling.of(Tiny(), {"tv": TotalVariation()}, 32)
    total, tiles = None, list(tiling.tiles(*SIZE))
    assert len(tiles) > 4
    for tile in tiles:
        crop = picture[:, tile.rows.seen, tile.columns.seen]
        reach = tiling.layers["image"]
        owned = crop[:, tile.rows.owned(reach, halo), tile.columns.owned(reach, halo)]
        total = added(total, summed(function, tile, halo, owned))
    for one, other in zip(tf.nest.flatten(total), tf.nest.flatten(function(picture)), strict=True):
        assert float(one) == pytest.approx(float(other), rel=1e-5)


def test_nothing_stays_nothing():
    assert added(None, {"a": 1}) == {"a": 1}
    assert each(lambda a, b: a + b, {"a": 1, "b": None}, {"a": 2, "b": None}) == {"a": 3, "b": None}
    assert np.array_equal(added({"a": np.ones(2)}, {"a": np.ones(2)})["a"], [2, 2])
