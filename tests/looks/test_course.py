"""The look `course`, held against the costs of the course's notebook on pictures of odd sizes, by way of `nstk.evaluate`."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import testing
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
    paths = [f"{name}={tmp_path / name}.png" for name in ("content", "style")]
    course = nstk.load_recipe("course", [*paths, f"size={size[1]}x{size[0]}"])
    measured = nstk.evaluate(course, tmp_path / "generated.png")

    kernels = Vgg19().load().kernels
    content, style, ours = (course_network(kernels, rounded[name]) for name in ("content", "style", "generated"))
    content_cost = float(course_content_cost(content["conv4_2"], ours["conv4_2"]))
    style_cost = sum(0.2 * float(course_layer_style_cost(style[f"conv{n}_1"], ours[f"conv{n}_1"])) for n in range(1, 6))
    assert measured["unweighted"] == pytest.approx({"content": content_cost, "gram": style_cost}, rel=1e-3)
    assert measured["loss"] == pytest.approx(10 * content_cost + 40 * style_cost, rel=1e-3)
    assert measured["sizes"]["picture"] == [size[1], size[0]]
    assert measured["sizes"]["style"] == {"file": [size[1], size[0]], "compared": [size[1], size[0]]}
