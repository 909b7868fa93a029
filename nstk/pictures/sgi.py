"""SGI of 16 bits a channel, of which Pillow keeps 8."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from .levels import scaled
from .pixels import check_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..files import Location
    from .high_depth import Deep


_HEAD = b"\x01\xda"
_HEADER = 512
"""Where the rows of a file begin, or the table that says where they lie."""


def is_deep_sgi(head: bytes) -> bool:
    """Whether a file begins as an SGI of 16 bits."""
    return head.startswith(_HEAD) and head[2:4] in (b"\0\2", b"\1\2")


def read_sgi(data: bytes, path: Location) -> Deep:
    """The pixels of such a file: one channel after the other, each from the lowest row to the top one."""
    import numpy as np

    _, packed, _, sides, width, height, channels = struct.unpack_from(">HBBHHHH", data)
    height, channels = height if sides > 1 else 1, channels if sides > 2 else 1
    check_size(width, height, path)
    if packed:
        planes = _unpacked(data, width, height * channels)
    else:
        planes = np.frombuffer(data, ">u2", width * height * channels, _HEADER)
    numbers = np.moveaxis(planes.reshape(channels, height, width), 0, -1)[::-1]
    return scaled(numbers, 16, 1 if channels < 3 else 3, channels in (2, 4), path)


def _unpacked(data: bytes, width: int, rows: int) -> NDArray[Any]:
    """The rows of a file in which equal levels are counted."""
    import numpy as np

    starts = struct.unpack_from(f">{rows}I", data, _HEADER)
    counts = struct.unpack_from(f">{rows}I", data, _HEADER + 4 * rows)
    made = np.empty((rows, width), np.uint16)
    for row, start, count in zip(made, starts, counts, strict=True):
        words, place, column = np.frombuffer(data, ">u2", count // 2, start), 0, 0
        while place < len(words) and words[place] & 127:
            number = int(words[place]) & 127
            plain = bool(words[place] & 128)
            run = words[place + 1 : place + 1 + (number if plain else 1)]
            row[column : column + number] = run  # raises if the row has no room for it
            place, column = place + 1 + len(run), column + number
        if column != width:
            raise ValueError("a row of it is not whole")
    return made
