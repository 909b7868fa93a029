"""Whole models as Keras 3 saves them, `.keras`: a zip archive of a configuration and the weights.

The model is never built, because its configuration can name any code, which would then run. Its weights are read as they lie
there, and of the configuration only what the layers are called.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import nstk
from nstk.plugins.backbones._vgg.keras_h5 import LONGEST_NAME, h5_pairs, pairs_in
from nstk.plugins.backbones._vgg.network import Network, Pair

MOST_BYTES = {"model.weights.h5": 1 << 31, "config.json": 1 << 22}
"""What may come out of each part: VGG-19 with its classifier and what Adam remembers has 1724 MB, its configuration 20 kB."""
MOST_LEVELS = 15
"""How deep models may lie in each other, as in the file of weights."""


@contextmanager
def keras_pairs(path: Path, network: Network) -> Iterator[dict[str, Pair]]:
    """The reader of a `.keras` file, which until TensorFlow 2.11 was an HDF5 file like any other."""
    import h5py

    if not zipfile.is_zipfile(path):
        with h5_pairs(path, network) as pairs:
            yield pairs
        return
    with zipfile.ZipFile(path) as archive, tempfile.TemporaryFile() as weights:
        with _part(path, archive, "model.weights.h5") as part:
            _unpack(path, part, weights)
        with h5py.File(weights, "r") as file:
            yield pairs_in(path, file, network, lambda: _names(path, archive))


def _part(path: Path, archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """A part to read, which never gives more bytes than it announces."""
    part = archive.getinfo(name)
    if part.file_size > MOST_BYTES[name]:
        raise nstk.WeightsError(
            f"{path}: `{name}` in it unpacks to more than {MOST_BYTES[name] >> 20} MB; save the VGG in it by itself"
        )
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others unpack into as much memory as they like
        raise ValueError(f"`{name}` is compressed in an unusual way: save it as Keras does")
    return archive.open(part)


def _unpack(path: Path, part: IO[bytes], file: IO[bytes]) -> None:
    """HDF5 is read here and there, a zip archive from its beginning to its end."""
    try:
        shutil.copyfileobj(part, file, 1 << 20)
    except OSError as error:
        raise nstk.WeightsError(
            f"{path}: its weights cannot be unpacked into {tempfile.gettempdir()} ({error.strerror}); make room there, "
            f"or name another folder in the environment variable TMPDIR"
        ) from error


def _names(path: Path, archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """The place of each layer's group in the file of weights, and the layer's name."""
    with _part(path, archive, "config.json") as part:
        model = json.load(part)
    return _layers(model, "", 0)


def _layers(model: Any, place: str, level: int) -> Iterator[tuple[str, str]]:
    """Place and name of each layer in a model or wrapper that lies at `place`."""
    if level > MOST_LEVELS:
        raise ValueError("models lie in each other too deeply")
    match model:
        case {"config": {"layers": list(layers)}}:
            inner = _numbered(layers, f"{place}layers/")
        case {"config": {"layer": layer}}:  # `TimeDistributed` and the like
            inner = iter([(f"{place}layer", layer)])
        case _:
            return
    for at, layer in inner:
        match layer:
            case {"config": {"name": str(name)}}:
                yield at, name[:LONGEST_NAME]
        yield from _layers(layer, f"{at}/", level + 1)


def _numbered(layers: list[Any], place: str) -> Iterator[tuple[str, Any]]:
    """Each layer with its group's place: its class in small letters, and how many of that class come before."""
    before: Counter[str] = Counter()
    for layer in layers:
        match layer:
            case {"class_name": str(kind)} if len(kind) <= LONGEST_NAME:
                group = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", kind).lower()
                yield f"{place}{group}" + f"_{before[group]}" * bool(before[group]), layer
                before[group] += 1
