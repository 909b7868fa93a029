"""The best rate at which this machine computes a single 3 x 3 convolution through TensorFlow. Steps are measured by it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from .flops import Convolution, convolutions

SHAPES = ("block1_conv2", "block2_conv2", "block3_conv2", "block4_conv2")
"""One convolution of each width. The narrow block1_conv1 and the few positions of block5 are never the fastest."""


def rates(precision: str, sizes: list[tuple[int, int]], repeats: int) -> list[dict[str, Any]]:
    """The FLOP/s of several shapes, forward and backward to the input. Each is the best of `repeats`, without a warm-up."""
    found: list[dict[str, Any]] = []
    for width, height in sizes:
        for shape in (it for it in convolutions(height, width) if it.name in SHAPES):
            for direction, compute in _both_ways(shape, precision).items():
                compute()
                best = min(_timed(compute) for _ in range(repeats))
                found.append({"of": [width, height], "shape": shape.name, "way": direction, "rate": shape.flops / best})
    return found


def _timed(compute: Callable[[], Any]) -> float:
    began = time.perf_counter()
    compute()
    return time.perf_counter() - began


def _both_ways(shape: Convolution, precision: str) -> dict[str, Callable[[], Any]]:
    """The convolution, and its gradient to the input, as compiled functions. The kernels are constants."""
    import tensorflow as tf

    def draw(*shape: int) -> Any:
        return tf.cast(tf.random.stateless_normal(shape, (1, 2)), precision)

    kernel = draw(3, 3, shape.inputs, shape.outputs)
    below, above = (draw(1, shape.height, shape.width, depth) for depth in (shape.inputs, shape.outputs))

    # One number of the result is fetched, so that a device which works ahead has to finish.
    def forward(x: Any) -> Any:
        return tf.nn.conv2d(x, kernel, 1, "SAME")[0, 0, 0, 0]

    def backward(y: Any) -> Any:
        size = (1, shape.height, shape.width, shape.inputs)
        return tf.raw_ops.Conv2DBackpropInput(
            input_sizes=size, filter=kernel, out_backprop=y, strides=[1, 1, 1, 1], padding="SAME"
        )[0, 0, 0, 0]

    return {
        "forward": partial(_number, tf.function(forward, autograph=False), below),
        "backward": partial(_number, tf.function(backward, autograph=False), above),
    }


def _number(compute: Callable[[Any], Any], x: Any) -> float:
    return float(compute(x))
