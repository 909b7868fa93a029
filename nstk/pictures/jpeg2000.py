"""JPEG 2000 of another depth than 8 bits, which Pillow does not bring to 0..255 rightly, and the profile of any."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import PictureError
from .boxes import boxes
from .levels import scaled

if TYPE_CHECKING:
    from ..files import Location
    from .high_depth import Deep


STREAM, CONTAINER = b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  \r\n\x87\n"
"""What the two kinds of file begin with: nothing but the picture, or boxes around it."""


_PRINT, _LAB = 12, 14
"""The numbers of colour spaces that are not those of a screen."""


@dataclass(frozen=True)
class Header:
    """What is said of the picture before its pixels."""

    width: int
    height: int
    bits: tuple[int, ...]
    """The bits of each channel."""
    signed: bool
    even: bool
    """Whether all channels have all pixels."""
    space: int = 0
    profile: bytes | None = None

    @property
    def usual(self) -> bool:
        """Whether each channel is of 0..255."""
        return set(self.bits) == {8} and not self.signed


def header(data: bytes) -> Header:
    """The header of a file, with or without boxes around it."""
    start = data.find(STREAM)
    if start < 0:
        raise ValueError("its size is missing")
    right, down, left, top = struct.unpack_from(">4I", data, start + 8)
    channels = struct.unpack_from(">H", data, start + 40)[0]
    parts = [data[start + 42 + 3 * channel : start + 45 + 3 * channel] for channel in range(channels)]
    if not parts or len(parts[-1]) < 3:
        raise ValueError("its size is missing")
    bits = tuple((part[0] & 127) + 1 for part in parts)
    space, profile = _colours(data) if data.startswith(CONTAINER) else (0, None)
    signed, even = any(part[0] & 128 for part in parts), {part[1:] for part in parts} == {b"\1\1"}
    return Header(right - left, down - top, bits, signed, even, space, profile)


def _colours(data: bytes) -> tuple[int, bytes | None]:
    """The number of the colour space, or the profile. Of several boxes that say it, the first counts."""
    for kind, start, stop in boxes(data):
        if kind == b"colr" and stop - start >= 7:
            if data[start] == 1:
                return int.from_bytes(data[start + 3 : start + 7], "big"), None
            if data[start] in (2, 3):
                return 0, data[start + 3 : stop]
        if kind == b"jp2c":
            break
    return 0, None


def read(data: bytes, head: Header, path: Location) -> Deep:
    """The pixels of a file of another depth than 8 bits."""
    import imagecodecs
    import numpy as np

    channels = len(head.bits)
    if head.space in (_PRINT, _LAB) or channels > 4 or len(set(head.bits)) > 1:
        raise PictureError(f"{path} is a JPEG 2000 of another kind than grey or RGB: save it as one of these, or as PNG")
    if not head.even:
        raise PictureError(f"{path} is a JPEG 2000 whose channels differ in size: save it as RGB, or as PNG")
    # The decoder would use the profile that it finds in some boxes: without any boxes, nobody uses it twice.
    numbers = imagecodecs.jpeg2k_decode(data[data.find(STREAM) :] if head.profile else data)
    numbers = numbers if numbers.ndim == 3 else numbers[..., None]
    bits = head.bits[0]
    if head.signed:
        numbers = numbers.astype(np.int64) + 2 ** (bits - 1)
    numbers = (numbers >> max(0, bits - 16)).astype(np.uint16)
    wanted = 1 if channels < 3 else 3
    return replace(scaled(numbers, min(bits, 16), wanted, channels in (2, 4), path), profile=head.profile)
