"""The geometry of tiles: each position of each layer belongs to one tile, and sees there what it sees in the whole."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

import nstk
from nstk.objective.tiles import Tiling
from nstk.plugins.backbones.vgg19 import Vgg19
from nstk.plugins.losses.content import Content
from nstk.plugins.losses.gram import Gram
from nstk.plugins.losses.tv import TotalVariation

LOSSES = {"content": Content(), "gram": Gram(), "tv": TotalVariation()}
LAYERS = {layer.name: layer for layer in Vgg19.layers} | {"image": nstk.Layer("image", 3, 1, 1)}


class Whole(nstk.Loss):
    """No sum over positions."""

    name = "whole"


class Blurry(Vgg19):
    """Sees everything at once."""

    name = "blurry"
    local = False


@settings(deadline=None)
@given(st.integers(16, 2000), st.integers(1, 700), st.booleans())
def test_each_position_belongs_to_one_tile(length, edge, taps):
    backbone = type("Backbone", (Vgg19,), {"taps": taps, "name": "other"})()
    tiling = Tiling.of(backbone, LOSSES, edge)
    spans = [tile.rows for tile in tiling.tiles(length, 16)]
    assert sum(span.size for span in spans) == length
    for name, reach in tiling.layers.items():
        whole = length // reach.stride
        owned = []
        for span in spans:
            first = span.at // reach.stride  # of what the network sees
            margin = min(span.before, reach.margin) // reach.stride
            first += span.before // reach.stride - margin  # of what is left of it here
            seen = range(first, min(whole, (span.at + span.length) // reach.stride))
            owned += [*seen[span.owned(reach, 0)]]
        assert owned == list(range(whole)), name


@pytest.mark.slow
@settings(deadline=None)
@given(st.integers(200, 2000), st.integers(1, 300), st.booleans())
def test_what_is_owned_is_far_from_the_cut(length, edge, taps):
    backbone = type("Backbone", (Vgg19,), {"taps": taps, "name": "other"})()
    tiling = Tiling.of(backbone, LOSSES, edge)
    for tile in tiling.tiles(length, length):
        for span in tile:
            for name in [*Content().layers, *Gram().layers]:
                looks = (LAYERS[name].receptive_field - LAYERS[name].stride) // 2
                assert span.before >= looks or span.at == 0
                assert span.after >= looks or span.at + span.length == length


class Squares(nstk.StatisticLoss):
    """A sum over squares of 12 pixels."""

    name = "squares"
    stride = 12


@given(st.integers(12, 2000), st.integers(1, 700))
def test_tiles_begin_where_a_loss_says(length, edge):
    tiling = Tiling.of(Vgg19(), {"gram": Gram(layers=["block2_conv1"]), "squares": Squares()}, edge)
    spans = [tile.rows for tile in tiling.tiles(length, 16)]
    assert all((span.at + span.before) % 12 == 0 for span in spans)
    assert all(span.at % 12 == 0 for span in spans)
    assert min(span.size for span in spans) >= 12


def test_what_cannot_be_split_is_named():
    with pytest.raises(nstk.UserError, match="loss `mine` cannot be split into tiles"):
        Tiling.of(Vgg19(), {"gram": Gram(), "mine": Whole()}, 64)
    with pytest.raises(nstk.UserError, match="backbone `blurry` cannot be split"):
        Tiling.of(Blurry(), LOSSES, 64)
