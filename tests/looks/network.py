"""VGG-19 in float64, written out here: what the formulas of other tools are computed on."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import tensorflow as tf

WEIGHTS = Path(__file__).parents[2] / "plugins" / "backbones" / "weights" / "vgg19_imagenet_q8.npz"
BLOCKS = ((1, 2), (2, 2), (3, 4), (4, 4), (5, 3))
MEAN = np.array([103.939, 116.779, 123.68])
"""The mean colour of ImageNet's pictures: blue, green, red."""


@cache
def kernels() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The kernel and the bias of each convolution. The file holds 8 bits a weight, and a table of what they stand for."""
    with np.load(WEIGHTS, allow_pickle=False) as file:
        names = [f"block{block}_conv{index}" for block, count in BLOCKS for index in range(1, count + 1)]
        parts = {name: (file[f"{name}/kernel_table"][file[f"{name}/kernel_index"]], file[f"{name}/bias"]) for name in names}
    return {name: (kernel.astype(np.float64), bias.astype(np.float64)) for name, (kernel, bias) in parts.items()}


def activations(picture: tf.Tensor, pooling: str = "max", odd: str = "VALID", border: str = "zero") -> dict[str, tf.Tensor]:
    """The activations after each ReLU, `[height, width, channels]`, under the papers' names, of a picture in float64.

    `image` is the picture itself.
    `odd` is what pooling does with an odd last row, and `border` what a convolution sees beyond it: `zero` or `replicate`.
    """
    pool = tf.nn.max_pool2d if pooling == "max" else tf.nn.avg_pool2d
    x = (picture[..., ::-1] - MEAN)[tf.newaxis]
    found = {"image": picture}
    for block, count in BLOCKS:
        x = pool(x, 2, 2, odd) if block > 1 else x
        for index in range(1, count + 1):
            kernel, bias = kernels()[f"block{block}_conv{index}"]
            if border == "replicate":
                x = tf.concat([x[:, :1], x, x[:, -1:]], 1)
                x = tf.concat([x[:, :, :1], x, x[:, :, -1:]], 2)
            x = tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "VALID" if border == "replicate" else "SAME") + bias)
            found[f"relu{block}_{index}"] = x[0]
    return found
