"""Pictures of more than 8 bits a channel, which Pillow would cut down to 8 bits or not take at all.

Such a picture is floats, whatever format it was in. imagecodecs, tifffile and the like are imported when a deep file is met.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from .exif import Tags, block

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_PNG_HEADER_END = 33  # the bytes of a PNG at which its other chunks are


_RGB, _STRAIGHT = 2, 2
"""What a TIFF calls its colours and its alpha."""


@dataclass(frozen=True, eq=False)
class Deep:
    """A deep picture: colours (height x width x 1 or 3, straight) and alpha (height x width), float32, 0..1."""

    colours: NDArray[np.float32]
    alpha: NDArray[np.float32] | None = None
    profile: bytes | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.colours.shape[1], self.colours.shape[0]


def png(levels: NDArray[np.uint16], profile: bytes, exif: Tags, texts: Mapping[str, str]) -> bytes:
    """A PNG of 16 bits a channel (height x width x 3 or 4). What is beside the pixels is put in here: imagecodecs has no room.

    `texts` are in Unicode, by keyword.
    """
    import imagecodecs
    import numpy as np

    data = bytes(imagecodecs.png_encode(np.ascontiguousarray(levels)))
    chunks = _chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(profile))
    chunks += _chunk(b"eXIf", block(exif).removeprefix(b"Exif\0\0")) if exif else b""
    for keyword, text in texts.items():
        chunks += _chunk(b"iTXt", keyword.encode() + b"\0\0\0\0\0" + text.encode())
    return data[:_PNG_HEADER_END] + chunks + data[_PNG_HEADER_END:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def tiff(levels: NDArray[np.uint16], profile: bytes, exif: Tags) -> bytes:
    """An uncompressed TIFF of 16 bits a channel (height x width x 3 or 4). Pillow writes its directory; the pixels follow."""
    from PIL import TiffImagePlugin as Tiff

    height, width, channels = levels.shape
    pixels = levels.astype("<u2").tobytes()
    directory = Tiff.ImageFileDirectory_v2()
    directory.update(exif)
    directory[Tiff.IMAGEWIDTH], directory[Tiff.IMAGELENGTH] = width, height
    directory[Tiff.BITSPERSAMPLE], directory[Tiff.SAMPLESPERPIXEL] = (16,) * channels, channels
    directory[Tiff.PHOTOMETRIC_INTERPRETATION], directory[Tiff.COMPRESSION] = _RGB, 1
    directory[Tiff.ROWSPERSTRIP], directory[Tiff.STRIPBYTECOUNTS] = height, len(pixels)
    directory[Tiff.STRIPOFFSETS] = 0  # Pillow counts from the directory's end
    directory[Tiff.ICCPROFILE] = profile
    if channels == 4:
        directory[Tiff.EXTRASAMPLES] = _STRAIGHT
    buffer = BytesIO()
    directory.save(buffer)
    return buffer.getvalue() + pixels
