"""The passes over a tile: compiled once for all tiles of one shape, and a slice whose gradient is quick."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from nstk.objective.compiled import Compiled
from nstk.objective.features import layers_read, network
from nstk.objective.tile_network import TileNetwork, cut_out
from nstk.objective.tiles import Tiling
from nstk.plugins.backbones.tiny import Tiny
from nstk.plugins.losses.gram import Gram


def passes(**compiled):
    """The network of a loss, and the tiles of a picture."""
    losses = {"gram": Gram(layers=["block1_conv2"])}
    tiling = Tiling.of(Tiny(), losses, 64)
    net = TileNetwork(network(Tiny(), layers_read(Tiny(), losses.values())), losses, tiling, **compiled)
    return net, list(tiling.tiles(64 * 4, 64 * 5))


def test_tiles_of_one_shape_share_their_passes():
    network, tiles = passes()
    made = [network.of(tile) for tile in tiles]
    assert len(tiles) == 20
    assert len(network.passes) == len({id(it) for it in made}) == len({tile.shape for tile in tiles}) == 9


@pytest.mark.parametrize("compiled", [False, True])
def test_only_compiled_passes_are_repeatable(compiled):
    network, (tile, *_) = passes(**({"compiled": partial(Compiled, xla=False)} if compiled else {}))
    crop, maps = tf.zeros([1, tile.rows.length, tile.columns.length, 3]), {"gram": None}
    statistics = network.of(tile).statistics(crop, maps)
    assert not network.repeatable  # the other pass is not known yet
    network.of(tile).pulled_back(crop, maps, statistics)
    assert network.repeatable is compiled


def test_a_cut_has_the_gradient_of_a_slice():
    map_ = tf.random.stateless_uniform([1, 6, 7, 2], [0, 0])
    rows, columns = slice(1, -2), slice(None, 4)
    gradients = []
    for cut in (lambda it: cut_out(it, rows, columns), lambda it: it[:, rows, columns]):
        with tf.GradientTape() as tape:
            tape.watch(map_)
            made = cut(map_)
            value = tf.reduce_sum(made**3)
        gradients.append(tape.gradient(value, map_))
        assert made.shape == (1, 3, 4, 2)
    assert np.array_equal(*gradients)
