"""Recipes that reproduce another's objective, held against that one's formulas, written out here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import pictures, testing
from nstk.plugins.backbones.vgg19 import Vgg19


def course_network(kernels, picture):
    """The course's model: MatConvNet's VGG-19 with average pooling, on RGB minus the mean colour; activations by layer."""
    x = tf.constant(picture[None] - np.array([123.68, 116.779, 103.939]), tf.float32)
    found = {}
    for block, convs in enumerate((2, 2, 4, 4, 1), start=1):
        for index in range(1, convs + 1):
            kernel, bias = kernels[f"block{block}_conv{index}"]
            if (block, index) == (1, 1):
                kernel = kernel[:, :, ::-1]  # Keras's first kernel reads BGR
            x = tf.nn.relu(tf.nn.conv2d(x, kernel, [1, 1, 1, 1], "SAME") + bias)
            found[f"conv{block}_{index}"] = x
        x = tf.nn.avg_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    return found


def course_content_cost(content, generated):
    _, height, width, channels = generated.shape
    return tf.reduce_sum(tf.square(content - generated)) / (4 * height * width * channels)


def course_layer_style_cost(style, generated):
    _, height, width, channels = generated.shape

    def unrolled_gram(activations):
        unrolled = tf.transpose(tf.reshape(activations, [height * width, channels]))
        return tf.matmul(unrolled, tf.transpose(unrolled))

    difference = unrolled_gram(style) - unrolled_gram(generated)
    return tf.reduce_sum(tf.square(difference)) / (4 * channels**2 * (height * width) ** 2)


@pytest.mark.parametrize("size", [(37, 45), (51, 35)])
def test_the_courses_costs_at_odd_sizes(size, tmp_path):
    made, generated = testing.pictures(size), testing.pictures(size, seed=1).content
    pictures = {"content": made.content, "style": made.styles["style"], "generated": generated}
    rounded = {name: np.rint(picture) for name, picture in pictures.items()}
    for name, picture in rounded.items():
        nstk.write_picture(picture, tmp_path / f"{name}.png")
    course = {
        "content": str(tmp_path / "content.png"),
        "style": str(tmp_path / "style.png"),
        "size": max(size),
        "backbone": {"use": "vgg19", "pooling": "average", "pool_padding": "same"},
        "losses": {
            "content": {"layers": ["block4_conv2"], "formula": "course", "weight": 10},
            "gram": {"layers": {f"block{block}_conv1": 0.2 for block in range(1, 6)}, "formula": "course", "weight": 40},
        },
    }
    measured = nstk.evaluate(course, tmp_path / "generated.png")

    kernels = Vgg19().load().kernels
    content, style, ours = (course_network(kernels, rounded[name]) for name in ("content", "style", "generated"))
    content_cost = float(course_content_cost(content["conv4_2"], ours["conv4_2"]))
    style_cost = sum(0.2 * float(course_layer_style_cost(style[f"conv{n}_1"], ours[f"conv{n}_1"])) for n in range(1, 6))
    assert measured["unweighted"] == pytest.approx({"content": content_cost, "gram": style_cost}, rel=1e-3)
    assert measured["loss"] == pytest.approx(10 * content_cost + 40 * style_cost, rel=1e-3)
    assert measured["sizes"]["picture"] == [size[1], size[0]]
    assert measured["sizes"]["style"] == {"file": [size[1], size[0]], "compared": [size[1], size[0]]}


WEIGHTS = Path(__file__).parents[1] / "plugins" / "backbones" / "weights" / "vgg19_imagenet_q8.npz"


BLOCKS = ((1, 2), (2, 2), (3, 4), (4, 4), (5, 1))


def activations(picture: np.ndarray) -> dict[str, np.ndarray]:
    """VGG-19's, after the ReLU, under the papers' names: Caffe's BGR less the mean, zero padding, max pooling; float64."""
    x = (picture[..., ::-1].astype(np.float64) - [103.939, 116.779, 123.68])[np.newaxis]
    found = {}
    with np.load(WEIGHTS, allow_pickle=False) as file:
        for block, count in BLOCKS:
            if block > 1:
                rows, columns = (side // 2 * 2 for side in x.shape[1:3])
                x = x[:, :rows, :columns].reshape(1, rows // 2, 2, columns // 2, 2, -1).max((2, 4))
            for index in range(1, count + 1):
                name = f"block{block}_conv{index}"
                kernel = file[f"{name}/kernel_table"][file[f"{name}/kernel_index"]].astype(np.float64)
                x = np.maximum(tf.nn.conv2d(x, kernel, 1, "SAME").numpy() + file[f"{name}/bias"], 0)
                found[f"relu{block}_{index}"] = x[0]
    return found


def gram(features: np.ndarray) -> np.ndarray:
    """GramMatrix and `self.G.div(input.nelement())` of the PyTorch port: F^T F / (C M)."""
    flat = features.reshape(-1, features.shape[-1])
    return flat.T @ flat / flat.size


def test_jcjohnson_is_neural_styles(tmp_path):
    content, style, picture = (testing.pictures((48, 67), seed).content for seed in (0, 1, 2))
    content, style, picture = (pictures.to_uint8(it) for it in (content, style[:41], picture))  # the painting: 67 x 41
    for name, pixels in (("content", content), ("style", style), ("picture", picture)):
        pictures.write_picture(pixels, tmp_path / f"{name}.png")

    seen, theirs, painted = (activations(it) for it in (content, style, picture))
    content_loss = 5 * np.mean((painted["relu4_2"] - seen["relu4_2"]) ** 2)
    layers = [f"relu{block}_1" for block in range(1, 6)]
    style_loss = sum(100 * np.mean((gram(painted[layer]) - gram(theirs[layer])) ** 2) for layer in layers)

    paths = [f"{name}={tmp_path / name}.png" for name in ("content", "style")]
    found = nstk.evaluate(nstk.load_recipe("jcjohnson", [*paths, "size=67"]), tmp_path / "picture.png")
    assert found["losses"] == pytest.approx({"content": content_loss, "gram": style_loss}, rel=1e-4)
    assert found["loss"] == pytest.approx(content_loss + style_loss, rel=1e-4)
