"""What a loss is made of: its layers, one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from ..api import Loss

TOLERANCE = 0.02
"""By how much, as a share, the sum over the layers may differ from the whole loss: losses that draw positions draw others for
each layer."""


def layers_of(loss: Loss) -> Mapping[str, float]:
    """The layers of a loss with their weights; none where its keys do not name them so."""
    layers = getattr(loss, "layers", None)
    return layers if isinstance(layers, Mapping) else {}


def by_layer(loss: Loss) -> dict[str, Loss]:
    """The loss at each of its layers alone, with the layer's weight, by layer.

    Nothing for a loss of one layer, and for one that cannot be computed at a layer alone.
    """
    weights = {layer: weight for layer, weight in layers_of(loss).items() if weight}
    parts = {layer: alone(loss, layer, weight) for layer, weight in weights.items()} if len(weights) > 1 else {}
    sound = {layer: part for layer, part in parts.items() if part is not None}
    return sound if len(sound) == len(parts) else {}


def is_sum(whole: float, parts: Iterable[float]) -> bool:
    """Whether a loss is the sum of its parts: one that joins its layers, as hypercolumns do, is not."""
    values = [*parts]
    return bool(values) and abs(sum(values) - whole) <= TOLERANCE * abs(whole)


def alone(loss: Loss, layer: str, weight: float) -> Loss | None:
    """The loss at one layer; None where its own checks refuse that, as those of products of two layers do."""
    fields: dict[str, Any] = {name: getattr(loss, name) for name in type(loss).model_fields}
    octaves = loss.octaves
    if isinstance(octaves, Mapping):
        octaves = {octave: (layer,) for octave, named in octaves.items() if layer in named}
    try:
        return type(loss)(**{**fields, "layers": {layer: weight}, "octaves": octaves})
    except ValidationError:
        return None
