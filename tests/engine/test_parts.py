"""A loss with one of its layers at a time."""

from __future__ import annotations

import pytest

from nstk.engine.parts import by_layer
from nstk.registry.registry import Registry

LAYERS = {"block1_conv1": 0.25, "block2_conv1": 0.75}


def loss(name, **keys):
    cls = Registry(installed=False).get("loss", name)
    needed = {key: "photo.jpg" for key, field in cls.model_fields.items() if field.is_required()}
    return cls(**needed, **keys)


def test_a_layer_keeps_its_weight_and_octaves():
    whole = loss("gram", weight=3.0, layers=LAYERS, octaves={1: ["block1_conv1"], 2: ["block1_conv1", "block2_conv1"]})
    parts = by_layer(whole)
    assert {layer: it.layers for layer, it in parts.items()} == {layer: {layer: weight} for layer, weight in LAYERS.items()}
    assert [it.octaves for it in parts.values()] == [{1: ("block1_conv1",), 2: ("block1_conv1",)}, {2: ("block2_conv1",)}]
    assert {it.weight for it in parts.values()} == {3.0}


@pytest.mark.parametrize(
    "whole",
    [loss("tv"), loss("gram", layers=["block1_conv1"]), loss("gram", layers=LAYERS, chains=True)],
    ids=["no layers", "one layer", "products of two layers"],
)
def test_some_are_not_divided(whole):
    assert by_layer(whole) == {}


def test_style_losses_are_known():
    names = Registry(installed=False).names("loss")
    styles = {"contextual", "gram", "moments", "mrf", "nearest", "remd", "sliced", "wasserstein"}
    assert {name for name in names if loss(name).sees_style} == styles


def test_losses_that_hold_the_photograph_are_known():
    names = Registry(installed=False).names("loss")
    holding = {name for name in names if loss(name).holds_content}
    assert holding == {"content", "laplacian", "photoreal", "self_similarity"}
