"""In which colour space a picture says that it is, by other means than the ICC profile that its decoder finds.

What counts more comes first: a PNG's chunks in the order of its specification (see `colour_png`); an ICC profile before the
codes of AVIF and HEIC (ISO/IEC 23008-12); what the file's format says before its EXIF, and EXIF before XMP. Whatever is told
and cannot be used is named in a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from . import notes
from .colour_exif import is_adobe_rgb, of_exif, of_xmp
from .colour_formats import of_file
from .colour_png import PNG, of_chunks, of_info, read_chunks
from .colour_space import Space

if TYPE_CHECKING:
    from PIL import Image

    from ..files import Location


def told(
    file: IO[bytes] | None, info: Mapping[str, Any], exif: Image.Exif | None, profile: bytes | None, path: Location
) -> Space | bytes | None:
    """The space of a picture, or the ICC profile that says it; None where no more is told than `profile`, or nothing at all.

    `profile` is what the decoder has found, and `info` what Pillow knows besides. `file` is None where there is none.
    """

    def warn(what: str) -> None:
        notes.warn(f"{path} {what}")

    readers: list[tuple[str, Callable[[], Space | bytes | None]]] = [
        ("header", lambda: _of_format(file, info, profile, warn)),
        ("EXIF", lambda: of_exif(exif, warn)),
        ("XMP", lambda: of_xmp(info.get("xmp"), warn)),
    ]
    space: Space | bytes | None = None
    for where, read in readers[:1] if profile else readers:
        try:
            space = read()
        except Exception as error:  # what is broken is no reason to refuse a picture
            warn(f"is read as if its {where} told no colour space, for that cannot be used ({error})")
        if space is not None:
            break
    if isinstance(space, Space) and space.is_srgb and is_adobe_rgb(exif):
        warn("is read as sRGB, as its header says: its EXIF says Adobe RGB, but counts less")
    return space


def source(image: Image.Image) -> IO[bytes] | None:
    """The file that an image of Pillow's is from, for Pillow forgets some of what it tells; None if it is from none.

    An image that has been decoded knows no more than the file's name.
    """
    if not image.format:
        return None
    with suppress(Exception):
        file, name = getattr(image, "fp", None), getattr(image, "filename", "")
        if file is None or file.closed:
            return BytesIO(Path(name).read_bytes()) if name else None
        place = file.tell()
        file.seek(0)
        data = file.read()
        file.seek(place)
        return BytesIO(data)
    return None


def _of_format(
    file: IO[bytes] | None, info: Mapping[str, Any], profile: bytes | None, warn: Callable[[str], None]
) -> Space | bytes | None:
    """What the format of the file tells."""
    if file is None:
        return of_chunks(of_info(info), profile, warn)
    file.seek(0)
    head = file.read(32)
    if head.startswith(PNG):
        return of_chunks(read_chunks(file), profile, warn)
    return of_file(file, head, profile, warn)
