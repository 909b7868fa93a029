"""Tensors that are put away in a file while they are not needed."""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from ..errors import RunError

DISK = "/var/tmp"
"""A folder that lies on a disk by convention. The system's folder for temporary files may lie in memory."""


@dataclass(frozen=True)
class Slot:
    """Where a tensor lies in the file."""

    offset: int
    shape: tuple[int, ...]
    dtype: Any


class Shelf:
    """Tensors in a file without a name, which the system removes when the process ends, however it ends."""

    def __init__(self) -> None:
        folder = DISK if "TMPDIR" not in os.environ and os.access(DISK, os.W_OK) else None
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (the file is open as long as this object lives)
        weakref.finalize(self, self._file.close)
        self._lock = threading.Lock()

    def put(self, structure: Any) -> Any:
        """Put the tensors of a structure away. The structure that is returned has slots in their places."""
        return tf.nest.map_structure(self._write, structure)

    def take(self, slots: Any) -> Any:
        """The structure with the tensors back in the places of their slots."""
        return tf.nest.map_structure(self._read, slots)

    def _write(self, tensor: Any) -> Slot | None:
        if tensor is None:
            return None
        array = np.ascontiguousarray(tensor)
        try:
            with self._lock:
                offset = self._file.seek(0, os.SEEK_END)
                self._file.write(array.reshape(-1).view(np.uint8).data)
        except OSError as error:
            raise RunError(f"activations of the content cannot be put away on the disk ({error.strerror or error})") from error
        return Slot(offset, np.shape(tensor), array.dtype)  # the array of a scalar has a dimension

    def _read(self, slot: Slot | None) -> tf.Tensor | None:
        if slot is None:
            return None
        array = np.empty(slot.shape, slot.dtype)
        with self._lock:
            self._file.seek(slot.offset)
            self._file.readinto(array.reshape(-1).view(np.uint8).data)
        return tf.convert_to_tensor(array)
