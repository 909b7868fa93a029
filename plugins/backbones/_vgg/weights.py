"""The weights of a VGG network in numpy: found, checked, read and kept. Whatever is wrong is one `nstk.WeightsError`.

What a file says of itself is held against the network before any of it is read, so a file can neither fill the memory nor run
code.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Literal

import nstk
from nstk.plugins.backbones._vgg.formats import READERS
from nstk.plugins.backbones._vgg.network import Network, Stored

if TYPE_CHECKING:
    import numpy as np

    Arrays = tuple[np.ndarray, np.ndarray]

BUILTIN = Path(__file__).parents[1] / "weights" / "vgg19_imagenet_q8.npz"
PICKLES = (".pth", ".pt", ".pkl", ".pickle", ".ckpt", ".bin")


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
    if not S_ISREG(stat.st_mode):
        raise nstk.WeightsError(f"{path}: is no file; give the path of a weights file")
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
        with READERS[suffix](path, network) as found:
            kernels = {layer: _checked(path, network, layer, *found[layer]) for layer in network.shapes}
        sha256 = nstk.file_hash(path)
    except nstk.NstkError:
        raise
    except Exception as error:  # parsers raise whatever they stumble over in a damaged file
        detail = " ".join(str(error).split()) or type(error).__name__
        raise nstk.WeightsError(
            f"{path}: cannot be read as a {suffix} file ({detail}); it is incomplete or of another kind, fetch it again"
        ) from error
    return Weights(kernels, "torch" if suffix == ".safetensors" else "caffe", source, sha256)


def _checked(path: Path, network: Network, layer: str, kernel: Stored, bias: Stored) -> Arrays:
    """Both arrays as finite float32 of the shapes that the network needs, or what is wrong with them."""
    import numpy as np

    def check(what: str, stored: Stored, shape: tuple[int, ...]) -> np.ndarray:
        if stored.shape != shape:
            raise nstk.WeightsError(
                f"{path}: layer `{layer}` has a {what} of shape {stored.shape}, {network.title} needs {shape}; "
                f"give a file of {network.title}'s weights"
            )
        if stored.dtype.kind not in "fiu":
            raise nstk.WeightsError(f"{path}: layer `{layer}` has a {what} of type {stored.dtype}; save it as float32")
        with np.errstate(over="ignore"):  # what is too large becomes infinity
            array = np.ascontiguousarray(stored.read(), np.float32)
        if not np.isfinite(array).all():
            raise nstk.WeightsError(f"{path}: layer `{layer}` has NaN or infinity in its {what}; fetch the file again")
        array.setflags(write=False)  # the cache hands the same arrays to everyone
        return array

    shape = network.shapes[layer]
    return check("kernel", kernel, shape), check("bias", bias, shape[-1:])


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
