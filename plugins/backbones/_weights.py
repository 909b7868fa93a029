"""Read the weights of a VGG network into numpy, from each kind of file in which people pass them around.

Every reader returns `{layer: (kernel, bias)}` for the convolutions of the network and ignores whatever else the file holds.
None of them ever loads a pickle, because a pickle can run any code. Whatever is wrong with a file is one `nstk.WeightsError`.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import nstk

if TYPE_CHECKING:
    import h5py
    import numpy as np

    Arrays = tuple[np.ndarray, np.ndarray]

BUILTIN = Path(__file__).parent / "weights" / "vgg19_imagenet_q8.npz"
PICKLES = (".pth", ".pt", ".pkl", ".pickle", ".ckpt", ".bin")


@dataclass(frozen=True)
class Network:
    """One of the VGG networks: how many 3 x 3 convolutions each block has, and how many channels they make."""

    title: str
    application: str
    """Its name in `keras.applications`."""
    convs: tuple[int, ...]
    channels: tuple[int, ...]

    @property
    def shapes(self) -> dict[str, tuple[int, int, int, int]]:
        """The shape of each kernel (height, width, channels in, channels out), from the picture upwards."""
        shapes, depth = {}, 3
        for block, (count, channels) in enumerate(zip(self.convs, self.channels, strict=True), start=1):
            for index in range(1, count + 1):
                shapes[f"block{block}_conv{index}"] = (3, 3, depth, channels)
                depth = channels
        return shapes


@dataclass(frozen=True)
class Weights:
    """The kernels of a network, and where they came from."""

    kernels: dict[str, Arrays]
    """Kernel (height, width, in, out) and bias by layer, float32."""
    mode: Literal["caffe", "torch"]
    """What the first kernel expects of a picture, in the words of `keras.applications`' `preprocess_input`."""
    source: str
    sha256: str


def read_weights(source: str, network: Network) -> Weights:
    """The weights at `source`: `builtin`, `imagenet` or a file. Asked again for the same file, it answers from memory."""
    if source == "builtin":
        path = BUILTIN
    elif source == "imagenet":
        path = _imagenet(network.application)
    else:
        path = Path(source)
    try:
        stat = path.stat()
    except OSError as error:
        raise nstk.WeightsError(f"{path}: cannot be read ({error.strerror}); give the path of a weights file") from error
    return _read_file(path, source, network, (stat.st_mtime_ns, stat.st_size))


# One entry: it holds 80 MB, and a run asks twice, to build the network and to note in its record what it was built from.
@lru_cache(maxsize=1)
def _read_file(path: Path, source: str, network: Network, stamp: tuple[int, int]) -> Weights:
    suffix = path.suffix.lower()
    if suffix in PICKLES:
        raise nstk.WeightsError(
            f"{path}: {suffix} files are pickles, which can run any code and are never loaded; convert it to .safetensors"
        )
    if suffix not in READERS:
        raise nstk.WeightsError(f"{path}: `{suffix}` is no weights file that is known here; give one of {', '.join(READERS)}")
    if stamp[1] == 0:
        raise nstk.WeightsError(f"{path}: the file is empty (0 bytes); fetch it again")
    try:
        found = READERS[suffix](path, network)
        sha256 = _sha256(path)
    except nstk.NstkError:
        raise
    except Exception as error:  # parsers raise whatever they stumble over in a damaged file
        detail = " ".join(str(error).split()) or type(error).__name__
        raise nstk.WeightsError(
            f"{path}: cannot be read as a {suffix} file ({detail}); it is incomplete or of another kind, fetch it again"
        ) from error
    kernels = {layer: _checked(path, network, layer, *found[layer]) for layer in network.shapes}
    return Weights(kernels, "torch" if suffix == ".safetensors" else "caffe", source, sha256)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _checked(path: Path, network: Network, layer: str, kernel: Any, bias: Any) -> Arrays:
    """Both arrays as finite float32 of the shapes that the network needs, or what is wrong with them."""
    import numpy as np

    def check(what: str, value: Any, shape: tuple[int, ...]) -> np.ndarray:
        array = np.asarray(value)
        if array.shape != shape:
            raise nstk.WeightsError(
                f"{path}: layer `{layer}` has a {what} of shape {array.shape}, {network.title} needs {shape}; "
                f"give a file of {network.title}'s weights"
            )
        if array.dtype.kind not in "fiu":
            raise nstk.WeightsError(f"{path}: layer `{layer}` has a {what} of type {array.dtype}; save it as float32")
        array = np.ascontiguousarray(array, np.float32)
        if not np.isfinite(array).all():
            raise nstk.WeightsError(f"{path}: layer `{layer}` has NaN or infinity in its {what}; fetch the file again")
        array.setflags(write=False)  # the cache hands the same arrays to everyone
        return array

    shape = network.shapes[layer]
    return check("kernel", kernel, shape), check("bias", bias, shape[-1:])


def _require(path: Path, network: Network, present: Collection[str]) -> None:
    """Refuse a file that lacks a convolution, or that has one more: VGG-19's file holds kernels that would fit VGG-16."""
    needed = network.shapes
    missing = [layer for layer in needed if layer not in present]
    foreign = sorted(layer for layer in present if re.fullmatch(r"block\d+_conv\d+", layer) and layer not in needed)
    if missing:
        raise nstk.WeightsError(
            f"{path}: layer `{missing[0]}` is missing ({len(needed) - len(missing)} of {network.title}'s {len(needed)} "
            f"convolutions are there); give a file of {network.title}'s weights"
        )
    if foreign:
        raise nstk.WeightsError(
            f"{path}: has a layer `{foreign[0]}`, which {network.title} has not; give a file of {network.title}'s weights"
        )


@lru_cache
def _imagenet(application: str) -> Path:
    """The file that `keras.applications` downloads once, checks against its hash and keeps in its cache."""
    import keras

    try:
        getattr(keras.applications, application)(weights="imagenet", include_top=False)
        # Keras does not tell where it put the file; asked for it without a hash, `get_file` answers from the cache.
        name = f"{application.lower()}_weights_tf_dim_ordering_tf_kernels_notop.h5"
        url = f"https://storage.googleapis.com/tensorflow/keras-applications/{application.lower()}/{name}"
        return Path(keras.utils.get_file(name, url, cache_subdir="models"))
    except Exception as error:  # Keras raises a bare Exception when a download fails
        detail = " ".join(str(error).split())
        builtin = "`weights: builtin` or " if application == "VGG19" else ""
        raise nstk.WeightsError(
            f"keras.applications could not fetch {application}'s imagenet weights ({detail}); "
            f"offline? use {builtin}the path of a weights file"
        ) from error


def _npz(path: Path, network: Network) -> dict[str, Arrays]:
    """`LAYER/kernel` and `LAYER/bias`; or, in place of the kernel, `LAYER/kernel_index` into `LAYER/kernel_table`."""
    import numpy as np

    def kernel(layer: str) -> np.ndarray:
        if f"{layer}/kernel_index" in file:
            return file[f"{layer}/kernel_table"][file[f"{layer}/kernel_index"]]
        return file[f"{layer}/kernel"]

    if not zipfile.is_zipfile(path):  # numpy would take it for a pickle
        raise ValueError("no zip archive")
    try:
        with np.load(path, allow_pickle=False) as file:
            _require(path, network, {key.rpartition("/")[0] for key in file.files})
            return {layer: (kernel(layer), file[f"{layer}/bias"]) for layer in network.shapes}
    except ValueError as error:
        if "pickle" not in str(error):
            raise
        raise nstk.WeightsError(
            f"{path}: holds pickled Python objects, which can run any code and are never loaded; save plain float32 arrays"
        ) from error


def _h5(path: Path, network: Network) -> dict[str, Arrays]:
    """Keras, old and new: `NAME/...` for each layer, or `layers/.../vars/0` and `1`."""
    import h5py

    with h5py.File(path, "r") as file:
        groups = _keras3_groups(path, file, network) or _legacy_groups(file)
        _require(path, network, groups)
        return {layer: _kernel_and_bias(path, layer, groups[layer]) for layer in network.shapes}


def _legacy_groups(file: h5py.File) -> dict[str, h5py.Group]:
    """A group for each layer by its name, at the root or (a whole saved model) under `model_weights`."""
    return {name: node for name, node in file.get("model_weights", file).items() if hasattr(node, "items")}


def _kernel_and_bias(path: Path, layer: str, group: h5py.Group) -> Arrays:
    """The arrays under `group`, told apart by their rank: their names have changed with every version of Keras."""
    arrays: list[h5py.Dataset] = []
    group.visititems(lambda _, node: arrays.append(node) if hasattr(node, "ndim") else None)
    if len(arrays) != 2:
        raise nstk.WeightsError(
            f"{path}: layer `{layer}` holds {len(arrays)} arrays instead of a kernel and a bias; fetch the file again"
        )
    bias, kernel = sorted(arrays, key=lambda array: array.ndim)
    return kernel[()], bias[()]


def _keras3_groups(path: Path, file: h5py.File, network: Network) -> dict[str, h5py.Group]:
    """The groups that hold a kernel and a bias, by layer; empty if the file is not of this layout.

    Keras 3 numbers the groups by class (`conv2d`, `conv2d_1`); newer versions note the layer's name in an attribute.
    """
    named: dict[str, h5py.Group] = {}
    numbered: dict[int, h5py.Group] = {}

    def collect(name: str, node: Any) -> None:
        if not name.endswith("/vars") or len(node) != 2:
            return
        group = name.split("/")[-2]
        named[str(node.attrs.get("name", group))] = node
        if match := re.fullmatch(r"conv2d(?:_(\d+))?", group):
            numbered[int(match[1] or 0)] = node

    file.visititems(collect)
    layers = network.shapes
    if not numbered or any(layer in named for layer in layers):
        return named
    if len(numbered) != len(layers):
        raise nstk.WeightsError(
            f"{path}: has {len(numbered)} convolutions, {network.title} has {len(layers)}; "
            f"give a file of {network.title}'s weights"
        )
    return dict(zip(layers, (numbered[index] for index in sorted(numbered)), strict=True))


def _safetensors(path: Path, network: Network) -> dict[str, Arrays]:
    """torchvision's names: `features.N.weight` (out, in, height, width) and `.bias`.

    N counts every convolution, ReLU and pooling that comes before.
    """
    from safetensors import safe_open

    names = {layer: f"features.{2 * index + int(layer[5]) - 1}" for index, layer in enumerate(network.shapes)}
    with safe_open(path, framework="numpy") as file:
        keys = set(file.keys())
        _require(path, network, {layer for layer, name in names.items() if {f"{name}.weight", f"{name}.bias"} <= keys})
        kernels = {layer: file.get_tensor(f"{name}.weight") for layer, name in names.items()}
        biases = {layer: file.get_tensor(f"{name}.bias") for layer, name in names.items()}
    # Only a rank of 4 can be turned round; any other is reported as it is.
    return {layer: (k.transpose(2, 3, 1, 0) if k.ndim == 4 else k, biases[layer]) for layer, k in kernels.items()}


def _mat(path: Path, network: Network) -> dict[str, Arrays]:
    """MatConvNet's `imagenet-vgg-verydeep-19.mat`, which takes RGB where Keras's copy of the same network takes BGR."""
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise nstk.MissingExtra("reading .mat weights", "mat") from error

    cells = loadmat(path, variable_names=["layers"]).get("layers")
    if cells is None:
        raise nstk.WeightsError(f"{path}: has no variable `layers`; give MatConvNet's imagenet-vgg-verydeep file")
    found = {}
    for cell in cells.ravel():
        layer = cell[0, 0]
        if match := re.fullmatch(r"conv(\d+)_(\d+)", str(layer["name"].item())):
            old = "filters" in layer.dtype.names
            kernel, bias = (layer["filters"], layer["biases"]) if old else layer["weights"].ravel()
            found[f"block{match[1]}_conv{match[2]}"] = (kernel, bias.ravel())
    _require(path, network, found)
    first, bias = found["block1_conv1"]
    found["block1_conv1"] = (first[:, :, ::-1], bias)
    return found


READERS: dict[str, Callable[[Path, Network], dict[str, Arrays]]] = {
    ".npz": _npz,
    ".h5": _h5,
    ".safetensors": _safetensors,
    ".mat": _mat,
}
