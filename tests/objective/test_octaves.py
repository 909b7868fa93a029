"""What is read at each octave of a picture: as a recipe says, and at a coarse scale as far as a network sees anything."""

from __future__ import annotations

from typing import Any

import pytest

import nstk
from nstk.objective.octaves import LEAST, misfits, nearest, octaves_at
from nstk.plugins.losses.gram import Gram
from nstk.plugins.losses.tv import TotalVariation

LAYERS = ["block1_conv1", "block2_conv1", "block3_conv1"]
LARGE, SMALL = (1000, 750), (128, 96)


def at(loss, size, paintings=()):
    return {it.divisor: it.losses["mine"] for it in octaves_at({"mine": loss}, size, paintings)}


def test_by_default_there_is_the_picture_itself():
    loss = Gram(weight=3)
    (octave,) = octaves_at({"mine": loss}, LARGE, [SMALL])
    assert octave.losses["mine"] is loss
    assert (octave.divisor, octave.width, octave.height) == (1, *LARGE)


def test_what_is_left_over_at_an_edge_counts():
    octaves = octaves_at({"mine": Gram(octaves=[1, 2, 4])}, (1001, 750), [])
    assert [(it.width, it.height) for it in octaves] == [(1001, 750), (501, 375), (251, 188)]


def test_each_layer_is_read_where_it_is_named():
    loss = Gram(layers={"block1_conv1": 1, "block2_conv1": 2, "block3_conv1": 3}, octaves={1: LAYERS[:2], 4: LAYERS[1:]})
    read = at(loss, LARGE)
    assert {octave: it.layers for octave, it in read.items()} == {
        1: {"block1_conv1": 1, "block2_conv1": 2},
        4: {"block2_conv1": 2, "block3_conv1": 3},
    }
    assert all(it.octaves == (1,) for it in read.values())


def test_octaves_are_the_finest_first():
    assert [*at(Gram(layers=LAYERS, octaves={8: LAYERS[:1], 2: LAYERS[1:]}), (2000, 1500))] == [2, 8]


def test_at_a_coarse_scale_it_is_the_plain_loss():
    """To the bit: the same layers in the same order, with the same weights."""
    loss = Gram(layers=LAYERS, octaves={4: LAYERS[2:], 1: LAYERS[:2]})
    assert at(loss, SMALL) == {1: Gram(layers=LAYERS)}
    assert [*at(loss, SMALL)[1].layers] == LAYERS


def test_what_gives_way_counts_as_before():
    assert at(TotalVariation(weight=5, octaves=[1, 2, 4]), (256, 192)) == {
        1: TotalVariation(weight=5),
        2: TotalVariation(weight=10),
    }
    loss = Gram(layers=LAYERS[:1], octaves={1: LAYERS[:1], 2: LAYERS[:1]})
    assert at(loss, SMALL)[1].layers == {"block1_conv1": 2}


@pytest.mark.parametrize(
    ("size", "paintings", "octave"),
    [
        ((8 * LEAST, 600), [], 8),
        ((8 * LEAST - 8, 600), [], 4),
        ((8 * LEAST, 100), [], 4),
        ((8 * LEAST, 600), [(600, 40)], 2),
        ((16, 16), [(16, 16)], 1),
    ],
)
def test_no_octave_is_too_small_to_see(size, paintings, octave):
    assert nearest(64, size, paintings) == octave


def test_an_octave_without_layers_is_left_out():
    """So a recipe can drop an octave of the recipe that it extends."""
    assert [*at(Gram(layers=LAYERS, octaves={1: LAYERS, 2: []}), LARGE)] == [1]


class Levels(nstk.Loss):
    """Computes something from its keys once."""

    name = "levels"
    layers: nstk.Layers = nstk.Field(LAYERS)
    _count: int = 0

    def model_post_init(self, context: Any) -> None:
        self._count = len(self.layers)


def test_what_a_loss_computes_once_follows():
    read = at(Levels(octaves={1: LAYERS[:1], 2: LAYERS[1:]}), LARGE)
    assert {octave: it._count for octave, it in read.items()} == {1: 1, 2: 2}


def test_octaves_must_go_with_the_layers():
    loss = Gram(layers=LAYERS[:2], octaves={1: ["block1_conv1", "block9_conv1"]})
    assert [word for _, word in misfits(loss)] == ["block9_conv1", "octaves"]
    with pytest.raises(nstk.UserError, match="loss `mine`: `octaves` names `block9_conv1`, which is not among"):
        at(loss, LARGE)
    with pytest.raises(nstk.UserError, match="the loss has no key `layers`"):
        at(TotalVariation(octaves={1: ["image"]}), LARGE)
