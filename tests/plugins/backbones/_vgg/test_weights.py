"""Weights in every file format in which people have them, and what is said of those that do not fit."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import struct
import zipfile
import zlib
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import scipy.io
import tensorflow as tf
from safetensors.numpy import save_file

import nstk
from nstk.plugins.backbones._vgg import mat as reader, weights
from nstk.plugins.backbones._vgg.weights import BUILTIN, Network, read_weights
from nstk.plugins.backbones.tiny import Tiny
from nstk.plugins.backbones.vgg16 import Vgg16
from nstk.plugins.backbones.vgg19 import Vgg19

# What Keras's own save_weights does under numpy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")

SMALL = Network("SMALL", "VGG19", (1, 2), (2, 3))
TORCH_19 = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34]
TORCH_16 = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]


@pytest.fixture
def folder(tmp_path):
    """A folder that does not outlive its test: some of these files have 80 MB."""
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.fixture(scope="module")
def vgg19_kernels():
    return dict(Vgg19().load().kernels)


def random_kernels(network, seed=0):
    rng = np.random.default_rng(seed)
    return {
        layer: (rng.normal(0, 0.1, shape).astype(np.float32), rng.normal(0, 0.1, shape[-1]).astype(np.float32))
        for layer, shape in network.shapes.items()
    }


@pytest.fixture
def small():
    return random_kernels(SMALL)


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


def test_builtin_is_the_table_and_its_index(vgg19_kernels):
    with np.load(BUILTIN) as file:
        expected = file["block3_conv2/kernel_table"][file["block3_conv2/kernel_index"]]
        np.testing.assert_array_equal(vgg19_kernels["block3_conv2"][0], expected)
        np.testing.assert_array_equal(vgg19_kernels["block3_conv2"][1], file["block3_conv2/bias"])


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_weights(name, folder, vgg19_kernels):
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


@pytest.mark.parametrize(("backbone", "positions"), [(Vgg19, TORCH_19), (Vgg16, TORCH_16)])
def test_torchvision_safetensors_give_the_same_features(backbone, positions, folder):
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


def test_vgg16_reads_a_keras_file(folder):
    kernels = random_kernels(Vgg16.network)
    write_keras3_h5(folder / "vgg16.weights.h5", kernels, "VGG16")
    backbone = Vgg16(weights=str(folder / "vgg16.weights.h5"))
    image = tf.fill((1, 32, 32, 3), 200.0)
    model = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    model.load_weights(folder / "vgg16.weights.h5")
    expected = model(keras.applications.vgg16.preprocess_input(image))
    np.testing.assert_allclose(backbone.build(["block5_pool"])(image)["block5_pool"], expected, rtol=1e-4, atol=1e-5)


def refuses(path: Path, *sentence: str, network: Network = SMALL) -> None:
    """One sentence that begins with the file and says what is wrong and what to do."""
    with pytest.raises(nstk.WeightsError) as caught:
        read_weights(str(path), network)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    for part in sentence:
        assert part in message


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


@pytest.mark.parametrize("write", [write_npz, write_keras2_h5, write_named_h5, write_mat], ids=lambda write: write.__name__)
def test_a_missing_layer(folder, small, write):
    path = folder / ("y" + {"write_npz": ".npz", "write_mat": ".mat"}.get(write.__name__, ".h5"))
    del small["block2_conv1"]
    write(path, small)
    refuses(path, "layer `block2_conv1` is missing (2 of SMALL's 3 convolutions are there); give a file of SMALL's weights")


def test_a_missing_torch_layer(folder, small):
    write_torch(folder / "y.safetensors", small, [0, 3, 6])
    refuses(folder / "y.safetensors", "layer `block2_conv2` is missing (2 of SMALL's 3 convolutions are there)")


def test_the_wrong_network(folder, small):
    shutil.copy(BUILTIN, folder / "y.npz")
    refuses(folder / "y.npz", "has a layer `block3_conv4`, which VGG-16 has not", network=Vgg16.network)
    write_numbered_h5(folder / "y.h5", random_kernels(Vgg16.network))
    refuses(folder / "y.h5", "has 13 convolutions, VGG-19 has 16", network=Vgg19.network)


def test_a_layer_without_a_bias(folder, small):
    write_keras2_h5(folder / "y.h5", {**small, "block1_conv1": small["block1_conv1"][:1]})
    refuses(folder / "y.h5", "layer `block1_conv1` holds 1 arrays instead of a kernel and a bias")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_not_a_number(folder, small, bad):
    small["block1_conv1"][0][1, 1, 1, 1] = bad
    write_npz(folder / "y.npz", small)
    refuses(folder / "y.npz", "layer `block1_conv1` has NaN or infinity in its kernel; fetch the file again")


def test_no_numbers_at_all(folder, small):
    small["block1_conv1"] = (np.full((3, 3, 3, 2), "x"), small["block1_conv1"][1])
    write_npz(folder / "y.npz", small)
    refuses(folder / "y.npz", "layer `block1_conv1` has a kernel of type <U1; save it as float32")


class Bomb:
    """Its pickle writes a file when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_object_arrays_are_never_loaded(folder, small):
    small["block1_conv1"] = (np.array([Bomb(folder / "exploded")], object), small["block1_conv1"][1])
    write_npz(folder / "y.npz", small)
    refuses(folder / "y.npz", "holds pickled Python objects, which can run any code and are never loaded")
    assert not (folder / "exploded").exists()


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


def test_a_mat_file_of_something_else(folder):
    scipy.io.savemat(folder / "y.mat", {"x": np.ones(3)})
    refuses(folder / "y.mat", "has no variable `layers`; give MatConvNet's imagenet-vgg-verydeep file")


def npy(shape, dtype="<f4", data=b""):
    """A file in numpy's format that says what it likes."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})
    return file.getvalue() + data


@pytest.mark.parametrize(
    ("member", "sentence"),
    [
        (npy((10**6, 10**6)), "`block1_conv1/kernel` announces more numbers than it holds"),
        (npy((3, 3, 3, 2)), "`block1_conv1/kernel` announces more numbers than it holds"),
        (npy((2**24 + 9,), data=bytes(2**26)), "`block1_conv1/kernel` unpacks to more than 64 MB"),
        (b"\x93NUMPY\2\0\xff\xff\xff\xff{", "cannot be read as a .npz file"),
        (b"\x93NUMPY\3\0\1\0\0\0 ", "an array in version (3, 0) of numpy's format"),
        (npy((3, 3, 3, 2), "|V4", bytes(216)), "has a kernel of type |V4; save it as float32"),
    ],
    ids=["terabytes", "nothing", "zip bomb", "header bomb", "version", "void"],
)
def test_an_npz_that_announces_anything(folder, small, member, sentence):
    write_npz(folder / "y.npz", small)
    with zipfile.ZipFile(folder / "y.npz") as whole, zipfile.ZipFile(folder / "z.npz", "w", zipfile.ZIP_DEFLATED) as bomb:
        for name in whole.namelist():
            bomb.writestr(name, member if name == "block1_conv1/kernel.npy" else whole.read(name))
    assert (folder / "z.npz").stat().st_size < 100_000
    refuses(folder / "z.npz", sentence)


def test_a_table_that_is_none(folder, small):
    kernel, bias = small.pop("block1_conv1")
    index = np.zeros(kernel.shape, np.uint8)
    for wrong, table in ((index, np.ones((9, 9))), (index.astype(np.int8), np.ones(9)), (index + 9, np.ones(9, np.float32))):
        extra = {"kernel_index": wrong, "kernel_table": table, "bias": bias}
        write_npz(folder / "y.npz", small, **{f"block1_conv1/{part}": array for part, array in extra.items()})
        refuses(folder / "y.npz", "index")


@pytest.mark.parametrize("kind", ["terabytes", "gzip", "virtual", "external", "linked"])
def test_an_h5_that_announces_anything_or_leads_elsewhere(folder, small, kind):
    write_keras2_h5(folder / "whole.h5", small)
    shutil.copy(folder / "whole.h5", folder / "y.h5")
    (folder / "raw").write_bytes(bytes(216))
    shape = (3, 3, 3, 2)
    with h5py.File(folder / "y.h5", "r+") as file:
        group = file["block1_conv1/block1_conv1"]
        del group["kernel:0"]
        if kind == "terabytes":
            group.create_dataset("kernel:0", (10**6, 10**6), "f4")
        if kind == "gzip":
            group.create_dataset("kernel:0", shape, "f4", compression="gzip")
        if kind == "virtual":
            layout = h5py.VirtualLayout(shape, "f4")
            layout[:] = h5py.VirtualSource("whole.h5", "block1_conv1/block1_conv1/kernel:0", shape, "f4")
            group.create_virtual_dataset("kernel:0", layout)
        if kind == "external":
            group.create_dataset("kernel:0", shape, "f4", external=[(str(folder / "raw"), 0, 216)])
        if kind == "linked":
            del file["block1_conv1"]
            file["block1_conv1"] = h5py.ExternalLink("whole.h5", "/block1_conv1")
    sentence = {"terabytes": "a kernel of shape (1000000, 1000000), SMALL needs", "linked": "layer `block1_conv1` is missing"}
    refuses(folder / "y.h5", sentence.get(kind, "layer `block1_conv1` is compressed or kept in another file"))


def mat(*elements):
    """A file of MATLAB's that says what it likes."""
    return b"MATLAB 5.0".ljust(124) + struct.pack("<H", 0x0100) + b"IM" + b"".join(elements)


def matrix(kind, dims, content=b"", name=b""):
    head = struct.pack("<IIII", 6, 8, kind, 0) + struct.pack("<IIii", 5, 8, *dims)
    head += struct.pack("<II", 1, len(name)) + name + bytes(-len(name) % 8)
    return struct.pack("<II", 14, len(head + content)) + head + content


def deep(levels):
    head = matrix(1, (1, 1))[8:]
    sizes = range(len(head), levels * (len(head) + 8), len(head) + 8)
    inner = b"".join(struct.pack("<II", 14, size) + head for size in reversed(sizes))
    return mat(matrix(1, (1, 1), inner, b"layers"))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (deep(100_000), "holds too many values, or nests them too deeply"),
        (mat(matrix(1, (1, 2**30), name=b"layers")), "layer `block1_conv1` is missing"),
        (mat(matrix(1, (1, 1), struct.pack("<II", 14, 0) * 20_000, b"layers")), "holds too many values"),
        (mat(matrix(6, (2**15, 2**15), struct.pack("<II", 9, 0), b"layers")), "an array of shape (32768, 32768) in it has 0"),
        (mat(matrix(4, (1, 2**30), name=b"layers")), "layer `block1_conv1` is missing"),
        (mat(struct.pack("<II", 14, 2**32 - 8)), "ends in the middle of an array"),
        (b"MATLAB 7.3".ljust(124) + struct.pack("<H", 0x0200) + b"IM", "it is not of version 5: save it with `-v7`"),
    ],
    ids=["deep", "many", "wide", "large", "text", "long", "7.3"],
)
def test_a_mat_that_announces_anything(folder, data, sentence):
    (folder / "y.mat").write_bytes(data)
    refuses(folder / "y.mat", sentence)


def test_a_mat_is_unpacked_but_not_without_end(folder, small, monkeypatch):
    write_mat(folder / "y.mat", small, do_compression=True)
    kernels = read_weights(str(folder / "y.mat"), SMALL).kernels
    assert all(np.array_equal(kernels[layer][0], small[layer][0]) for layer in small)
    monkeypatch.setattr(reader, "MOST_BYTES", 1 << 20)
    packed = zlib.compress(matrix(6, (1, 2**18), struct.pack("<II", 9, 2**21) + bytes(2**21), b"meta"))
    (folder / "z.mat").write_bytes(mat(struct.pack("<II", 15, len(packed)), packed))
    refuses(folder / "z.mat", "it unpacks to more than 1 MB")


def test_a_changed_file_is_read_again(folder, small):
    write_npz(folder / "y.npz", small)
    first = read_weights(str(folder / "y.npz"), SMALL)
    assert read_weights(str(folder / "y.npz"), SMALL) is first
    write_npz(folder / "y.npz", random_kernels(SMALL, seed=1), more=np.ones(3))
    assert read_weights(str(folder / "y.npz"), SMALL).sha256 != first.sha256


def test_imagenet_is_the_file_that_keras_fetches(folder, vgg19_kernels, monkeypatch):
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


def test_where_keras_keeps_the_imagenet_file():
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


def test_tiny_needs_no_file():
    assert Tiny().provenance()["weights"] == "random, seed 0"
