"""Pictures of more than 8 bits a channel, which Pillow would cut down to 8 bits or not take at all.

imagecodecs reads and writes such a PNG, and tifffile reads such a TIFF. Both are imported only here, when a deep file is met.
"""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass, replace
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any

from ..errors import PictureError
from .exif import Tags, block
from .pixels import MAX_PIXELS, check_size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from ..files import Location


PNG = b"\x89PNG\r\n\x1a\n"


TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the last two are BigTIFF, for files above 4 GB


_PNG_BITS, _PNG_HEADER_END = 24, 33  # the bytes of a PNG at which its bits a channel and its other chunks are


_INVERTED, _GREY, _COLOURS = 0, 1, 2
"""The meanings of a TIFF's numbers: grey with 0 for white, grey with 0 for black, RGB."""


_PREMULTIPLIED, _STRAIGHT = 1, 2
"""The two kinds of alpha that a TIFF's channel after the colours may be."""


_BITS, _KIND, _PROFILE = 258, 262, 34675
"""The tags of a TIFF that hold its bits a channel, the meaning of its numbers, and its colour profile."""


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


def is_deep(picture: Image.Image, head: bytes) -> bool:
    """Whether a file that Pillow has opened, and that begins with `head`, is a PNG or TIFF of more bits than Pillow reads."""
    if head.startswith(PNG):
        return head[_PNG_BITS] > 8
    tags: Any = getattr(picture, "tag_v2", {})
    return head.startswith(TIFF) and max(tags.get(_BITS, (1,))) > 8 and tags.get(_KIND) in (_INVERTED, _GREY, _COLOURS)


def read_png(file: IO[bytes], opened: Image.Image, path: Location) -> Deep:
    """A PNG of 16 bits, which Pillow has opened. If it calls a level or colour transparent, this becomes an alpha."""
    import imagecodecs

    file.seek(0)
    levels = imagecodecs.png_decode(file.read())
    levels = levels if levels.ndim == 3 else levels[..., None]
    deep = _scaled(levels, 16, 1 if levels.shape[2] < 3 else 3, levels.shape[2] % 2 == 0, path)
    return replace(deep, profile=opened.info.get("icc_profile"))


def read_tiff(file: IO[bytes], path: Location) -> Deep:
    """The first page of a TIFF of integers or floats, grey or RGB."""
    import numpy as np
    import tifffile

    file.seek(0)
    with tifffile.TiffFile(file) as tiff:
        page = tiff.pages.first
        _check_page(page, tiff.filehandle.size, path)
        numbers = page.asarray()
    numbers = np.moveaxis(numbers, 0, -1) if page.axes == "SYX" else numbers
    numbers = numbers.reshape(page.imagelength, page.imagewidth, page.samplesperpixel)
    wanted = 3 if page.photometric == _COLOURS else 1
    extra = int(page.extrasamples[0]) if page.extrasamples else _STRAIGHT if numbers.shape[2] == wanted + 1 else 0
    deep = _scaled(numbers, page.bitspersample, wanted, extra in (_PREMULTIPLIED, _STRAIGHT), path)
    colours = 1 - deep.colours if page.photometric == _INVERTED else deep.colours
    if extra == _PREMULTIPLIED and deep.alpha is not None:
        alpha = deep.alpha[..., None]
        colours = np.divide(colours, alpha, out=np.zeros_like(colours), where=alpha > 0).clip(0, 1)
    return Deep(colours, deep.alpha, page.tags.valueof(_PROFILE))


def _check_page(page: Any, size: int, path: Location) -> None:
    """Refuse a page that is no picture, has absurd tiles, or is cut short, before it is read: tifffile would fill in zeros."""
    check_size(page.imagewidth, page.imagelength, path)
    channels = 3 if page.photometric == _COLOURS else 1
    if page.photometric not in (_INVERTED, _GREY, _COLOURS) or page.imagedepth != 1 or page.samplesperpixel < channels:
        raise PictureError(f"{path} is a TIFF of another kind than grey or RGB: save it as one of these, or as PNG")
    if max(math.prod(page.shape), math.prod(page.chunks)) > 4 * MAX_PIXELS:
        raise PictureError(f"{path} has tiles or channels beyond measure: save it again, as PNG")
    starts, counts = page.dataoffsets, page.databytecounts
    ends = [start + count for start, count in zip(starts, counts, strict=False)]
    few = len(starts) != len(counts) or len(ends) < math.prod(page.chunked)
    if few or min(starts) < 1 or min(counts) < 1 or max(ends) > size:
        raise ValueError("a part of it is missing")


def from_pillow(picture: Image.Image, path: Location) -> Deep:
    """A grey picture of 16 bits, or of floats, that Pillow has decoded whole."""
    import numpy as np

    return replace(_scaled(np.asarray(picture)[..., None], 16, 1, False, path), profile=picture.info.get("icc_profile"))


def _scaled(numbers: NDArray[Any], bits: int, wanted: int, alpha: bool, path: Location) -> Deep:
    """Numbers (height x width x channels) as 0..1. The first `wanted` channels are colours, and the next may be an alpha."""
    import numpy as np

    parts = [numbers[..., :wanted], numbers[..., wanted]] if alpha else [numbers[..., :wanted]]
    scaled = [np.asarray(part, np.float32) / np.float32(_unit(part, bits, path)) for part in parts]
    colours, *rest = (part.clip(0, 1) for part in scaled)
    return Deep(colours, rest[0] if rest else None)


def _unit(numbers: NDArray[Any], bits: int, path: Location) -> float:
    """The number that stands for white: the largest of up to 16 bits. For floats it is 1, or 255 if any is above 1."""
    import numpy as np

    low, high = numbers.min(), numbers.max()  # both are NaN if any number is
    if numbers.dtype.kind == "f" and np.isfinite([low, high]).all():
        return 1 if high <= 1 else 255
    if numbers.dtype.kind == "f" or not 0 <= low <= high <= 65535:
        raise PictureError(f"{path} holds numbers from {low} to {high}: save it with 8 or 16 bits a channel")
    return float(2 ** min(bits, 16) - 1)


def png(levels: NDArray[np.uint16], profile: bytes, exif: Tags) -> bytes:
    """A PNG of 16 bits a channel (height x width x 3 or 4). Profile and EXIF are put in here: imagecodecs leaves them out."""
    import imagecodecs
    import numpy as np

    data = bytes(imagecodecs.png_encode(np.ascontiguousarray(levels)))
    chunks = _chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(profile))
    chunks += _chunk(b"eXIf", block(exif).removeprefix(b"Exif\0\0")) if exif else b""
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
    directory[Tiff.PHOTOMETRIC_INTERPRETATION], directory[Tiff.COMPRESSION] = _COLOURS, 1
    directory[Tiff.ROWSPERSTRIP], directory[Tiff.STRIPBYTECOUNTS] = height, len(pixels)
    directory[Tiff.STRIPOFFSETS] = 0  # Pillow counts from the directory's end
    directory[Tiff.ICCPROFILE] = profile
    if channels == 4:
        directory[Tiff.EXTRASAMPLES] = _STRAIGHT
    buffer = BytesIO()
    directory.save(buffer)
    return buffer.getvalue() + pixels
