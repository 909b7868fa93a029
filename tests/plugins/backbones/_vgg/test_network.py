"""Layers that a file lacks."""

from __future__ import annotations

import pytest

from tests.plugins.backbones._vgg.samples import refuses, write_keras2_h5, write_mat, write_named_h5, write_npz, write_torch


@pytest.mark.parametrize("write", [write_npz, write_keras2_h5, write_named_h5, write_mat], ids=lambda write: write.__name__)
def test_a_missing_layer(folder, small, write):
    path = folder / ("y" + {"write_npz": ".npz", "write_mat": ".mat"}.get(write.__name__, ".h5"))
    del small["block2_conv1"]
    write(path, small)
    refuses(path, "layer `block2_conv1` is missing (2 of SMALL's 3 convolutions are there); give a file of SMALL's weights")


def test_a_missing_torch_layer(folder, small):
    write_torch(folder / "y.safetensors", small, [0, 3, 6])
    refuses(folder / "y.safetensors", "layer `block2_conv2` is missing (2 of SMALL's 3 convolutions are there)")
