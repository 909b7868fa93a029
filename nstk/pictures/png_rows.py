"""A large PNG made small, some rows at a time.

The rows of a PNG are differences to the row above, all in one compressed stream. Some rows with the finished row above them
are a PNG of their own, which its decoder takes, so that no more of the picture is in memory. Of an interlaced one, the first
pass has every eighth pixel of every eighth row, and is enough.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Any

from .png import CHANNELS, COLOURS, HEAD, MOST_PROFILE, TURN, chunk, chunk_heads
from .small import Boxes, side_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PIECE, _BLOCK = 2**20, 2**24
"""How many bytes of the file are decompressed, and about how many bytes of rows are looked at, in one go."""

_GREY, _COLOUR, _PALETTE, _GREY_ALPHA, _COLOUR_ALPHA = 0, 2, 3, 4, 6

_ALIKE = {1: (_GREY, 8), 2: (_GREY_ALPHA, 8), 3: (_COLOUR, 8), 4: (_COLOUR_ALPHA, 8), 6: (_COLOUR, 16), 8: (_COLOUR_ALPHA, 16)}
"""A kind of PNG, and its bits, whose pixels have so many bytes: differences are taken between bytes, whatever they mean."""

_SHORT = (*COLOURS, b"iCCP", b"PLTE", b"tRNS", TURN)
"""The chunks beside the pixels that belong to the small picture too, in the order in which they may come."""


@dataclass(frozen=True)
class Header:
    """What the first chunk says."""

    width: int
    height: int
    bits: int
    kind: int
    interlaced: bool

    @property
    def pixels(self) -> int:
        return self.width * self.height

    @property
    def is_levels(self) -> bool:
        """Whether a mean of its numbers can be one of them."""
        return self.bits >= 8 and self.kind != _PALETTE

    @property
    def type(self) -> str:
        """The number type of its levels, as NumPy calls it."""
        return ">u2" if self.bits == 16 else "u1"

    @property
    def channels(self) -> int:
        return CHANNELS.get(self.kind, 4)

    @property
    def row(self) -> int:
        """The bytes of a row."""
        return (self.width * self.channels * self.bits + 7) // 8

    @property
    def pixel(self) -> int:
        """The bytes between a byte and the one it is compared with."""
        return max(1, self.channels * self.bits // 8)


def header(file: IO[bytes]) -> Header:
    """The header of an open PNG. Raises `ValueError` where there is none."""
    file.seek(len(HEAD))
    start = file.read(25)
    if len(start) < 25 or start[4:8] != b"IHDR":
        raise ValueError("it does not begin with a header")
    width, height, bits, kind, _, _, interlaced = struct.unpack_from(">IIBBBBB", start, 8)
    return Header(width, height, bits, kind, bool(interlaced))


def small(file: IO[bytes], edge: int) -> bytes:
    """A PNG of the same picture with a long edge of about twice `edge` pixels. Raises what a decoder raises."""
    whole = header(file)
    side, notes = side_of(whole.width, whole.height, edge), dict[bytes, bytes]()
    stream = _pixel_bytes(file, notes)
    if whole.interlaced:
        whole = replace(whole, width=-(-whole.width // 8), height=-(-whole.height // 8))
        side = max(1, side // 8)
    boxes = Boxes((whole.height, whole.width, whole.channels), side, whole.type, mean=whole.is_levels)
    for top, rows in _blocks(stream, whole):
        boxes.add(rows, top)
    for _ in stream:  # the notes may follow the pixels
        pass
    if whole.kind in (_GREY, _COLOUR):
        notes.pop(b"tRNS", None)  # one level that is transparent: no mean has it
    made = boxes.pixels()
    size = struct.pack(">IIBBBBB", made.shape[1], made.shape[0], max(8, whole.bits), whole.kind, 0, 0, 0)
    before = [(kind, notes[kind]) for kind in _SHORT if kind in notes]
    return _file(size, b"".join(b"\0" + row.tobytes() for row in made), before)


def _pixel_bytes(file: IO[bytes], notes: dict[bytes, bytes]) -> Iterator[bytes]:
    """The compressed stream piece by piece; the chunks beside it are put into `notes`."""
    for kind, size in chunk_heads(file):
        if kind == b"IDAT":
            for left in range(size, 0, -_PIECE):
                yield file.read(min(left, _PIECE))
        elif kind in _SHORT and size <= MOST_PROFILE:
            notes[kind] = file.read(size)


def _blocks(stream: Iterator[bytes], of: Header) -> Iterator[tuple[int, NDArray[Any]]]:
    """The picture in blocks of some rows (rows x width x channels), each with the number of its first row."""
    rows, above, packed = max(1, _BLOCK // of.row), bytes(of.row), zlib.decompressobj()
    for top in range(0, of.height, rows):
        waiting, needed = bytearray(), min(rows, of.height - top) * (of.row + 1)
        while len(waiting) < needed:
            piece = packed.unconsumed_tail or next(stream, b"")
            if not piece:
                raise ValueError("it ends too early")
            waiting += packed.decompress(piece, needed - len(waiting))
        finished = _finished(above, bytes(waiting), of)
        above = finished[-1].tobytes()
        yield top, _samples(finished, of)


def _finished(above: bytes, rows: bytes, of: Header) -> NDArray[np.uint8]:
    """The bytes of some rows (rows x bytes), from their differences and the finished row above them."""
    import imagecodecs
    import numpy as np

    kind, bits = _ALIKE[of.pixel]
    count = len(rows) // (of.row + 1)
    size = struct.pack(">IIBBBBB", of.row // of.pixel, count + 1, bits, kind, 0, 0, 0)
    made = np.asarray(imagecodecs.png_decode(_file(size, b"\0" + above + rows)))[1:]
    in_file = made.astype(">u2") if bits == 16 else made
    return np.frombuffer(in_file.tobytes(), np.uint8).reshape(count, of.row)


def _samples(rows: NDArray[np.uint8], of: Header) -> NDArray[Any]:
    """The levels (rows x width x channels) in bytes. Those of less than 8 bits are spread over 0..255, but for a palette's."""
    import numpy as np

    if of.bits == 16:
        return rows.view(">u2").reshape(len(rows), of.width, of.channels)
    if of.bits < 8:
        ones = np.unpackbits(rows, axis=1).reshape(len(rows), -1, of.bits)
        levels = ones @ (1 << np.arange(of.bits - 1, -1, -1, dtype=np.uint8))
        rows = levels[:, : of.width] * np.uint8(1 if of.kind == _PALETTE else 255 // (2**of.bits - 1))
    return rows.reshape(len(rows), of.width, of.channels)


def _file(size: bytes, rows: bytes, notes: Sequence[tuple[bytes, bytes]] = ()) -> bytes:
    """A PNG with a header, rows, and other chunks. It is not made smaller, for it is decoded at once."""
    chunks = [(b"IHDR", size), *notes, (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b"")]
    return HEAD + b"".join(chunk(kind, body) for kind, body in chunks)
