"""The shipped recipes that reproduce another tool's objective, held against that tool's formula, written out here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import pictures, testing

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


def test_jcjohnson_is_the_objective_of_neural_style(tmp_path):
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
