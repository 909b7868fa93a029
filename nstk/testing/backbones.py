"""Checks everything that a backbone must do."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from ..api import IMAGE, Backbone, Layer
from .common import called, check_array, check_dump, checking, require, same
from .samples import ODD, pictures

if TYPE_CHECKING:
    import numpy as np

    from ..objective.features import Network

TRIFLE = 1e-4
"""From which share of its largest value on a gradient is more than rounding, which fast convolutions spread over pixels."""


def check_backbone(backbone: Backbone, size: tuple[int, int] = ODD) -> None:
    """Raise an `AssertionError` that says what is broken, unless a backbone does all that a run relies on.

        nstk.testing.check_backbone(MyBackbone())

    It survives being written to a recipe and read again; its layers have names of their own; `build` returns a function that
    gives the layers that were asked for and no others, each `[1, height, width, channels]` in float32 with the channels and
    the stride that the layer tells; they are finite, and so is their gradient in the picture; they are the same when they are
    asked for again, alone, and compiled; nothing in the network can be trained; where it is `local`, an activation sees no
    more of the picture than its layer's `receptive_field`; where it has `taps`, they change nothing by themselves; its
    `provenance` can be written to the record of a run.
    """
    check_dump(backbone)
    who = called(backbone)
    with checking(who, backbone):
        _check_layers(who, backbone.layers)
        picture = pictures(size).content
        found = _check_activations(who, backbone, picture)
        _check_alone(who, backbone, picture, found)
        _check_precision(who, backbone, picture)
        _check_field(who, backbone)
        told = backbone.provenance()
        try:
            good = isinstance(told, dict) and bool(json.dumps(told))
        except (TypeError, ValueError):
            good = False
        require(good, f"{who}: provenance() returned {told!r}: return a mapping that JSON can hold")


def _check_layers(who: str, layers: tuple[Layer, ...]) -> None:
    for name, count in Counter(layer.name for layer in layers).items():
        require(count == 1, f"{who} has two layers that are called `{name}`")
        require(name != IMAGE, f"{who} has a layer that is called `{IMAGE}`: losses see the pixels by that name")
    for layer in layers:
        numbers = (layer.channels, layer.stride, layer.receptive_field)
        good = all(isinstance(it, int) and it >= 1 for it in numbers)
        require(good, f"{who}: layer `{layer.name}` needs whole numbers above 0 for channels, stride and receptive_field")


def _network(backbone: Backbone, layers: list[str], dtype: str = "float32") -> Network:
    from ..objective.features import network

    made = backbone.build(layers)
    require(callable(made), f"{called(backbone)}: build() returned {made!r}: return a function")
    return network(backbone, layers, dtype)


def _check_activations(who: str, backbone: Backbone, picture: np.ndarray) -> dict[str, np.ndarray]:
    """All layers at once: their shapes, their numbers, their gradient. Returns them."""
    import numpy as np
    import tensorflow as tf

    from ..objective.features import batch

    names = [layer.name for layer in backbone.layers]
    image, forward = batch(picture), _network(backbone, names)
    with tf.GradientTape() as tape:
        tape.watch(image)
        made = dict(forward(image))
        made.pop(IMAGE)
        require(set(made) == set(names), f"{who} gave the layers {', '.join(made)}, where {', '.join(names)} were asked for")
        total = sum(tf.reduce_sum(tf.square(tf.cast(it, tf.float32))) for it in made.values())
    trained = [variable.name for variable in tape.watched_variables()]
    require(not trained, f"{who} holds variables that can be trained ({', '.join(trained[:2])}): use constants")
    found = {}
    for layer in backbone.layers:
        what, array = f"{who}, at layer `{layer.name}`,", np.asarray(made[layer.name])
        found[layer.name] = array
        check_array(what, array, _shape(what, backbone, layer, array, picture))
        require(array.dtype == np.float32, f"{what} made numbers of the type {array.dtype}, not float32")
    slope = tape.gradient(total, image)
    require(slope is not None, f"{who} has no gradient in the picture: use TensorFlow's operations only")
    gradient = np.asarray(slope)
    require(bool(np.isfinite(gradient).all()), f"{who} has a gradient that is NaN or infinite")
    require(bool(gradient.any()), f"{who} has a gradient of zero everywhere: no picture would move")
    return found


def _shape(what: str, backbone: Backbone, layer: Layer, array: Any, picture: np.ndarray) -> tuple[int, ...]:
    """The shape that a layer has to have: one whose rows and columns are the picture's, divided by the layer's stride."""
    require(array.ndim == 4, f"{what} made an array of shape {array.shape}, not [1, height, width, channels]")
    for have, pixels in zip(array.shape[1:3], picture.shape[:2], strict=True):
        require(
            not backbone.local or abs(have - pixels / layer.stride) < 1,
            f"{what} made {have} positions of {pixels} pixels, which is no stride of {layer.stride}",
        )
    return (1, *array.shape[1:3], layer.channels)


def _check_alone(who: str, backbone: Backbone, picture: np.ndarray, found: dict[str, np.ndarray]) -> None:
    """A layer is the same when it is asked for again, alone, compiled, and with taps."""
    import numpy as np
    import tensorflow as tf

    from ..objective.features import batch

    image, last = batch(picture), backbone.layers[-1].name
    forward = _network(backbone, [last])
    forms: dict[str, Any] = {
        "when it is asked for again": _network(backbone, [*found])(image)[last],
        "when no other layer is asked for": forward(image)[last],
        "when it is compiled": tf.function(lambda it: forward(it)[last], autograph=False)(image),
    }
    if backbone.taps:
        forms["with a tap that changes nothing"] = forward(image, lambda layer, map_: map_)[last]
    for when, made in forms.items():
        require(same(found[last], np.asarray(made), 1e-3), f"{who} makes something else of layer `{last}` {when}")


def _check_precision(who: str, backbone: Backbone, picture: np.ndarray) -> None:
    """A `build` that takes a precision must compute in it."""
    import tensorflow as tf

    from ..objective.features import batch, takes_precision

    last = backbone.layers[-1].name
    if takes_precision(backbone):
        made = _network(backbone, [last], "bfloat16")(batch(picture))[last]
        require(made.dtype == tf.bfloat16, f"{who} was built for bfloat16, but makes {made.dtype.name}")


def _check_field(who: str, backbone: Backbone) -> None:
    """The gradient of one activation reaches no further than the layer's receptive field."""
    import numpy as np
    import tensorflow as tf

    from ..objective.features import batch

    for layer in backbone.layers if backbone.local else ():
        edge = 3 * layer.receptive_field + 2 * layer.stride
        if edge > 120:  # what sees as much is no smaller than the pictures that tests are made with
            continue
        image, forward = batch(pictures((edge, edge)).content), _network(backbone, [layer.name])
        with tf.GradientTape() as tape:
            tape.watch(image)
            made = forward(image)[layer.name]
            one = tf.reduce_sum(made[0, made.shape[1] // 2, made.shape[2] // 2])
        slope = np.abs(np.asarray(tape.gradient(one, image))[0]).max(axis=2)
        seen = np.argwhere(slope > TRIFLE * slope.max())
        widest = int((seen.max(axis=0) - seen.min(axis=0) + 1).max()) if len(seen) else 0
        require(
            widest <= layer.receptive_field,
            f"{who}: an activation of layer `{layer.name}` sees {widest} pixels, but its receptive_field is "
            f"{layer.receptive_field}: tiles rest on it (a network that sees all of the picture says `local = False`)",
        )
