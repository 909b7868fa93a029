"""PNG: the parts of a file that its picture is made of. What nstk does not need is left out before any decoder sees it.

A PNG is a row of chunks. Long texts, thumbnails and notes of other programs, and whatever is broken among them, are no reason
to refuse a picture, and are never decompressed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from ..errors import PictureError
from .notes import warn

if TYPE_CHECKING:
    from ..files import Location


HEAD = b"\x89PNG\r\n\x1a\n"


_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
"""The chunks that hold the pixels."""


COLOURS = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"cICP": 4}
"""Those that say what the colours mean, with the bytes they have. A profile, iCCP, does so too."""


TURN = b"eXIf"
"""The one that says how the picture lies."""


CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""How many numbers a pixel has, by the kind of colours that the header names."""


_TEXTS = (b"Raw profile type exif", b"Raw profile type APP1", b"XML:com.adobe.xmp")
"""The keywords of texts that may hold the orientation and a camera's notes."""


_MOST_TEXT, MOST_PROFILE = 2**20, 2**24
"""How many bytes such a text, and a colour profile, have at most when they are decompressed."""


@dataclass(frozen=True)
class Png:
    """What matters of a PNG."""

    data: bytes
    """The file with the chunks of pixels, colours and orientation."""
    bits: int
    """The bits of a channel."""
    profile: bytes | None
    """The colour profile."""

    def pixels(self) -> bytes:
        """The file with nothing but its pixels, and with no byte after them, about which libpng would print a warning."""
        chunks = [(kind, body) for kind, body, _ in _chunks(self.data) if kind in _PIXELS]
        stream = zlib.decompressobj()
        needed, packed = self._size(), b"".join(body for kind, body in chunks if kind == b"IDAT")
        rows = stream.decompress(packed, needed + 1)
        if len(rows) > needed or stream.unused_data or stream.unconsumed_tail:
            last = max(place for place, (kind, _) in enumerate(chunks) if kind == b"IDAT")
            chunks[last] = b"IDAT", zlib.compress(rows[:needed], 0)
            chunks = [it for place, it in enumerate(chunks) if it[0] != b"IDAT" or place == last]
        return HEAD + b"".join(chunk(kind, body) for kind, body in chunks)

    def _size(self) -> int:
        """How many bytes its rows have when they are decompressed, each with the byte that says how it is filtered."""
        width, height, bits, kind, _, _, interlaced = struct.unpack_from(">IIBBBBB", self.data, len(HEAD) + 8)
        channels = CHANNELS.get(kind, 4)
        starts = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
        total = 0
        for left, top, right, down in starts if interlaced else [(0, 0, 1, 1)]:
            columns, rows = -((left - width) // right), -((top - height) // down)
            if columns > 0 and rows > 0:
                total += rows * (1 + (columns * channels * bits + 7) // 8)
        return total


def picked(data: bytes, path: Location) -> Png:
    """What matters of the bytes of a PNG. Raises `PictureError` for a kind of PNG that only one system reads."""
    kept, profile, bits = [HEAD], None, 8
    for kind, body, whole in _chunks(data):
        if kind == b"CgBI":
            raise PictureError(f"{path} is a PNG of an app for iOS, which others cannot read: save it again, as a usual PNG")
        if kind == b"IHDR" and len(body) == 13:
            bits = body[8]
        if kind in _PIXELS:
            if not whole and kind != b"IEND":
                raise ValueError(
                    "it ends too early" if data.endswith(body) else f"the checksum of its part {kind.decode()} is wrong"
                )
            kept.append(chunk(kind, body))
        elif kind in COLOURS or kind in (TURN, b"iCCP"):
            if not whole or len(body) != COLOURS.get(kind, len(body)):
                warn(f"{path} has a broken part, {kind.decode()}, which is left out: it is read as if it had none")
            elif kind == b"iCCP":
                profile = profile or _profile(body, path)
            else:
                kept.append(chunk(kind, body))
        elif whole and _has_notes(kind, body):
            kept.append(chunk(kind, body))
    return Png(b"".join(kept), bits, profile)


def chunk_heads(file: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """The kind and the size of each chunk of an open PNG, up to its end, with the file at what the chunk holds."""
    place = len(HEAD)
    while file.seek(place) and len(start := file.read(8)) == 8:
        size, kind = struct.unpack(">I4s", start)
        if kind == b"IEND":
            return
        yield kind, size
        place += 12 + size


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """The kind of each chunk, what it holds, and whether its checksum is right; of a file that is cut, the last one too."""
    place = len(HEAD)
    while place + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        body = data[place + 8 : place + 8 + size]
        yield kind, body, data[place + 8 + size : place + 12 + size] == struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))
        if kind == b"IEND":
            return
        place += 12 + size


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))


def _profile(body: bytes, path: Location) -> bytes | None:
    """The colour profile in a chunk: a name, a zero, a byte for the method, and the profile compressed."""
    try:
        stream = zlib.decompressobj()
        profile = stream.decompress(body[body.index(b"\0") + 2 :], MOST_PROFILE)
        if stream.eof:
            return profile
        why = "it is cut short or beyond measure"
    except (ValueError, zlib.error) as error:
        why = str(error)
    warn(f"{path} is read as sRGB, for its colour profile cannot be used ({why})")
    return None


def _has_notes(kind: bytes, body: bytes) -> bool:
    """Whether a chunk is a text of a sensible length in which Pillow may find the orientation or a camera's notes."""
    word = body[:80].partition(b"\0")[0]
    if kind not in (b"tEXt", b"zTXt", b"iTXt") or word not in _TEXTS or len(body) > _MOST_TEXT:
        return False
    rest = body[len(word) + 1 :]
    if kind == b"tEXt" or (kind == b"iTXt" and rest[:1] == b"\0"):
        return True
    if rest[kind == b"iTXt" :][:1] != b"\0":  # the method, of which there is one; Pillow refuses a picture for another
        return False
    try:
        packed = rest[1:] if kind == b"zTXt" else rest[2:].split(b"\0", 2)[2]
        stream = zlib.decompressobj()
        stream.decompress(packed, _MOST_TEXT // 2)
        return stream.eof
    except (zlib.error, IndexError):
        return False
