"""JPEG: files that are cut a little short, and those of 12 bits.

A decoder does not say where the data of a cut file ended. So it is decoded twice, with two different endings: down to the first
row that differs, the picture is in the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

from ..errors import PictureError
from .notes import warn

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from ..files import Location


HEAD = b"\xff\xd8\xff"


_END = b"\xff\xd9"


_OTHER = b"\x5a" * 2**16
"""Bytes that a decoder takes for a picture, and for another one than zeros."""


_MOST_MISSING = 0.1
"""The share of the pixels that may be missing, at the end."""


_BLOCKS = 17
"""How many rows one row of blocks changes at most."""


_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_LOSSLESS = 0xC3
"""The markers of frames, which say the size, and the one of lossless ones."""


_SCAN, _APP1, _APP2, _APP14 = 0xDA, 0xE1, 0xE2, 0xEE


def bare(data: bytes) -> bytes:
    """A JPEG without its notes, of which some may be broken; with the one that says what its channels are."""
    kept, end = [data[:2]], 2
    for marker, body, start, stop in _places(data):
        if marker == _SCAN:
            break
        is_note = 0xE0 <= marker <= 0xEF or marker == 0xFE
        if not is_note or (marker == _APP14 and len(body) >= 12):
            kept.append(data[start:stop])
        end = stop
    return b"".join(kept) + data[end:]


def segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The marker of each segment, and what it holds; what is between segments, the pixels, is passed over."""
    return ((marker, body) for marker, body, _, _ in _places(data))


def _places(data: bytes) -> Iterator[tuple[int, bytes, int, int]]:
    """The segments, and from where to where they lie."""
    place = 2
    while True:
        place = data.find(b"\xff", place)
        if place < 0 or place + 4 > len(data):
            return
        marker = data[place + 1]
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD9:
            place += 1 if marker == 0xFF else 2
            continue
        size = struct.unpack_from(">H", data, place + 2)[0]
        yield marker, data[place + 4 : place + 2 + size], place, place + 2 + size
        place += 2 + size


def frame(data: bytes) -> tuple[int, int, int, int, bool]:
    """The bits, the width, the height and the channels of a JPEG, and whether it is lossless, which Pillow does not read."""
    for marker, body in segments(data):
        if marker in _FRAMES:
            bits, height, width, channels = struct.unpack_from(">BHHB", body)
            return bits, width, height, channels, marker == _LOSSLESS
    raise ValueError("its size is missing")


def cut_short(data: bytes, pillow: Any, path: Location) -> Image.Image:
    """A JPEG whose end is missing, as viewers show it. Raises for one of which more than a little is missing."""
    import numpy as np

    refined = _last_scan(data)
    if refined is None:
        raise ValueError("too much of it is missing")
    shown, other = (_decoded(data + more + _END, pillow) for more in (b"", _OTHER))
    differ = (np.asarray(shown) != np.asarray(other)).reshape(shown.height, shown.width, -1).any(-1)
    missing = shown.height - int(np.flatnonzero(differ.any(1))[0]) if differ.any() else 0
    differ[shown.height - missing + _BLOCKS :] = True  # a decoder may give up both endings at a mark between blocks
    if differ.mean() > _MOST_MISSING and not refined:
        raise ValueError(f"{differ.mean():.0%} of it is missing")
    what = (
        f"its last {missing} rows {'lack the finest detail' if refined else 'are not whole'}"
        if missing
        else "its end mark is missing, but no row is"
    )
    warn(f"{path} is cut short: {what}")
    return shown


def _decoded(data: bytes, pillow: Any) -> Image.Image:
    with pillow.open(BytesIO(data)) as opened:
        return inks(opened)


def inks(opened: Image.Image) -> Image.Image:
    """A copy of the pixels of a JPEG. Pillow takes each that is in CMYK for one of Adobe's, in which 255 is no ink.

    Where Adobe's marker is missing, 0 is none (ITU-T T.872, 6.1).
    """
    picture = opened.copy()
    if picture.mode == "CMYK" and "adobe" not in opened.info:
        from PIL import ImageChops

        return ImageChops.invert(picture)
    return picture


def _last_scan(data: bytes) -> bool | None:
    """Whether the last scan that is needed only refines what those before it hold; None if that one is missing.

    It is needed until each coefficient of each channel is in some scan to its last bit, be that scan cut.
    """
    wanted: set[tuple[int, int]] = set()
    for marker, body in segments(data):
        if marker in _FRAMES and not wanted:
            wanted = {(body[6 + 3 * channel], place) for channel in range(body[5]) for place in range(64)}
        elif marker == _SCAN:
            count = body[0]
            first, last, bits = body[1 + 2 * count : 4 + 2 * count]
            if bits & 15 == 0:
                wanted -= {(body[1 + 2 * channel], place) for channel in range(count) for place in range(first, last + 1)}
            if not wanted:
                return bits >> 4 > 0
    return None


def profile(data: bytes) -> bytes | None:
    """The colour profile, which may lie in several segments that are counted from 1."""
    name = b"ICC_PROFILE\0"
    parts = {body[12]: body[14:] for marker, body in segments(data) if marker == _APP2 and body.startswith(name) and body[14:]}
    return b"".join(parts[number] for number in sorted(parts)) or None


def notes(data: bytes) -> bytes:
    """The block of EXIF, empty if there is none."""
    return next((body for marker, body in segments(data) if marker == _APP1 and body.startswith(b"Exif\0\0")), b"")


def levels(data: bytes, path: Location) -> NDArray[Any]:
    """The pixels of a JPEG of more than 8 bits, or of a lossless one: height x width x 1 or 3."""
    import imagecodecs
    import numpy as np

    if frame(data)[3] not in (1, 3):
        raise PictureError(
            f"{path} is a JPEG of {frame(data)[0]} bits and {frame(data)[3]} channels: save it as RGB, or as PNG"
        )
    numbers: NDArray[Any] = np.atleast_3d(imagecodecs.jpeg_decode(data))
    return numbers
