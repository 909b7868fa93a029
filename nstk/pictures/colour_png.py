"""The chunks of a PNG that tell its colours: cICP, then iCCP, then sRGB, then gAMA and cHRM.

This order, and what the chunks hold, is that of Portable Network Graphics (PNG) Specification, third edition, W3C 2025.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from typing import IO, Any

from .colour_space import BT709, SRGB, Space, of_codes, of_gamma, of_numbers, power

PNG = b"\x89PNG\r\n\x1a\n"

_TELLING = (b"cICP", b"sRGB", b"gAMA", b"cHRM")
_END = (b"IDAT", b"IEND")
_MOST_BYTES = 1000
"""The chunks that tell colours, those that they come before, and how long one may be."""

_UNIT = 100_000
"""What stands for 1 in gAMA and cHRM."""


def read_chunks(file: IO[bytes]) -> dict[bytes, bytes]:
    """The chunks of a PNG that tell its colours; the first of each kind."""
    made: dict[bytes, bytes] = {}
    file.seek(len(PNG))
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind in _END:
            break
        start = file.tell()
        if kind in _TELLING and length <= _MOST_BYTES:
            data, checksum = file.read(length), file.read(4)
            if checksum == struct.pack(">I", zlib.crc32(kind + data)):  # others are left out, with a warning, see `png`
                made.setdefault(kind, data)
        file.seek(start + length + 4)
    return made


def of_info(info: Mapping[str, Any]) -> dict[bytes, bytes]:
    """The same chunks of an image that Pillow has read from a PNG, as far as it tells them."""
    made: dict[bytes, bytes] = {}
    if isinstance(info.get("srgb"), int):
        made[b"sRGB"] = bytes([info["srgb"] & 255])
    if isinstance(info.get("gamma"), (int, float)):
        made[b"gAMA"] = struct.pack(">I", max(0, min(round(info["gamma"] * _UNIT), 2**32 - 1)))
    if isinstance(info.get("chromaticity"), tuple):
        made[b"cHRM"] = struct.pack(">8I", *(max(0, min(round(it * _UNIT), 2**32 - 1)) for it in info["chromaticity"]))
    return made


def of_chunks(chunks: Mapping[bytes, bytes], profile: bytes | None, warn: Callable[[str], None]) -> Space | None:
    """The space that a PNG's chunks tell, and None where they tell none but by the ICC profile."""
    if b"cICP" in chunks:
        try:
            return _of_cicp(chunks[b"cICP"])
        except ValueError as error:
            warn(f"is read as if it had no cICP, which cannot be used ({error})")
    if profile:
        return None
    if b"sRGB" in chunks:
        return SRGB
    return _of_gamma(chunks, warn)


def _of_cicp(data: bytes) -> Space:
    if len(data) != 4:
        raise ValueError(f"{len(data)} bytes in place of 4")
    primaries, transfer, matrix, full = data
    if matrix or full > 1:
        raise ValueError(f"the codes {primaries}, {transfer}, {matrix} and {full} are not those of an RGB picture")
    return of_codes(primaries, transfer, narrow=not full)


def _of_gamma(chunks: Mapping[bytes, bytes], warn: Callable[[str], None]) -> Space | None:
    """The space that gAMA and cHRM tell, or one of them, if they can be used."""
    exponents, chromaticities = (), None
    if b"gAMA" in chunks:
        value = int.from_bytes(chunks[b"gAMA"][:4], "big")
        try:
            exponents = power(_UNIT / value if value else 0).numbers
        except ValueError:
            warn(f"is read as if it told no gamma, for that cannot be used (gAMA {value})")
    if b"cHRM" in chunks:
        try:
            chromaticities = of_numbers([it / _UNIT for it in struct.unpack(">8i", chunks[b"cHRM"])])
        except (ValueError, struct.error) as error:
            warn(f"is read as if it told no primaries, for those cannot be used (cHRM: {error})")
    if not exponents and chromaticities is None:
        return None
    return of_gamma("gAMA and cHRM", chromaticities or BT709, *exponents)
