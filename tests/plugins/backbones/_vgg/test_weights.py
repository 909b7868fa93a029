"""Weights from every kind of file, and what is said of those that do not fit."""

from __future__ import annotations

import hashlib
import os
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk.plugins.backbones._vgg import weights
from nstk.plugins.backbones._vgg.weights import BUILTIN, read_weights
from nstk.plugins.backbones.vgg16 import Vgg16
from nstk.plugins.backbones.vgg19 import Vgg19
from tests.plugins.backbones._vgg.samples import (
    FORMATS,
    SMALL,
    TORCH_16,
    TORCH_19,
    random_kernels,
    refuses,
    write_keras1_h5,
    write_keras2_h5,
    write_legacy_h5,
    write_mat,
    write_npz,
    write_torch,
)

# What Keras's own save_weights does under numpy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")


def test_builtin_is_table_and_index(vgg19_kernels):
    with np.load(BUILTIN) as file:
        expected = file["block3_conv2/kernel_table"][file["block3_conv2/kernel_index"]]
        np.testing.assert_array_equal(vgg19_kernels["block3_conv2"][0], expected)
        np.testing.assert_array_equal(vgg19_kernels["block3_conv2"][1], file["block3_conv2/bias"])


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same(name, folder, vgg19_kernels):
    path = folder / name
    FORMATS[name](path, vgg19_kernels)
    weights = Vgg19(weights=str(path)).load()
    assert list(weights.kernels) == list(vgg19_kernels)
    for layer, (kernel, bias) in vgg19_kernels.items():
        np.testing.assert_array_equal(weights.kernels[layer][0], kernel)
        np.testing.assert_array_equal(weights.kernels[layer][1], bias)
    assert (weights.mode, weights.source) == ("caffe", str(path))
    assert weights.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_npz_with_a_table(folder):
    shutil.copy(BUILTIN, folder / "mine.npz")
    assert Vgg19(weights=str(folder / "mine.npz")).provenance() == {
        "weights": str(folder / "mine.npz"),
        "sha256": Vgg19().provenance()["sha256"],
    }


@pytest.mark.parametrize(("backbone", "positions"), [(Vgg19, TORCH_19), (Vgg16, TORCH_16)])
def test_torchvisions_features_are_the_same(backbone, positions, folder):
    kernels = dict(Vgg19().load().kernels) if backbone is Vgg19 else random_kernels(Vgg16.network)
    write_torch(folder / "vgg.safetensors", kernels, positions)
    write_npz(folder / "vgg.npz", kernels)
    image = tf.constant(np.random.default_rng(0).uniform(0, 255, (1, 48, 48, 3)), tf.float32)
    layers = ["block1_conv1", "block2_conv1", "block5_conv1"]
    torch = backbone(weights=str(folder / "vgg.safetensors")).build(layers)(image)
    caffe = backbone(weights=str(folder / "vgg.npz")).build(layers)(image)
    assert read_weights(str(folder / "vgg.safetensors"), backbone.network).mode == "torch"
    # The two subtract slightly different means, so zero padding stands for slightly different greys: the border differs.
    for layer, border in {"block1_conv1": 1, "block2_conv1": 3}.items():
        inner = slice(border, -border)
        expected = caffe[layer][:, inner, inner]
        np.testing.assert_allclose(torch[layer][:, inner, inner], expected, rtol=0, atol=1e-5 * np.max(expected))
    deep = caffe["block5_conv1"]
    assert np.linalg.norm(torch["block5_conv1"] - deep) < 0.02 * np.linalg.norm(deep)


def test_a_wrong_shape(folder, vgg19_kernels):
    kernel, bias = vgg19_kernels["block3_conv1"]
    write_legacy_h5(folder / "y.h5", {**vgg19_kernels, "block3_conv1": (kernel[:, :, :64], bias)})
    refuses(
        folder / "y.h5",
        "layer `block3_conv1` has a kernel of shape (3, 3, 64, 256), VGG-19 needs (3, 3, 128, 256)",
        network=Vgg19.network,
    )


def test_a_wrong_bias(folder, small):
    small["block2_conv2"] = (small["block2_conv2"][0], np.zeros(4, np.float32))
    write_npz(folder / "y.npz", small)
    refuses(folder / "y.npz", "layer `block2_conv2` has a bias of shape (4,), SMALL needs (3,)")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_not_a_number(folder, small, bad):
    small["block1_conv1"][0][1, 1, 1, 1] = bad
    write_npz(folder / "y.npz", small)
    refuses(folder / "y.npz", "layer `block1_conv1` has NaN or infinity in its kernel; fetch the file again")


def test_no_numbers_at_all(folder, small):
    small["block1_conv1"] = (np.full((3, 3, 3, 2), "x"), small["block1_conv1"][1])
    write_npz(folder / "y.npz", small)
    refuses(folder / "y.npz", "layer `block1_conv1` has a kernel of type <U1; save it as float32")


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".pkl", ".ckpt", ".PTH"])
def test_pickles_are_never_loaded(folder, suffix):
    path = folder / f"vgg19{suffix}"
    path.write_bytes(b"cos\nsystem\n")
    refuses(
        path, f"{suffix.lower()} files are pickles, which can run any code and are never loaded; convert it to .safetensors"
    )


@pytest.mark.parametrize("suffix", [".npz", ".h5", ".safetensors", ".mat"])
def test_damaged_files(folder, suffix, small):
    path = folder / f"y{suffix}"
    path.touch()
    refuses(path, "the file is empty (0 bytes); fetch it again")
    path.write_bytes(b"<html>404: no such page</html>" * 20)
    refuses(path, f"cannot be read as a {suffix} file", "fetch it again")
    whole = folder / f"whole{suffix}"
    writers = {".npz": write_npz, ".h5": write_keras2_h5, ".mat": write_mat}
    writers.get(suffix, lambda path, kernels: write_torch(path, kernels, [0, 3, 5]))(whole, small)
    assert list(read_weights(str(whole), SMALL).kernels) == list(small)
    for share in (0.3, 0.9):
        path.write_bytes(whole.read_bytes()[: int(share * whole.stat().st_size)])
        refuses(path, f"cannot be read as a {suffix} file", "fetch it again")


def test_an_unknown_suffix(folder):
    (folder / "vgg.onnx").write_bytes(b"x")
    refuses(
        folder / "vgg.onnx", "`.onnx` is no weights file that is known here; give one of .npz, .h5, .keras, .safetensors, .mat"
    )


def test_no_file_and_a_folder(folder):
    refuses(folder / "none.npz", "cannot be read (No such file or directory); give the path of a weights file")
    (folder / "dir.npz").mkdir()
    refuses(folder / "dir.npz", "is no file; give the path of a weights file")
    os.mkfifo(folder / "pipe.npz")  # which would wait for ever
    refuses(folder / "pipe.npz", "is no file; give the path of a weights file")


def test_a_changed_file_is_read_again(folder, small):
    write_npz(folder / "y.npz", small)
    first = read_weights(str(folder / "y.npz"), SMALL)
    assert read_weights(str(folder / "y.npz"), SMALL) is first
    write_npz(folder / "y.npz", random_kernels(SMALL, seed=1), more=np.ones(3))
    assert read_weights(str(folder / "y.npz"), SMALL).sha256 != first.sha256


def test_imagenet_is_the_file_of_keras(folder, vgg19_kernels, monkeypatch):
    """Without a network: Keras's download is replaced by a file that is already there."""
    path = folder / "cached.h5"
    write_keras1_h5(path, vgg19_kernels)
    fetched = []
    monkeypatch.setattr(keras.applications, "VGG19", lambda **options: fetched.append(options))
    monkeypatch.setattr(keras.utils, "get_file", lambda name, url, cache_subdir: fetched.append((name, url)) or str(path))
    weights._imagenet.cache_clear()
    try:
        assert Vgg19(weights="imagenet").provenance()["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    finally:
        weights._imagenet.cache_clear()
    name = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
    url = f"https://storage.googleapis.com/tensorflow/keras-applications/vgg19/{name}"
    assert fetched == [{"weights": "imagenet", "include_top": False}, (name, url)]


def test_where_keras_keeps_imagenet():
    """The name and the address are Keras's own, which it does not publish."""
    for application in ("vgg16", "vgg19"):
        module = __import__(f"keras.src.applications.{application}", fromlist=["WEIGHTS_PATH_NO_TOP"])
        name = f"{application}_weights_tf_dim_ordering_tf_kernels_notop.h5"
        assert module.WEIGHTS_PATH_NO_TOP.endswith(f"/tensorflow/keras-applications/{application}/{name}")


def test_imagenet_offline(monkeypatch):
    def fail(**options):
        raise Exception("URL fetch failure on https://example.org: None -- [Errno -3] no name")

    monkeypatch.setattr(keras.applications, "VGG19", fail)
    weights._imagenet.cache_clear()
    with pytest.raises(
        nstk.WeightsError, match=r"could not fetch VGG19's imagenet weights \(URL.*offline\? use `weights: builtin`"
    ):
        Vgg19(weights="imagenet").load()
