"""One forward pass: from a picture to the activations that the losses read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from inspect import Parameter, signature
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from ..api import IMAGE, Backbone, Features, Loss
from ..registry.blame import blaming

Tap = Callable[[str, tf.Tensor], tf.Tensor]
"""Looks at a layer's activations, and returns the activations that the next layer gets (see `Backbone.taps`)."""


class Network(Protocol):
    """Takes a picture `[1, height, width, 3]`, RGB, 0..255, to its activations by layer; `"image"` is the picture itself."""

    def __call__(self, image: tf.Tensor, tap: Tap | None = None) -> Features: ...


class LayerNotReadError(KeyError):
    """A loss looked at a layer that its `reads()` does not name."""

    def __str__(self) -> str:
        return str(self.args[0])


class Seen(dict[str, Any]):
    """The activations that one loss asked for.

    The layers of other losses are left out: a loss that happened to find them would break when it is used alone.
    """

    def __missing__(self, layer: str) -> Any:
        raise LayerNotReadError(f"`{layer}` is not among the layers that its reads() names: {', '.join(self) or 'none'}")


def seen(loss: Loss, features: Features) -> Seen:
    """The part of `features` that `loss` says it reads, in float32 unless the loss takes the network's own precision."""
    if loss.takes_low_precision:
        return Seen({layer: features[layer] for layer in loss.reads()})
    return Seen({layer: tf.cast(features[layer], tf.float32) for layer in loss.reads()})


def takes_precision(backbone: Backbone) -> bool:
    """Whether the backbone's `build` can be asked for a precision: a `build` that takes `layers` only is always float32."""
    parameters = signature(backbone.build).parameters.values()
    return any(it.name == "dtype" or it.kind is Parameter.VAR_KEYWORD for it in parameters)


def layers_read(backbone: Backbone, losses: Iterable[Loss]) -> list[str]:
    """The layers of `backbone` that `losses` look at, in the network's order."""
    wanted = {layer for loss in losses for layer in loss.reads()} - {IMAGE}
    return [layer.name for layer in backbone.layers if layer.name in wanted]


def network(backbone: Backbone, layers: Sequence[str], dtype: str = "float32") -> Network:
    """The part of `backbone` up to these layers. Activations are of `dtype`, or of float32 if it knows nothing else."""
    who = f"backbone `{backbone.name}`"
    with blaming(who, backbone):
        options = {"dtype": dtype} if takes_precision(backbone) else {}
        forward = backbone.build(layers, **options) if layers else lambda image, tap=None: {}

    def features(image: tf.Tensor, tap: Tap | None = None) -> Features:
        with blaming(who, backbone):
            return {IMAGE: image, **(forward(image, tap) if backbone.taps else forward(image))}

    return features


def batch(picture: np.ndarray) -> tf.Tensor:
    """A picture, height x width x 3, as a tensor `[1, height, width, 3]` of float32."""
    return tf.convert_to_tensor(picture[np.newaxis], tf.float32)
