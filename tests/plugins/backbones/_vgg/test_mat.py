"""MATLAB's files that announce anything."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from nstk.plugins.backbones._vgg import mat as reader
from nstk.plugins.backbones._vgg.weights import read_weights
from tests.plugins.backbones._vgg.samples import SMALL, refuses, write_mat


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


def test_a_mat_is_unpacked_within_limits(folder, small, monkeypatch):
    write_mat(folder / "y.mat", small, do_compression=True)
    kernels = read_weights(str(folder / "y.mat"), SMALL).kernels
    assert all(np.array_equal(kernels[layer][0], small[layer][0]) for layer in small)
    monkeypatch.setattr(reader, "MOST_BYTES", 1 << 20)
    packed = zlib.compress(matrix(6, (1, 2**18), struct.pack("<II", 9, 2**21) + bytes(2**21), b"meta"))
    (folder / "z.mat").write_bytes(mat(struct.pack("<II", 15, len(packed)), packed))
    refuses(folder / "z.mat", "it unpacks to more than 1 MB")
