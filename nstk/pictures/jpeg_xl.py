"""JPEG XL: what its header says, and its pixels, which imagecodecs decodes upright."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import PictureError
from .boxes import boxes, inside
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


_PRIMARIES = {1: "sRGB", 9: "Rec. 2020", 11: "Display P3"}
_CURVES = {1: "of Rec. 709", 8: "linear", 13: "of sRGB", 16: "PQ", 17: "of DCI", 18: "HLG"}
"""The numbers of colour spaces."""


@dataclass(frozen=True)
class Header:
    """What is said of the picture before its pixels."""

    width: int
    height: int
    bits: int = 8
    floats: bool = False
    colours: str = "sRGB"
    """The colours, in words; `sRGB` is what is expected."""


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
            return Header(width, height, 0, colours="unknown")
    floats = bool(bits.number(1))
    depth = bits.packed(_FLOAT_DEPTHS if floats else _DEPTHS)
    if floats:
        bits.number(4)
    return Header(width, height, depth, floats, _colours(bits))


def _size(bits: _Bits) -> tuple[int, int]:
    small = bits.number(1)
    height = 8 * (1 + bits.number(5)) if small else bits.packed(_SIDE)
    aspect = bits.number(3)
    if aspect:
        wide, high = _ASPECTS[aspect - 1]
        return height * wide // high, height
    return (8 * (1 + bits.number(5)) if small else bits.packed(_SIDE)), height


def _colours(bits: _Bits) -> str:
    """The words for the colours, from the header after the depth."""
    bits.number(1)
    for _ in range(bits.packed(((0, 0), (1, 0), (2, 4), (1, 12)))):
        if not bits.number(1):  # a channel that is not a plain alpha: what follows is not looked at
            return "unknown"
    bits.number(1)
    if bits.number(1):
        return "sRGB"
    if bits.number(1):
        return "those of a profile"
    space = bits.packed(_NUMBERS)
    white = bits.packed(_NUMBERS)
    if white not in (1, 10, 11) or space > 1:
        return "unknown"
    primaries = bits.packed(_NUMBERS) if space == 0 else 1
    if primaries not in _PRIMARIES:
        return "unknown"
    gamma = bits.number(1)
    transfer = bits.number(24) / 1e7 if gamma else bits.packed(_NUMBERS)
    if space in (0, 1) and white == 1 and primaries == 1 and not gamma and transfer == 13:
        return "sRGB"
    curve = f"a gamma of {1 / max(transfer, 1e-7):.2g}" if gamma else f"the curve {_CURVES.get(int(transfer), 'unknown')}"
    return f"{'grey' if space else _PRIMARIES[primaries]} with {curve}"


def read(data: bytes, path: Location) -> tuple[Deep, bytes]:
    """The picture of a JPEG XL, upright, and its block of EXIF."""
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
    if head.colours != "sRGB":
        warn(f"{path} is read as sRGB, but its colours are {head.colours}: save it as sRGB if they look wrong")
    bits = head.bits or 8 * numbers.dtype.itemsize
    deep = scaled(numbers, bits, 1 if numbers.shape[2] < 3 else 3, numbers.shape[2] in (2, 4), path)
    exif = inside(data, b"Exif") if data.startswith(CONTAINER) else None
    return deep, b"Exif\0\0" + exif[4 + int.from_bytes(exif[:4], "big") :] if exif else b""
