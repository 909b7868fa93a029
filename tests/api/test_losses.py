"""What authors of losses are handed."""

from __future__ import annotations

from nstk import testing
from nstk.plugins.losses.content import Content
from tests.plugins.losses.samples import LAYERS, MADE, PICTURE, value


def test_listed_layers_have_equal_weights():
    features, refs = testing.features(PICTURE, LAYERS), testing.references(MADE, LAYERS)
    listed = value(Content(layers=list(LAYERS)), features, refs)
    assert listed == value(Content(layers=dict.fromkeys(LAYERS, 0.5)), features, refs)
