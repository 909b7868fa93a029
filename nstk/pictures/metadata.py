"""A text that a picture's file carries beside its pixels, which says how the picture was made.

A PNG has it in a text of its own, a JPEG in EXIF's UserComment, and WebP, TIFF and AVIF in XMP: places of which other programs
know that they have to be kept. A BMP has none. A text is read from whichever of them has it, for programs that convert pictures
carry it over. Nothing but the head of a file is decoded.
"""

from __future__ import annotations

import html
import logging
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

from . import png
from .exif import ASCII, CAMERA, COMMENT, OURS, Tags, block
from .read import blaming, check_file, quiet_pillow

if TYPE_CHECKING:
    from ..files import Location

KEYWORD = "nstk"
"""What the text is called in a PNG, and in XMP."""

BEGINNING = OURS.removeprefix(ASCII).decode()
"""What the text begins with, by which it is told apart from what others write in the same place."""

MOST = 2**20
"""How many bytes of text are read at most. The text of a usual picture has some thousand."""

_UNICODE = b"UNICODE\0"
"""What a UserComment in UTF-16 begins with."""

_MOST_OF_JPEG = 65_533
"""How many bytes EXIF has in a JPEG."""

XMP_OF_TIFF = 700
"""The tag of a TIFF that holds XMP."""

_NAMESPACE = "urn:nstk:picture:1:"
_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:{prefix}="{namespace}"><{prefix}:made>{text}</{prefix}:made></rdf:Description>'
    "</rdf:RDF></x:xmpmeta>"
)
_ELEMENT = re.compile(r"<(\w+:made)\b[^>]*>([^<]*)</\1>")
_ATTRIBUTE = re.compile(r"\b\w+:made=(\"[^\"]*\"|'[^']*')")
"""The two forms that a text has in XMP, for programs that write XMP anew may choose the other."""

log = logging.getLogger("nstk")


def xmp(text: str) -> bytes:
    """XMP that holds a text."""
    return _XMP.format(prefix=KEYWORD, namespace=_NAMESPACE, text=html.escape(text)).encode()


def with_comment(tags: Tags, text: str, name: Location) -> Tags:
    """EXIF tags for a JPEG with a text as their comment. A text too long for a JPEG is left out, and a warning says so."""
    comment = ASCII + text.encode("ascii", "backslashreplace")
    made = {**tags, CAMERA: {**tags.get(CAMERA, {}), COMMENT: comment}}
    with suppress(ValueError, OverflowError):
        if len(block(made)) <= _MOST_OF_JPEG:
            return made
    log.warning("%s does not say how it was made: that takes more than the 64 kB that a JPEG has for it", name)
    return tags


def read_metadata(path: Location, name: str) -> str | None:
    """The text in a file that messages call `name`; None where it has none. Raises `PictureError` for what is no picture."""
    check_file(path, name)
    with blaming(name), open(path, "rb") as file:
        texts = _of_png(file) if file.read(len(png.HEAD)) == png.HEAD else _of_others(file)
        return next((text for text in texts if text.startswith(BEGINNING)), None)


def _of_png(file: IO[bytes]) -> Iterator[str]:
    for kind, size in png.chunk_heads(file):
        if kind in (b"tEXt", b"zTXt", b"iTXt") and size <= MOST:
            with suppress(ValueError, zlib.error, IndexError):
                yield from _of_text(kind, file.read(size))
        elif kind == b"eXIf" and size <= MOST:
            from PIL import Image

            exif = Image.Exif()
            exif.load(b"Exif\0\0" + file.read(size))
            yield from _of_exif(exif)


def _of_text(kind: bytes, body: bytes) -> Iterator[str]:
    """What is in a chunk of text of a PNG, if it can be ours."""
    word, _, rest = body.partition(b"\0")
    packed = kind == b"zTXt"
    if kind == b"iTXt":
        packed = rest[0] == 1
        rest = rest[2:].split(b"\0", 2)[2]
    elif packed:
        rest = rest[1:]
    if packed:
        rest = zlib.decompressobj().decompress(rest, MOST)
    text = rest.decode("latin-1" if kind == b"tEXt" else "utf-8")
    if word == KEYWORD.encode():
        yield text
    elif word == b"XML:com.adobe.xmp":
        yield from _of_xmp(text)


def _of_others(file: IO[bytes]) -> Iterator[str]:
    file.seek(0)
    with quiet_pillow() as pillow, pillow.open(file) as opened:
        given: Any = opened.info.get("xmp") or (getattr(opened, "tag_v2", {}).get(XMP_OF_TIFF))
        exif = opened.getexif()
    if isinstance(given, (bytes, str)) and len(given) <= MOST:
        yield from _of_xmp(given.decode("utf-8", "replace") if isinstance(given, bytes) else given)
    yield from _of_exif(exif)


def _of_xmp(text: str) -> Iterator[str]:
    """What XMP says. It is searched, and not parsed: nothing in it is expanded but the five characters that XML writes so."""
    for found in _ELEMENT.finditer(text):
        yield html.unescape(found[2])
    for found in _ATTRIBUTE.finditer(text):
        yield html.unescape(found[1][1:-1])


def _of_exif(exif: Any) -> Iterator[str]:
    with suppress(Exception):  # a broken block of a camera's notes says nothing
        comment = exif.get_ifd(CAMERA).get(COMMENT, b"")
        if comment.startswith(ASCII):
            yield comment[len(ASCII) :].decode("ascii").rstrip("\0 ")
        elif comment.startswith(_UNICODE):
            raw = comment[len(_UNICODE) :]
            yield raw.decode("utf-16-be" if raw[:1] == b"\0" else "utf-16-le").rstrip("\0 ")
