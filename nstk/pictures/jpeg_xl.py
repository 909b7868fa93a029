"""JPEG XL: what its header says, and its pixels, which imagecodecs decodes upright."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import PictureError
from .boxes import boxes, inside
from .colour_space import SRGB, UNSPECIFIED, Space, of_codes, of_gamma
from .high_depth import Deep
from .levels import scaled
from .notes import warn
from .pixels import check_size

if TYPE_CHECKING:
    from ..files import Location


STREAM, CONTAINER = b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"
"""What the two kinds of file begin with: nothing but the picture, or boxes around it."""


_ASPECTS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


_SIDE = ((1, 9), (1, 13), (1, 18), (1, 30))


_DEPTHS = ((8, 0), (10, 0), (12, 0), (1, 6))
_FLOAT_DEPTHS = ((32, 0), (16, 0), (24, 0), (1, 6))
_NUMBERS = ((0, 0), (1, 0), (2, 4), (18, 6))
"""How numbers of a header are packed: two bits choose one of four, each a start and how many bits are added to it."""


_EXTRA, _SHIFTS = ((0, 0), (1, 0), (2, 4), (1, 12)), ((0, 0), (3, 0), (4, 0), (1, 3))
_LENGTHS, _PLACES = ((0, 0), (0, 4), (16, 5), (48, 10)), ((1, 0), (0, 2), (3, 4), (19, 8))
_ALPHA, _SPOT, _MOSAIC = 0, 2, 5
"""The numbers of channels besides the colours, and the kinds of those."""


_PRIMARIES = {(1, 1): 1, (1, 9): 9, (1, 11): 12, (11, 11): 11}
"""The codes of ITU-T H.273 for the numbers of a white and of primaries. Curves have that standard's codes."""


@dataclass(frozen=True)
class Header:
    """What is said of the picture before its pixels."""

    width: int
    height: int
    bits: int = 8
    floats: bool = False
    space: Space | str = SRGB
    """The colour space, or words for one that is not known."""
    premultiplied: bool = False
    """Whether the colours are multiplied by the alpha."""


class _Bits:
    """Reads numbers bit by bit, the lowest bit of a byte first."""

    def __init__(self, data: bytes):
        self._all, self._left = int.from_bytes(data, "little"), 8 * len(data)

    def number(self, bits: int) -> int:
        if bits > self._left:
            raise ValueError("its header is cut short")
        found = self._all & ((1 << bits) - 1)
        self._all >>= bits
        self._left -= bits
        return found

    def packed(self, choices: tuple[tuple[int, int], ...]) -> int:
        start, bits = choices[self.number(2)]
        return start + self.number(bits)


def header(data: bytes) -> Header:
    """The header of a file, with or without boxes around it."""
    stream = data[:200]
    if data.startswith(CONTAINER):
        start = next((start + 4 * (kind == b"jxlp") for kind, start, _ in boxes(data) if kind in (b"jxlc", b"jxlp")), len(data))
        stream = data[start : start + 200]
    if not stream.startswith(STREAM):
        raise ValueError("its size is missing")
    bits = _Bits(stream[2:])
    width, height = _size(bits)
    if bits.number(1):  # all else is usual
        return Header(width, height)
    if bits.number(1):
        bits.number(3)  # the orientation, which the decoder sees to
        if bits.number(1):
            _size(bits)
        if bits.number(1) or bits.number(1):  # a preview or an animation: what follows is not looked at
            return Header(width, height, 0, space="unknown")
    depth, floats = _depth(bits)
    bits.number(1)
    premultiplied = [_premultiplied(bits) for _ in range(bits.packed(_EXTRA))]
    return Header(width, height, depth, floats, _colours(bits), any(premultiplied))


def _depth(bits: _Bits) -> tuple[int, bool]:
    """How many bits a channel has, and whether its numbers are floats."""
    floats = bool(bits.number(1))
    depth = bits.packed(_FLOAT_DEPTHS if floats else _DEPTHS)
    if floats:
        bits.number(4)
    return depth, floats


def _premultiplied(bits: _Bits) -> bool:
    """Reads what is said of a channel besides the colours: whether it is an alpha that they are multiplied by."""
    if bits.number(1):
        return False
    kind = bits.packed(_NUMBERS)
    _depth(bits)
    bits.packed(_SHIFTS)
    for _ in range(bits.packed(_LENGTHS)):
        bits.number(8)
    if kind == _SPOT:
        bits.number(64)
    elif kind == _MOSAIC:
        bits.packed(_PLACES)
    return kind == _ALPHA and bool(bits.number(1))


def _size(bits: _Bits) -> tuple[int, int]:
    small = bits.number(1)
    height = 8 * (1 + bits.number(5)) if small else bits.packed(_SIDE)
    aspect = bits.number(3)
    if aspect:
        wide, high = _ASPECTS[aspect - 1]
        return height * wide // high, height
    return (8 * (1 + bits.number(5)) if small else bits.packed(_SIDE)), height


def _colours(bits: _Bits) -> Space | str:
    """The colour space, from the header after the channels."""
    bits.number(1)
    if bits.number(1):
        return SRGB
    if bits.number(1):
        return "those of a profile"
    space = bits.packed(_NUMBERS)
    white = bits.packed(_NUMBERS)
    if white not in (1, 11) or space > 1:
        return "unknown"
    primaries = _PRIMARIES.get((white, bits.packed(_NUMBERS)), 0) if space == 0 else 1
    gamma = bits.number(24) / 1e7 if bits.number(1) else 0
    try:
        if gamma:
            return of_gamma("its header", of_codes(primaries, UNSPECIFIED).chromaticities, 1 / gamma)
        return of_codes(primaries, bits.packed(_NUMBERS))
    except ValueError:
        return "unknown"


def read(data: bytes, path: Location) -> tuple[Deep, bytes, Space | None]:
    """The picture of a JPEG XL, upright, its block of EXIF and its colour space."""
    import imagecodecs

    if not imagecodecs.JPEGXL.available:
        raise PictureError(
            f"{path} is a JPEG XL, which this build of imagecodecs does not read: `pip install --upgrade imagecodecs`, "
            "or save it as PNG"
        )
    head = header(data)
    check_size(head.width, head.height, path)
    numbers = imagecodecs.jpegxl_decode(data, index=0)
    numbers = numbers if numbers.ndim == 3 else numbers[..., None]
    if isinstance(head.space, str):
        warn(f"{path} is read as sRGB, but its colours are {head.space}: save it as sRGB if they look wrong")
    bits = head.bits or 8 * numbers.dtype.itemsize
    wanted, alpha = 1 if numbers.shape[2] < 3 else 3, numbers.shape[2] in (2, 4)
    deep = scaled(numbers, bits, wanted, alpha, path, premultiplied=head.premultiplied)
    exif = inside(data, b"Exif") if data.startswith(CONTAINER) else None
    notes = b"Exif\0\0" + exif[4 + int.from_bytes(exif[:4], "big") :] if exif else b""
    return deep, notes, None if isinstance(head.space, str) else head.space
