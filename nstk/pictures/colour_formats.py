"""What formats other than PNG tell of a picture's colours.

AVIF and HEIC hold codes of ITU-T H.273 (ISO/IEC 14496-12, `nclx`); JPEG 2000 a code of its own or an ICC profile (ISO/IEC
15444-1, annex I.5.3.3); BMP chromaticities, gamma or a profile (BITMAPV5HEADER); GIF a profile in an extension
(ICC.1:2022, annex B.4); QOI a flag for linear light and TGA a gamma, which are not obeyed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress
from typing import IO

from .boxes import boxes
from .colour_space import BT709, D65, SRGB, UNSPECIFIED, Space, is_near_srgb, of_codes, of_gamma, of_numbers

Warn = Callable[[str], None]
Told = Space | bytes | None


def of_file(file: IO[bytes], head: bytes, profile: bytes | None, warn: Warn) -> Told:
    """The space, or the ICC profile, that a file tells which begins with `head`; None if it tells nothing."""
    file.seek(0)
    if head[4:8] == b"ftyp":
        return None if profile else _of_item(file)
    if head[4:8] == b"jP  ":
        return None if profile else _of_jp2(file, warn)
    if head.startswith(b"BM"):
        return _of_bmp(file, warn)
    if head.startswith(b"qoif"):
        if head[13:14] == b"\1":  # which Pillow, among others, writes for any picture
            warn("is read as sRGB, though it says that it is in linear light, which programs write without a thought")
        return None
    if head.startswith(b"GIF8"):
        return _of_gif(file)
    return _of_tga(file, warn)


def _of_item(file: IO[bytes]) -> Told:
    """AVIF and HEIC: an ICC profile that the decoder left, or codes."""
    told = _properties(file.read())
    profiles = [body[4:] for body in told if body[:4] in (b"prof", b"rICC")]
    codes = [struct.unpack_from(">HHH", body, 4) for body in told if body[:4] == b"nclx"]
    if profiles or not codes:
        return profiles[0] if profiles else None
    primaries, transfer, _ = codes[0]  # the decoder has undone the matrix and the range
    return None if primaries == transfer == UNSPECIFIED else of_codes(primaries, transfer)


def _properties(data: bytes) -> list[bytes]:
    """The boxes that tell the colours of the picture that an AVIF or HEIC shows. There may be others of its thumbnail."""
    found = list(boxes(data))
    holder = next(((start, stop) for kind, start, stop in found if kind == b"ipco"), (0, 0))
    properties = [(kind, data[start:stop]) for kind, start, stop in boxes(data, *holder)] if holder[1] else []
    wanted: set[int] = set(range(1, len(properties) + 1))
    with suppress(StopIteration, IndexError, struct.error, KeyError):  # then any that are in the file
        primary, associations = (next(data[a:b] for it, a, b in found if it == kind) for kind in (b"pitm", b"ipma"))
        item = int.from_bytes(primary[4 : 6 if primary[0] == 0 else 8], "big")
        wanted = set(_associations(associations)[item])
    return [body for index, (kind, body) in enumerate(properties, 1) if kind == b"colr" and index in wanted]


def _associations(body: bytes) -> dict[int, list[int]]:
    """The numbers of the properties of each item."""
    version, wide = body[0], body[3] & 1
    (count,) = struct.unpack_from(">I", body, 4)
    made, at = {}, 8
    for _ in range(min(count, _MOST_ITEMS)):
        item = int.from_bytes(body[at : at + (4 if version else 2)], "big")
        at += 4 if version else 2
        number, at = body[at], at + 1
        found = struct.unpack_from(f">{number}{'H' if wide else 'B'}", body, at)
        at += number * (2 if wide else 1)
        made[item] = [it & (0x7FFF if wide else 0x7F) for it in found]
    return made


_MOST_ITEMS = 10_000
"""How many pictures and parts of pictures an AVIF or HEIC may hold."""

_JP2_CODE, _JP2_PROFILES, _JP2_H273 = 1, (2, 3), 5
_JP2_KNOWN = {12: None, 16: SRGB, 17: SRGB, 18: SRGB}  # CMYK, sRGB, grey, sYCC
"""The ways in which a JPEG 2000 file tells its colours, and the codes for those that decoders bring to RGB."""


def _of_jp2(file: IO[bytes], warn: Warn) -> Told:
    head = file.read(_MOST_BYTES)
    for body in [head[start:stop] for kind, start, stop in boxes(head) if kind == b"colr"]:
        way, data = body[0], body[3:]
        if way in _JP2_PROFILES:
            return data
        if way == _JP2_H273:
            return of_codes(*struct.unpack_from(">HH", data))
        code = int.from_bytes(data[:4], "big")
        if way == _JP2_CODE and code in _JP2_KNOWN:
            return _JP2_KNOWN[code]
        warn(f"is read as sRGB, for its colour space is not known here (JPEG 2000's way {way}, code {code})")
    return None


_BMP_V4, _BMP_SPACE, _BMP_ENDPOINTS, _BMP_PROFILE = 108, 70, 74, 126
_BMP_CALIBRATED, _BMP_EMBEDDED, _BMP_LINKED = 0, 0x4D424544, 0x4C494E4B
_BMP_SRGB = (0x73524742, 0x57696E20)
"""Where a BMP tells its colours (in bytes from its beginning), and the codes for the ways in which it does."""

_MOST_BYTES = 16 * 2**20
"""How long a profile may be."""


def _of_bmp(file: IO[bytes], warn: Warn) -> Told:
    head = file.read(138)
    if len(head) < 122 or int.from_bytes(head[14:18], "little") < _BMP_V4:
        return None
    (code,) = struct.unpack_from("<I", head, _BMP_SPACE)
    if code == _BMP_CALIBRATED:
        return _calibrated(head)
    if code == _BMP_EMBEDDED and len(head) == 138:
        start, size = struct.unpack_from("<II", head, _BMP_PROFILE)
        file.seek(14 + start)
        return file.read(min(size, _MOST_BYTES)) or None
    if code == _BMP_LINKED:
        warn("is read as sRGB, for its colour profile is in another file")
    return SRGB if code in _BMP_SRGB else None


def _calibrated(head: bytes) -> Space | None:
    """The endpoints (CIE XYZ, in 2.30 bits) and gammas (in 16.16 bits) of a BMP. Many writers leave both at zero."""
    numbers = [it / 2**30 for it in struct.unpack_from("<9i", head, _BMP_ENDPOINTS)]
    gammas = [it / 2**16 for it in struct.unpack_from("<3I", head, _BMP_ENDPOINTS + 36)]
    if not any(numbers) and not any(gammas):
        return None
    exponents = gammas if any(gammas) else []
    if not any(numbers):
        return of_gamma("the gamma of its BMP header", BT709, *exponents)
    points = [numbers[at : at + 3] for at in (0, 3, 6)]
    sums = [sum(point) or 1 for point in points]
    chromaticities = [it / total for point, total in zip(points, sums, strict=True) for it in point[:2]]
    whole = [sum(column) for column in zip(*points, strict=True)]
    light = any(abs(total - 1) > 0.01 for total in sums)  # else they are chromaticities, and say nothing of white
    white = [it / (sum(whole) or 1) for it in whole[:2]] if light else list(D65)
    return of_gamma("the endpoints of its BMP header", of_numbers(white + chromaticities), *exponents)


_GIF_PROFILE, _GIF_HEAD = b"\x21\xff\x0bICCRGBG1012", 2**20


def _of_gif(file: IO[bytes]) -> Told:
    """The profile in an application extension, which comes in pieces of up to 255 bytes."""
    data = file.read(_GIF_HEAD)
    at = data.find(_GIF_PROFILE)
    if at < 0:
        return None
    at, pieces = at + len(_GIF_PROFILE), []
    while at < len(data) and data[at]:
        pieces.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    return b"".join(pieces)


_TGA_END, _TGA_GAMMA = b"TRUEVISION-XFILE.\0", 478


def _of_tga(file: IO[bytes], warn: Warn) -> Told:
    """The gamma of a TGA of version 2 is not obeyed, for programs do not agree on what it means."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 26))
    end = file.read(26)
    if len(end) < 26 or not end.endswith(_TGA_END):
        return None
    file.seek(int.from_bytes(end[:4], "little") + _TGA_GAMMA)
    told = file.read(4)
    over, under = struct.unpack("<HH", told) if len(told) == 4 and end[:4] != bytes(4) else (0, 0)
    if over and under and not is_near_srgb(over / under):
        warn(f"is read as sRGB: its gamma of {over / under:g} is not obeyed, for programs mean different things by it")
    return None
