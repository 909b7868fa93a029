"""Weights, written in every file format in which people have them."""

from __future__ import annotations

from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import scipy.io
from safetensors.numpy import save_file

import nstk
from nstk.plugins.backbones._vgg.weights import Network, read_weights

SMALL = Network("SMALL", "VGG19", (1, 2), (2, 3))
TORCH_19 = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34]
TORCH_16 = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]


def random_kernels(network, seed=0):
    rng = np.random.default_rng(seed)
    return {
        layer: (rng.normal(0, 0.1, shape).astype(np.float32), rng.normal(0, 0.1, shape[-1]).astype(np.float32))
        for layer, shape in network.shapes.items()
    }


def write_npz(path, kernels, **extra):
    arrays = {
        f"{layer}/{part}": array
        for layer, pair in kernels.items()
        for part, array in zip(("kernel", "bias"), pair, strict=True)
    }
    np.savez(path, **arrays, **extra)


def write_legacy_h5(path, kernels, root="", names="{0}/{0}/{1}:0", top=False):
    """As Keras 1 and 2 laid it out: a group for each layer, the names of its arrays in an attribute."""
    with h5py.File(path, "w") as file:
        group = file.require_group(root) if root else file
        layers = ["input_1", *kernels, "block5_pool", *(["flatten", "fc1"] if top else [])]
        group.attrs["layer_names"] = [name.encode() for name in layers]
        for layer in layers:
            node = group.create_group(layer)
            arrays = kernels.get(layer, (np.ones((8, 4), np.float32), np.ones(4, np.float32)) if layer == "fc1" else ())
            written = [names.format(layer, part) for part, _ in zip(("kernel", "bias"), arrays, strict=False)]
            node.attrs["weight_names"] = [name.encode() for name in written]
            for name, array in zip(written, arrays, strict=True):
                node.create_dataset(name.removeprefix(f"{layer}/"), data=array)


def write_keras1_h5(path, kernels):
    """The names in the file that `keras.applications` downloads."""
    write_legacy_h5(path, kernels, names="{0}_{1}_1:0")


def write_keras2_h5(path, kernels):
    write_legacy_h5(path, kernels, top=True)


def write_keras2_model_h5(path, kernels):
    write_legacy_h5(path, kernels, root="model_weights")


def write_keras3_h5(path, kernels, application="VGG19", top=False):
    shape = {"input_shape": (32, 32, 3), "classes": 7} if top else {}
    model = getattr(keras.applications, application)(include_top=top, weights=None, **shape)
    for layer, arrays in kernels.items():
        model.get_layer(layer).set_weights(arrays)
    model.save_weights(path)


def write_keras3_top_h5(path, kernels):
    write_keras3_h5(path, kernels, top=True)


def write_numbered_h5(path, kernels, name=lambda number, layer: f"conv2d_{number}" if number else "conv2d"):
    """As Keras 3 wrote it before it noted the names of layers."""
    with h5py.File(path, "w") as file:
        file.create_group("vars")
        file.create_group("layers/max_pooling2d/vars")
        for number, (layer, arrays) in enumerate(kernels.items()):
            for index, array in enumerate(arrays):
                file[f"layers/{name(number, layer)}/vars/{index}"] = array


def write_named_h5(path, kernels):
    write_numbered_h5(path, kernels, lambda number, layer: layer)


def write_mat(path, kernels, old=False, do_compression=False):
    """MatConvNet's cell array of layers: filters take RGB, and there are layers without any."""
    layers = []
    for layer, (kernel, bias) in kernels.items():
        if layer == "block1_conv1":
            kernel = kernel[:, :, ::-1]
        name = f"{layer[5]}_{layer[-1]}"
        pair = np.empty((1, 2), object)
        pair[0, 0], pair[0, 1] = kernel, bias.reshape(-1, 1) if old else bias.reshape(1, -1)
        arrays = {"filters": pair[0, 0], "biases": pair[0, 1]} if old else {"weights": pair}
        layers += [{"name": f"conv{name}", "type": "conv", **arrays}, {"name": f"relu{name}", "type": "relu"}]
    cells = np.empty((1, len(layers)), object)
    cells[0, :] = layers
    scipy.io.savemat(path, {"layers": cells, "meta": {"note": "other things"}}, do_compression=do_compression)


def write_old_mat(path, kernels):
    write_mat(path, kernels, old=True)


FORMATS = {
    "plain.npz": write_npz,
    "keras1.h5": write_keras1_h5,
    "keras2.h5": write_keras2_h5,
    "keras2_model.h5": write_keras2_model_h5,
    "keras3.weights.h5": write_keras3_h5,
    "keras3_top.weights.h5": write_keras3_top_h5,
    "numbered.weights.h5": write_numbered_h5,
    "named.weights.H5": write_named_h5,
    "new.mat": write_mat,
    "old.mat": write_old_mat,
}


def write_torch(path, kernels, positions):
    """The same network in torchvision's terms: fold (x / 255 - mean) / std and RGB into the first layer."""
    mean, std = np.float64([0.485, 0.456, 0.406]), np.float64([0.229, 0.224, 0.225])
    tensors = {"classifier.0.weight": np.ones((2, 2), np.float32)}
    for index, (kernel, bias) in zip(positions, kernels.values(), strict=True):
        if index == 0:
            rgb = kernel[:, :, ::-1].astype(np.float64)
            bias = bias + np.einsum("hwio,i->o", rgb, 255 * mean - [123.68, 116.779, 103.939])
            kernel = rgb * (255 * std)[:, None]
        tensors[f"features.{index}.weight"] = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1), np.float32)
        tensors[f"features.{index}.bias"] = bias.astype(np.float32)
    save_file(tensors, path)


def refuses(path: Path, *sentence: str, network: Network = SMALL) -> None:
    """One sentence that begins with the file and says what is wrong and what to do."""
    with pytest.raises(nstk.WeightsError) as caught:
        read_weights(str(path), network)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    for part in sentence:
        assert part in message
