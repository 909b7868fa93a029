"""What other tools make small, each formula as the tool has it, in float64 and without a line of nstk's own losses.

Each function takes what the tool sees of three pictures, and returns the tool's weighted losses under the labels of the look.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

STYLE = [f"relu{block}_1" for block in range(1, 6)]
CHANNELS = dict(zip(STYLE, (64, 128, 256, 512, 512), strict=True))
MEANS = {"relu1_1": 23.0, "relu2_1": 125.0, "relu3_1": 126.0, "relu4_1": 495.0, "relu5_1": 46.0, "relu4_2": 325.0}
"""VGG-19's mean activations on photographs, by which `spst` replaces a network that is rescaled to a mean of 1."""


class Seen(NamedTuple):
    """The activations of the photograph, of the painting and of the picture, with the pixels as `image`."""

    content: dict[str, Any]
    style: dict[str, Any]
    painted: dict[str, Any]

    @property
    def pixels(self) -> Any:
        return self.painted["image"]


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


def differences(pixels: Any) -> tuple[Any, Any]:
    """From each pixel to the one below it, and to the one at its right."""
    return pixels[1:] - pixels[:-1], pixels[:, 1:] - pixels[:, :-1]


def jcjohnson(seen: Seen) -> dict[str, Any]:
    style = [mse(gram_per_element(seen.painted[layer]), gram_per_element(seen.style[layer])) for layer in STYLE]
    down, right = differences(seen.pixels)
    return {
        "content": 5 * mse(seen.painted["relu4_2"], seen.content["relu4_2"]),
        "gram": 100 * sum(style),
        "tv": 1e-3 * (tf.nn.l2_loss(down[:, :-1]) + tf.nn.l2_loss(right[:-1])),  # what the tool's gradient belongs to
    }


def anishathalye(seen: Seen) -> dict[str, Any]:
    style = [mse(gram_per_element(seen.painted[layer]), gram_per_element(seen.style[layer])) for layer in STYLE]
    return {
        "content": 5 * mse(seen.painted["relu4_2"], seen.content["relu4_2"]),
        "gram": 500 * sum(0.2 * it for it in style),
        "tv": 100 * sum(tf.reduce_mean(tf.square(it)) for it in differences(seen.pixels)),
    }


def gatys2016(seen: Seen) -> dict[str, Any]:
    def style(layer: str) -> Any:  # of matrices that are divided by M each, as the painting has another size
        pair = (gram_per_position(it[layer]) for it in (seen.painted, seen.style))
        return 0.2 * squares(*pair) / (4 * CHANNELS[layer] ** 2)

    content = squares(seen.painted["relu4_2"], seen.content["relu4_2"]) / 2
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
    down, right = differences(seen.pixels)

    def style(layer: str) -> Any:
        return squares(gram(seen.style[layer]), gram(seen.painted[layer])) / (4.0 * 3**2 * (rows * columns) ** 2)

    return {
        "content": 2.5e-8 * squares(seen.painted["relu5_2"], seen.content["relu5_2"]),
        "gram": 1e-6 / 5 * sum(map(style, STYLE)),
        "tv": 1e-6 * tf.reduce_sum((tf.square(down[:, :-1]) + tf.square(right[:-1])) ** 1.25),
    }


def tf_tutorial(seen: Seen) -> dict[str, Any]:
    style = [mse(gram_per_position(seen.painted[layer]), gram_per_position(seen.style[layer])) for layer in STYLE]
    return {
        "content": 1e4 * mse(seen.painted["relu5_2"], seen.content["relu5_2"]),
        "gram": 1e-2 / 5 * sum(style),
        "tv": 30 * sum(tf.reduce_sum(tf.abs(it)) for it in differences(seen.pixels / 255)),  # theirs are 0..1
    }


CROWSON = dict(zip(STYLE, (256 / 341, 64 / 341, 16 / 341, 4 / 341, 1 / 341), strict=True))
LEVELS = 0.226 * 255
"""A unit of what torchvision's network reads, in levels of 0..255: its pixels are divided by the deviations of ImageNet's."""


def crowson2021(seen: Seen) -> dict[str, Any]:
    """The style as the tool has it; the other weights for activations that are as many times as large, see the look."""

    def scaled_mse(one: Any, other: Any) -> Any:
        return squares(one, other) / (tf.reduce_sum(tf.abs(one - other)) + 1e-8)

    def style(layer: str) -> Any:
        return CROWSON[layer] * scaled_mse(*(gram_per_position(it[layer]) for it in (seen.painted, seen.style)))

    pixels = tf.pad(seen.pixels / 255, [[0, 1], [0, 1], [0, 0]], "SYMMETRIC")
    down, right = pixels[1:, :-1] - pixels[:-1, :-1], pixels[:-1, 1:] - pixels[:-1, :-1]
    return {
        "content": 0.015 * LEVELS * scaled_mse(seen.painted["relu4_2"], seen.content["relu4_2"]),
        "gram": sum(map(style, STYLE)),
        "tv": 2 * LEVELS**2 * tf.reduce_mean(tf.square(down) + tf.square(right)),
    }


def crowson2023(seen: Seen) -> dict[str, Any]:
    """With a ridge that is a share of the painting's variance, and the root's trace by eigenvalues: see the look."""

    def moments(features: Any) -> tuple[Any, Any]:
        mean = tf.reduce_mean(flat(features), 0)
        return mean, gram_per_position(features) - tf.tensordot(mean, mean, 0)

    def style(layer: str) -> Any:
        (mean, made), (wanted_mean, wanted) = moments(seen.painted[layer]), moments(seen.style[layer])
        ridge = 1e-3 * tf.linalg.trace(wanted) / CHANNELS[layer] * tf.eye(CHANNELS[layer], dtype=tf.float64)
        root = tf.linalg.sqrtm(wanted + ridge)
        inner = root @ (made + ridge) @ root
        common = tf.reduce_sum(tf.sqrt(tf.linalg.eigvalsh((inner + tf.transpose(inner)) / 2)))
        spread = tf.linalg.trace(made + ridge) + tf.linalg.trace(wanted + ridge) - 2 * common
        return CROWSON[layer] * (mse(mean, wanted_mean) + spread / CHANNELS[layer])

    pixels = tf.pad(seen.pixels / 255, [[1, 1], [1, 1], [0, 0]], "SYMMETRIC")
    down, right = pixels[2:, 1:-1] - pixels[1:-1, 1:-1], pixels[1:-1, 2:] - pixels[1:-1, 1:-1]
    diagonals = pixels[1:, 1:] - pixels[:-1, :-1], pixels[1:, :-1] - pixels[:-1, 1:]
    straight, slanted = (sum(tf.reduce_mean(tf.square(it)) for it in pair) for pair in ((down, right), diagonals))
    return {
        "content": 0.015 * mse(seen.painted["relu4_2"], seen.content["relu4_2"]),
        "wasserstein": sum(map(style, STYLE)),
        "tv": 2 * LEVELS**2 * 2 * (straight / 3 + slanted / 12),
    }


def spst(seen: Seen) -> dict[str, Any]:
    """With activations divided by their mean, layer by layer. A channel that never fires has a deviation of nearly 0.

    Theirs is 0 there, and has no derivative.
    """

    def of(features: dict[str, Any], layer: str) -> tuple[Any, Any, Any]:
        scaled = flat(features[layer]) / MEANS[layer]
        deviations = tf.sqrt(tf.math.reduce_variance(scaled, 0) + 1e-12)
        return gram_per_position(scaled), tf.reduce_mean(scaled, 0), deviations

    pairs = {layer: [*zip(of(seen.painted, layer), of(seen.style, layer), strict=True)] for layer in STYLE}
    return {
        "content": mse(*(it["relu4_2"] / MEANS["relu4_2"] for it in (seen.painted, seen.content))),
        "gram": sum(1e3 / CHANNELS[layer] ** 2 * mse(*grams) for layer, (grams, _, _) in pairs.items()),
        "moments": sum(1e4 * (mse(*means) + mse(*deviations)) for _, means, deviations in pairs.values()),
    }


sgsst = spst
"""At each of several sizes."""


COLUMN = ["image", "relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1", "relu3_2", "relu3_3", "relu4_3", "relu5_3"]
"""What a hypercolumn of STROTSS holds."""


def unit(features: dict[str, Any], layer: str) -> Any:
    """A layer in the units of STROTSS: pixels are 0..1, and activations as many times smaller as torchvision's."""
    return features[layer] / (255 if layer == "image" else LEVELS)


def enlarged(features: Any, height: int, width: int) -> Any:
    """A layer at the size of the picture, bilinearly."""
    for axis, length in enumerate((height, width)):
        size = features.shape[axis]
        place = np.clip((np.arange(length) + 0.5) * size / length - 0.5, 0, size - 1)
        matrix = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(size)))
        features = tf.transpose(tf.tensordot(matrix, features, [[1], [axis]]), [0, 1, 2] if axis == 0 else [1, 0, 2])
    return features


def columns(features: dict[str, Any]) -> Any:
    """The hypercolumns above all pixels."""
    height, width, _ = features["image"].shape
    return tf.concat([flat(enlarged(unit(features, layer), height, width)) for layer in COLUMN], 1)


def cosines(one: Any, other: Any) -> Any:
    """The cosine distance of each row from each other row."""
    return 1 - tf.matmul(tf.math.l2_normalize(one, 1, 1e-30), tf.math.l2_normalize(other, 1, 1e-30), transpose_b=True)


def relaxed(distance: Any) -> Any:
    return tf.maximum(tf.reduce_mean(tf.reduce_min(distance, 0)), tf.reduce_mean(tf.reduce_min(distance, 1)))


def strotss(seen: Seen) -> dict[str, Any]:
    """At every pixel, with the weights of the finest scale."""
    ours, theirs, photo = (columns(it) for it in (seen.painted, seen.style, seen.content))
    alike, was = (it / tf.reduce_sum(it, 0, keepdims=True) for it in (cosines(ours, ours), cosines(photo, photo)))

    def moments(layer: str) -> Any:
        means, spreads = [], []
        for features in (seen.painted, seen.style):
            rows = flat(features[layer])
            means.append(tf.reduce_mean(rows, 0))
            spreads.append(tf.matmul(rows, rows, transpose_a=True) / len(rows) - tf.tensordot(means[-1], means[-1], 0))
        apart = sum(tf.reduce_mean(tf.abs(pair[0] - pair[1])) for pair in (means, spreads))
        return rows.shape[1] / 2179 / (255 if layer == "image" else LEVELS) ** 2 * apart

    def colours(features: dict[str, Any]) -> Any:
        yuv = [[0.299, 0.587, 0.114], [-0.147, -0.289, 0.436], [0.615, -0.515, -0.1]]
        return tf.matmul(flat(unit(features, "image")), np.array(yuv).T)

    painted, wanted = colours(seen.painted), colours(seen.style)
    dark = [tf.pad(it, [[0, 0], [0, 1]], constant_values=0.05) for it in (painted, wanted)]  # a black pixel has a direction
    apart = tf.norm(painted[:, None] - wanted[None] + 1e-12, axis=-1)
    return {
        "content": 2 * tf.reduce_mean(tf.abs(alike - was)) * len(ours),
        "remd": relaxed(cosines(ours, theirs)),
        "moments": 0.04 * sum(moments(layer) for layer in COLUMN),  # 1 in theirs, see the look
        "palette": 0.5 * relaxed(cosines(*dark) + apart),
    }


NEIGHBOURS = ["relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1", "relu3_2", "relu3_3", "relu4_1", "relu4_2", "relu4_3"]


def nnst(seen: Seen) -> dict[str, Any]:
    """Both passes, layer by layer, on all positions."""

    def rows(features: dict[str, Any], layer: str) -> Any:
        return flat(features[layer]) - tf.reduce_mean(flat(features[layer]), 0)

    def first(layer: str) -> Any:
        painted, style, content = (rows(it, layer) for it in (seen.painted, seen.style, seen.content))
        chosen = tf.gather(style, tf.argmin(cosines(content, style), 1))
        return tf.reduce_mean(tf.linalg.diag_part(cosines(painted, chosen)))

    def last(layer: str) -> Any:
        return tf.reduce_mean(tf.reduce_min(cosines(rows(seen.painted, layer), rows(seen.style, layer)), 1))

    return {"first": sum(map(first, NEIGHBOURS)) / 10, "last": sum(map(last, NEIGHBOURS))}
