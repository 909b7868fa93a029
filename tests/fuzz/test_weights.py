"""Files of weights that are damaged, as archives and inside."""

from __future__ import annotations

import io
import json
import zipfile
from functools import cache

import h5py
import numpy as np
import safetensors.numpy
import scipy.io
from hypothesis import given

import nstk
from nstk.plugins.backbones._vgg.weights import Network, read_weights
from tests.fuzz.damage import RANDOM, damaged, fuzz, in_time, not_refused

SMALL = Network("SMALL", "VGG19", (1, 1), (2, 3))


@cache
def weights():
    """The same small network in each kind of file, by name: an .npz as its members, the others as bytes."""
    rng = np.random.default_rng(0)
    shapes = SMALL.shapes.items()
    kernels = {layer: [rng.normal(size=shape).astype("f4"), rng.normal(size=shape[-1]).astype("f4")] for layer, shape in shapes}
    named = {
        f"{layer}/{part}": it for layer, pair in kernels.items() for part, it in zip(("kernel", "bias"), pair, strict=True)
    }
    table = {"block1_conv1/kernel_index": np.zeros((3, 3, 3, 2), np.uint8), "block1_conv1/kernel_table": np.ones(4, np.float32)}
    torch = {}
    for number, (kernel, bias) in zip((0, 3), kernels.values(), strict=True):
        torch |= {f"features.{number}.weight": kernel.transpose(3, 2, 0, 1).copy(), f"features.{number}.bias": bias}
    cells = np.empty((1, 2), object)
    for index, (layer, (kernel, bias)) in enumerate(kernels.items()):
        pair = np.empty((1, 2), object)
        pair[0, 0], pair[0, 1] = kernel, bias[None]
        cells[0, index] = {"name": f"conv{layer[5]}_1", "weights": pair}
    old, new, mat, packed = (io.BytesIO() for _ in range(4))
    with h5py.File(old, "w") as file:
        for name, array in named.items():
            file[name.replace("/", "/x/")] = array
    with h5py.File(new, "w") as file:
        for number, pair in enumerate(kernels.values()):
            for index, array in enumerate(pair):
                file[f"layers/conv2d{f'_{number}' * bool(number)}/vars/{index}"] = array
    for buffer, compress in ((mat, False), (packed, True)):
        scipy.io.savemat(buffer, {"layers": cells}, do_compression=compress)
    plain, coded = io.BytesIO(), io.BytesIO()
    np.savez(plain, **named)
    np.savez_compressed(coded, **named, **table)
    whole = keras_model(new.getvalue())
    buffers = {
        "a.keras": whole,
        "a.npz": plain,
        "table.npz": coded,
        "old.h5": old,
        "new.h5": new,
        "a.mat": mat,
        "packed.mat": packed,
    }
    return {"a.safetensors": safetensors.numpy.save(torch), **{name: it.getvalue() for name, it in buffers.items()}}


def keras_model(numbered):
    """A whole model: a network in another, with the names of its layers, which its file of weights only numbers."""
    made, weights = io.BytesIO(), io.BytesIO()
    with h5py.File(io.BytesIO(numbered)) as source, h5py.File(weights, "w") as file:
        source.copy("layers", file, "layers/functional/layers")
        file["layers/conv2d/vars/0"] = np.ones((1, 1, 3, 3), np.float32)
    layers = [{"class_name": "Conv2D", "config": {"name": layer}} for layer in SMALL.shapes]
    inner = {"class_name": "Functional", "config": {"name": "vgg", "layers": layers}}
    config = {"class_name": "Sequential", "config": {"name": "mine", "layers": [{"class_name": "Conv2D"}, inner]}}
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", weights.getvalue())
    return made


def damaged_weights(name, random):
    """A damaged file; of an archive, perhaps only one of its members is damaged, so that the archive itself holds."""
    data = weights()[name]
    if not name.endswith((".npz", ".keras")) or random.random() < 0.5:
        return damaged(data, random)
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as whole, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        members = {member: whole.read(member) for member in whole.namelist()}
        hit = random.choice(whole.namelist())
        for member, content in (members | {hit: damaged(members[hit], random)}).items():
            archive.writestr(member, content)
    return made.getvalue()


def load_or_refused(path):
    """Load weights that are whole; else they are refused in a sentence."""
    with in_time():
        try:
            kernels = read_weights(str(path), SMALL).kernels
        except nstk.WeightsError as error:
            return not_refused(error, path)
    for layer, shape in SMALL.shapes.items():
        kernel, bias = kernels[layer]
        assert (kernel.shape, bias.shape) == (shape, shape[-1:])
        assert (kernel.dtype, bias.dtype) == (np.float32, np.float32)
        assert np.isfinite(kernel).all()
        assert np.isfinite(bias).all()
    return True


@fuzz(0.15)
@given(RANDOM)
def test_damaged_weights(tmp_path, random):
    path = tmp_path / random.choice([*weights()])
    path.write_bytes(damaged_weights(path.name, random))
    load_or_refused(path)
    assert [*tmp_path.iterdir()] == [path]
    path.unlink()


def test_weights_are_good_before_damage(tmp_path):
    for name, data in weights().items():
        (tmp_path / name).write_bytes(data)
        assert load_or_refused(tmp_path / name), name
