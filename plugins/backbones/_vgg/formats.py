"""The kinds of files in which people pass weights around: what each of them says it holds of a network.

A reader is a context manager that gives `{layer: (kernel, bias)}` for the convolutions, as `Stored` arrays that can be read
inside, and ignores whatever else the file holds. None ever loads a pickle, because a pickle can run any code; none follows one
file into another, or unpacks more than a network's weights.
"""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nstk
from nstk.plugins.backbones._vgg.keras_h5 import h5_pairs
from nstk.plugins.backbones._vgg.keras_model import keras_pairs
from nstk.plugins.backbones._vgg.network import Network, Pair, Stored, require

if TYPE_CHECKING:
    import numpy as np

MOST_BYTES = 1 << 26
"""No single array of a VGG's convolutions has more, even in numbers of 16 bytes."""


@contextmanager
def _npz(path: Path, network: Network) -> Iterator[dict[str, Pair]]:
    """`LAYER/kernel` and `LAYER/bias`; or, in place of the kernel, `LAYER/kernel_index` into `LAYER/kernel_table`."""
    with zipfile.ZipFile(path) as archive:

        def kernel(layer: str) -> Stored:
            if f"{layer}/kernel_index.npy" not in names:
                return _npy(path, archive, f"{layer}/kernel")
            index, table = (_npy(path, archive, f"{layer}/kernel_{part}") for part in ("index", "table"))
            if index.dtype.kind != "u" or len(table.shape) != 1:
                raise ValueError(f"`{layer}/kernel_index` is no index of a table")
            return Stored(index.shape, table.dtype, lambda: table.read()[index.read()])

        names = archive.namelist()
        require(path, network, {name.rpartition("/")[0] for name in names})
        yield {layer: (kernel(layer), _npy(path, archive, f"{layer}/bias")) for layer in network.shapes}


def _npy(path: Path, archive: zipfile.ZipFile, name: str) -> Stored:
    """An array in numpy's format, in a zip archive."""
    import numpy as np

    def read() -> Any:
        with archive.open(f"{name}.npy") as member:
            return np.lib.format.read_array(member, allow_pickle=False)

    size = archive.getinfo(f"{name}.npy").file_size
    if size > MOST_BYTES:
        raise ValueError(f"`{name}` unpacks to more than {MOST_BYTES >> 20} MB")
    with archive.open(f"{name}.npy") as member:
        shape, dtype = _npy_header(member)
    if dtype.hasobject:
        raise nstk.WeightsError(
            f"{path}: holds pickled Python objects, which can run any code and are never loaded; save plain float32 arrays"
        )
    if math.prod(shape) * dtype.itemsize > size:
        raise ValueError(f"`{name}` announces more numbers than it holds")
    return Stored(shape, dtype, read)


def _npy_header(member: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of an array in numpy's format."""
    import numpy as np

    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    version = np.lib.format.read_magic(member)
    if version not in readers:
        raise ValueError(f"an array in version {version} of numpy's format")
    shape, _, dtype = readers[version](member)
    return shape, dtype


@contextmanager
def _safetensors(path: Path, network: Network) -> Iterator[dict[str, Pair]]:
    """torchvision's names: `features.N.weight` (out, in, height, width) and `.bias`.

    N counts every convolution, ReLU and pooling that comes before.
    """
    from safetensors import safe_open

    names = {layer: f"features.{2 * index + int(layer[5]) - 1}" for index, layer in enumerate(network.shapes)}
    with safe_open(path, framework="numpy") as file:
        keys = set(file.keys())
        require(path, network, {layer for layer, name in names.items() if {f"{name}.weight", f"{name}.bias"} <= keys})
        yield {layer: (_tensor(file, f"{name}.weight"), _tensor(file, f"{name}.bias")) for layer, name in names.items()}


def _tensor(file: Any, name: str) -> Stored:
    """A tensor; a kernel is turned round, from (out, in, height, width) to (height, width, in, out)."""
    import numpy as np

    announced = file.get_slice(name)
    shape, types = announced.get_shape(), {"F16": "f2", "F32": "f4", "F64": "f8"}
    if announced.get_dtype() not in types:
        raise ValueError(f"`{name}` is of type {announced.get_dtype()}: save it as float32")
    axes = (2, 3, 1, 0) if len(shape) == 4 else range(len(shape))  # only a rank of 4 can be turned round
    turned = tuple(shape[axis] for axis in axes)
    return Stored(turned, np.dtype(types[announced.get_dtype()]), lambda: file.get_tensor(name).transpose(axes))


@contextmanager
def _mat(path: Path, network: Network) -> Iterator[dict[str, Pair]]:
    """MatConvNet's `imagenet-vgg-verydeep-19.mat`, which takes RGB where Keras's copy of the same network takes BGR."""
    from nstk.plugins.backbones._vgg.mat import read_variable

    layers = read_variable(path, "layers")
    if layers is None:
        raise nstk.WeightsError(f"{path}: has no variable `layers`; give MatConvNet's imagenet-vgg-verydeep file")
    found = {}
    for (layer,) in layers:
        if match := re.fullmatch(r"conv(\d+)_(\d+)", str(layer["name"])):
            kernel, bias = (layer["filters"], layer["biases"]) if "filters" in layer else layer["weights"]
            if match[1] == match[2] == "1":
                kernel = kernel[:, :, ::-1]
            found[f"block{match[1]}_conv{match[2]}"] = (_in_memory(kernel), _in_memory(bias.ravel()))
    require(path, network, found)
    yield found


def _in_memory(array: np.ndarray) -> Stored:
    return Stored(array.shape, array.dtype, lambda: array)


READERS: dict[str, Callable[[Path, Network], AbstractContextManager[dict[str, Pair]]]] = {
    ".npz": _npz,
    ".h5": h5_pairs,
    ".keras": keras_pairs,
    ".safetensors": _safetensors,
    ".mat": _mat,
}
