"""What other tools make small, each formula as the tool has it, in float64 and without a line of nstk's own losses.

Each function takes what the tool sees of three pictures, and returns the tool's weighted losses under the labels of the look.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

STYLE = [f"relu{block}_1" for block in range(1, 6)]
CHANNELS = dict(zip(STYLE, (64, 128, 256, 512, 512), strict=True))
MEANS = {"relu1_1": 23.0, "relu2_1": 125.0, "relu3_1": 126.0, "relu4_1": 495.0, "relu5_1": 46.0, "relu4_2": 325.0}
"""VGG-19's mean activations on photographs, by which looks replace a network that is rescaled to a mean of 1."""


class Seen(NamedTuple):
    """The activations of the photograph, of the painting and of the picture, and the pixels of the picture."""

    content: dict[str, Any]
    style: dict[str, Any]
    painted: dict[str, Any]
    pixels: Any


def flat(features: Any) -> Any:
    """M positions x C channels."""
    return tf.reshape(features, [-1, features.shape[-1]])


def gram(features: Any) -> Any:
    """F^T F, the sum over positions."""
    return tf.matmul(flat(features), flat(features), transpose_a=True)


def gram_per_position(features: Any) -> Any:
    return gram(features) / float(len(flat(features)))


def gram_per_element(features: Any) -> Any:
    return gram(features) / float(tf.size(features))


def squares(one: Any, other: Any) -> Any:
    return tf.reduce_sum(tf.square(one - other))


def mse(one: Any, other: Any) -> Any:
    return tf.reduce_mean(tf.square(one - other))


def jcjohnson(seen: Seen) -> dict[str, Any]:
    style = [mse(gram_per_element(seen.painted[layer]), gram_per_element(seen.style[layer])) for layer in STYLE]
    return {"content": 5 * mse(seen.painted["relu4_2"], seen.content["relu4_2"]), "gram": 100 * sum(style)}


def anishathalye(seen: Seen) -> dict[str, Any]:
    both = jcjohnson(seen)  # at these weights; each layer has a fifth of the style's
    return {"content": both["content"], "gram": 500 / 100 / 5 * both["gram"]}


def gatys2016(seen: Seen) -> dict[str, Any]:
    """With activations divided by their mean, layer by layer."""

    def scaled(features: dict[str, Any], layer: str) -> Any:
        return features[layer] / MEANS[layer]

    def style(layer: str) -> Any:
        pair = (gram_per_position(scaled(it, layer)) for it in (seen.painted, seen.style))
        return 0.2 * squares(*pair) / (4 * CHANNELS[layer] ** 2)

    content = squares(scaled(seen.painted, "relu4_2"), scaled(seen.content, "relu4_2")) / 2
    return {"content": 1e-3 * content, "gram": sum(map(style, STYLE))}


def course(seen: Seen) -> dict[str, Any]:
    def content(one: Any, other: Any) -> Any:
        return squares(one, other) / (4 * float(tf.size(one)))

    def style(layer: str) -> Any:
        positions = len(flat(seen.painted[layer]))  # the painting is as large as the picture
        return squares(gram(seen.painted[layer]), gram(seen.style[layer])) / (4 * CHANNELS[layer] ** 2 * positions**2)

    costs = content(seen.painted["relu4_2"], seen.content["relu4_2"]), sum(0.2 * style(layer) for layer in STYLE)
    return {"content": 10 * costs[0], "gram": 40 * costs[1]}


def keras_example(seen: Seen) -> dict[str, Any]:
    rows, columns, _ = seen.pixels.shape

    def style(layer: str) -> Any:
        return squares(gram(seen.style[layer]), gram(seen.painted[layer])) / (4.0 * 3**2 * (rows * columns) ** 2)

    return {
        "content": 2.5e-8 * squares(seen.painted["relu5_2"], seen.content["relu5_2"]),
        "gram": 1e-6 / 5 * sum(map(style, STYLE)),
    }


def tf_tutorial(seen: Seen) -> dict[str, Any]:
    style = [mse(gram_per_position(seen.painted[layer]), gram_per_position(seen.style[layer])) for layer in STYLE]
    return {"content": 1e4 * mse(seen.painted["relu5_2"], seen.content["relu5_2"]), "gram": 1e-2 / 5 * sum(style)}
