"""Weights files that are of another network, damaged or hostile."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io

from nstk.plugins.backbones._vgg.weights import BUILTIN
from nstk.plugins.backbones.vgg16 import Vgg16
from nstk.plugins.backbones.vgg19 import Vgg19
from tests.plugins.backbones._vgg.samples import random_kernels, refuses, write_keras2_h5, write_npz, write_numbered_h5


def test_the_wrong_network(folder, small):
    shutil.copy(BUILTIN, folder / "y.npz")
    refuses(folder / "y.npz", "has a layer `block3_conv4`, which VGG-16 has not", network=Vgg16.network)
    write_numbered_h5(folder / "y.h5", random_kernels(Vgg16.network))
    refuses(folder / "y.h5", "has 13 convolutions, VGG-19 has 16", network=Vgg19.network)


def test_a_layer_without_a_bias(folder, small):
    write_keras2_h5(folder / "y.h5", {**small, "block1_conv1": small["block1_conv1"][:1]})
    refuses(folder / "y.h5", "layer `block1_conv1` holds 1 arrays instead of a kernel and a bias")


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
def test_an_h5_that_announces_anything(folder, small, kind):
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


def test_a_mat_file_of_something_else(folder):
    scipy.io.savemat(folder / "y.mat", {"x": np.ones(3)})
    refuses(folder / "y.mat", "has no variable `layers`; give MatConvNet's imagenet-vgg-verydeep file")
