"""The file of a checkpoint: an uncompressed NumPy archive without pickles, an array for each variable and `meta.json`.

The file is written from end to end, one array after the other, and hashed on the way. So a state of gigabytes is never in
memory as a whole, and is not read again to be hashed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile

from ..files import file_hash
from .state import RunState

if TYPE_CHECKING:
    import numpy as np


META = "meta.json"


class DamagedError(Exception):
    """A checkpoint is not what was written. The message says how that shows."""


@dataclass(frozen=True)
class Saved:
    """A checkpoint that was found whole. It has the `state`, and reads an array when the array is asked for by its name."""

    path: Path
    meta: dict[str, Any]
    """What the file holds besides its arrays: `format`, `step`, and the state."""

    @cached_property
    def state(self) -> RunState:
        """Where the run stood when the checkpoint was taken."""
        return RunState.from_json(self.meta)

    @cached_property
    def names(self) -> list[str]:
        """The names of the arrays."""
        with self._open() as archive:
            return [name for name in archive.files if name != META]

    def __getitem__(self, name: str) -> np.ndarray:
        with self._open() as archive:
            array: np.ndarray = archive[name]
        return array

    @property
    def step(self) -> int:
        """How many steps were done."""
        return int(self.meta["step"])

    def _open(self) -> Any:
        import numpy as np

        return np.load(self.path, allow_pickle=False)


class _Hashed:
    """A file to write to, and the sha256 of what was written. It cannot seek, so that an archive is written from end to end."""

    def __init__(self, file: BinaryIO):
        self._file, self.digest = file, hashlib.sha256()

    def write(self, data: Any) -> int:
        self.digest.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


def write_archive(file: BinaryIO, meta: dict[str, Any], arrays: Iterable[tuple[str, np.ndarray]]) -> str:
    """Write what a checkpoint holds; returns the sha256 of all of it."""
    import numpy as np

    hashed: Any = _Hashed(file)
    with ZipFile(hashed, "w", ZIP_STORED) as archive:
        with archive.open(META, "w") as member:
            member.write(json.dumps(meta, indent=1).encode())
        for name, array in arrays:
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    return str(hashed.digest.hexdigest())


def read_archive(path: Path, sha256: str) -> Saved:
    """The checkpoint in a file, once it is known to be whole. Raises `DamagedError`."""
    try:
        if file_hash(path) != sha256:
            raise DamagedError("its sha256 is not the one in its name")
        with ZipFile(path) as archive:
            return Saved(path, json.loads(archive.read(META)))
    except (BadZipFile, KeyError, ValueError) as error:
        raise DamagedError(str(error)) from error
