"""The boxes that files of JPEG 2000, JPEG XL, AVIF, HEIF and videos are made of: a length, four letters, and what is inside."""

from __future__ import annotations

import struct
from collections.abc import Iterator

INSIDE = {b"jp2h": 0, b"meta": 4, b"iprp": 0, b"ipco": 0}
"""The boxes that hold others, which is all that is of use here, and how many bytes come before those."""


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """The kind of each box, and from where to where in `data` its inside lies; a box in a box comes after it."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1 and start + 16 <= end:
            size, head = struct.unpack_from(">Q", data, start + 8)[0], 16
        stop = end if size == 0 else min(start + size, end)
        yield kind, start + head, stop
        if kind in INSIDE:
            yield from boxes(data, start + head + INSIDE[kind], stop)
        if stop <= start + 7:
            return
        start = stop


def inside(data: bytes, kind: bytes) -> bytes | None:
    """What the first box of a kind holds."""
    return next((data[start:stop] for found, start, stop in boxes(data) if found == kind), None)
