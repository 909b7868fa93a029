"""What EXIF, the tags of a TIFF, and XMP tell of a picture's colours.

The sources are Exif 2.32 (CIPA DC-008), Design rule for Camera File system 2.0 (CIPA DC-009), whose "optional file" is one in
Adobe RGB, and TIFF 6.0, section 20 (RGB Image Colorimetry).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .colour_space import ADOBE_RGB, BT709, D65, SRGB, Curve, Space, of_gamma, of_numbers

if TYPE_CHECKING:
    from PIL import Image

_CAMERA, _INTEROPERABILITY = 0x8769, 0xA005
"""The directories of what a camera knows of a photograph, and of the rules that its file keeps."""

_COLOUR_SPACE, _GAMMA, _INDEX = 0xA001, 0xA500, 0x0001
"""Their tags that tell a colour space: its code, the power of its curve, and the rule's name."""

_IS_SRGB, _IS_ADOBE_RGB = 1, 2
"""The codes of colour spaces. 2 is in no standard, but cameras write it."""

_BASIC, _OPTIONAL = "R98", "R03"
"""The indices of DCF's basic files, in sRGB, and of its optional files, in Adobe RGB."""

_TRANSFER, _WHITE, _PRIMARIES = 301, 318, 319
"""The tags of a TIFF, which EXIF has too: a table from levels to light, and chromaticities."""

_UNKNOWN = (
    "is read as sRGB, though its {where} says that it is in another colour space: it does not say which, and has no colour "
    "profile. If its colours are dull, save it as sRGB"
)


def of_exif(exif: Image.Exif | None, warn: Callable[[str], None]) -> Space | None:
    """The space that the tags of a photograph or TIFF tell, if any. Raises whatever a broken one does."""
    if exif is None:
        return None
    code, index = _code(exif)
    if code == _IS_SRGB or (index == _BASIC and code != _IS_ADOBE_RGB):
        return SRGB
    if is_adobe_rgb(exif):
        return ADOBE_RGB
    if any(tag in exif for tag in (_TRANSFER, _WHITE, _PRIMARIES)):
        return _of_colorimetry(exif, _directory(exif, _CAMERA).get(_GAMMA))
    if isinstance(code, int) and code > _IS_ADOBE_RGB:  # "uncalibrated", or of a maker's own
        warn(_UNKNOWN.format(where="EXIF"))
    return None


def is_adobe_rgb(exif: Image.Exif | None) -> bool:
    """Whether the tags of a photograph say that it is in Adobe RGB."""
    code, index = _code(exif) if exif is not None else (None, "")
    return code == _IS_ADOBE_RGB or (index == _OPTIONAL and code != _IS_SRGB)


def _code(exif: Image.Exif) -> tuple[Any, str]:
    """The code of the colour space, and the interoperability index."""
    index = _directory(exif, _INTEROPERABILITY).get(_INDEX, "")
    index = index.decode("latin-1") if isinstance(index, bytes) else str(index)
    return _directory(exif, _CAMERA).get(_COLOUR_SPACE), index[:3]


def _directory(exif: Image.Exif, number: int) -> dict[int, Any]:
    """A directory of tags in another; empty if there is none, or it is broken."""
    with suppress(Exception):
        return dict(exif.get_ifd(number))
    return {}


def _of_colorimetry(exif: Image.Exif, gamma: Any) -> Space:
    white = [float(it) for it in exif.get(_WHITE, D65)]
    primaries = [float(it) for it in exif.get(_PRIMARIES, BT709[2:])]
    name, chromaticities = "TransferFunction, WhitePoint and PrimaryChromaticities", of_numbers(white + primaries)
    if _TRANSFER in exif:
        return Space(name, chromaticities, _of_table(exif[_TRANSFER]))
    return of_gamma(name, chromaticities, *([float(gamma)] if gamma else []))


def _of_table(values: Any) -> Curve:
    """The curve of a TransferFunction: the light of each level, in one table or three."""
    length = len(values) // 3 if len(values) % 3 == 0 else len(values)
    tables = tuple(tuple(it / 65535 for it in values[at : at + length]) for at in range(0, len(values), length))
    if length < 2 or length & (length - 1) or any(max(table) <= min(table) for table in tables):
        raise ValueError(f"a transfer function of {len(values)} numbers")
    return Curve("table", tables)


def of_xmp(xmp: Any, warn: Callable[[str], None]) -> Space | None:
    """The space that an XMP packet names, which is no more than a name: Adobe RGB is known, others are named in a warning."""
    if isinstance(xmp, (bytes, str)):
        text = xmp.decode("utf-8", "replace") if isinstance(xmp, bytes) else xmp
        named = re.search(r"""photoshop:ICCProfile\s*(?:=\s*["']|>)\s*([^"'<]{1,100})""", text)
        name = " ".join(named[1].split()) if named else ""
        if name.startswith("Adobe RGB"):
            return ADOBE_RGB
        if name and not name.startswith("sRGB"):
            warn(f"is read as sRGB, though its XMP names another colour profile, {name}, for that is not in it")
        elif not name and re.search(r"""exif:ColorSpace\s*(?:=\s*["']|>)\s*65535""", text):
            warn(_UNKNOWN.format(where="XMP"))
    return None
