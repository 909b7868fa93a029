"""Who decodes a file: told by what it begins with, not by its name. What cannot be a picture is called what it is."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any

from ..errors import PictureError
from . import heif, jpeg, jpeg2000, jpeg_xl, kinds, netpbm, png, png_rows, psd, tiff
from .colour_space import Space
from .high_depth import Deep
from .levels import scaled
from .pixels import check_size
from .sgi import is_deep_sgi, read_sgi
from .small import LARGE

if TYPE_CHECKING:
    from PIL import Image

    from ..files import Location


READABLE = "AVIF BMP GIF ICO JPEG JPEG2000 MPO PCX PNG PPM PSD QOI SGI TGA TIFF WEBP".split()  # noqa: SIM905
"""The formats that Pillow may decode. Pillow knows more, and hands some to programs such as Ghostscript, however the file is
called."""


_HEAD = 4096
"""How many bytes of a file are looked at to tell what it is."""


_ICON = b"\0\0\1\0"


@dataclass(frozen=True)
class Found:
    """What is found in a file."""

    pixels: Image.Image | Deep
    exif: Callable[[], Image.Exif]
    """Reads the notes of the camera. It may raise anything."""
    turn: int | None = None
    """The orientation, where the notes do not say it."""
    space: Space | None = None
    """The colour space, where the decoder knows it."""
    file: IO[bytes] | None = None
    """The file that tells the colours, where that is in another one."""


def read_file(file: IO[bytes], pillow: Any, path: Location, edge: int | None = None) -> Found:
    """The picture in an open file, by `PIL.Image` where that reads it whole. Raises what a decoder raises.

    With an `edge`, a large picture is made smaller while it is read, to a long edge of twice that at least, or else refused.
    """
    head = file.read(_HEAD)
    if raw := kinds.raw(head):
        raise tiff.raw(path, raw)
    if what := kinds.what(head):
        raise PictureError(f"{path} is {what[0]}: {what[1]}")
    codec = heif.codec(head)
    if head.startswith(png.HEAD):
        large = edge is not None and png_rows.header(file).pixels > LARGE
        return _png(png_rows.small(file, edge) if edge and large else _all(file), pillow, path)
    if head.startswith(tiff.HEADS):
        pixels, turn, place = tiff.read(file, path, edge)
        return Found(pixels, lambda: _exif_of_tiff(file, place), turn)
    if head.startswith(jpeg.HEAD):
        return _jpeg_small(file, pillow, path, edge) if edge else _jpeg(file, pillow, path)
    if edge:
        _check_edge(file, pillow, path)
    if head.startswith((jpeg2000.STREAM, jpeg2000.CONTAINER)):
        return _jpeg2000(_all(file), pillow, path)
    if head.startswith((jpeg_xl.STREAM, jpeg_xl.CONTAINER)):
        deep, notes, space = jpeg_xl.read(_all(file), path)
        return Found(deep, lambda: _exif_of(notes), 1, space)
    if codec == "heic":
        picture, notes = heif.read_heic(_all(file), path)
        return Found(picture, lambda: _exif_of(notes), 1)
    if codec == "avif":
        return _avif(_all(file), pillow, path)
    if netpbm.is_one(head):
        return Found(netpbm.read(_all(file), path), pillow.Exif, 1)
    if head.startswith(_ICON):
        return _icon(_all(file), pillow, path)
    if head.startswith(psd.HEAD):
        return _psd(_all(file), pillow, path)
    if is_deep_sgi(head):
        return Found(read_sgi(_all(file), path), pillow.Exif, 1)
    return _by_pillow(file, pillow, path, head)


def copied(opened: Image.Image, path: Location) -> Image.Image | Deep:
    """A copy of the pixels of an image. A picture of more than 8 bits keeps them all."""
    picture = jpeg.inks(opened) if opened.format == "JPEG" else opened.copy()  # a copy decodes the picture
    if opened.format == "PSD" and picture.mode == "1":  # where 1 is black; Pillow takes it for white
        from PIL import ImageChops

        return ImageChops.invert(picture)
    if picture.mode[0] not in "IF":
        return picture
    import numpy as np

    numbers = np.asarray(picture)[..., None]
    return replace(scaled(numbers, 8 * numbers.dtype.itemsize, 1, False, path), profile=picture.info.get("icc_profile"))


def _by_pillow(file: IO[bytes], pillow: Any, path: Location, head: bytes = b"") -> Found:
    file.seek(0)
    try:
        opened = pillow.open(file)
    except pillow.UnidentifiedImageError:
        if kinds.text(head) and head:
            raise PictureError(f"{path} is text, not a picture: name a picture, or download it again") from None
        raise
    with opened:
        _check(opened, path)
        return Found(copied(opened, path), opened.getexif)


def _check(opened: Image.Image, path: Location) -> None:
    if opened.format not in READABLE:
        raise PictureError(f"{path} is a file of kind {opened.format}, which is not read: save it as PNG or JPEG")
    check_size(opened.width, opened.height, path)


def _png(data: bytes, pillow: Any, path: Location) -> Found:
    parts = png.picked(data, path)
    with pillow.open(BytesIO(parts.data)) as opened:
        _check(opened, path)
        if parts.profile:
            opened.info["icc_profile"] = parts.profile
        if parts.bits <= 8:
            return Found(copied(opened, path), opened.getexif)
        import imagecodecs

        levels = imagecodecs.png_decode(parts.pixels())
        levels = levels if levels.ndim == 3 else levels[..., None]
        deep = scaled(levels, 16, 1 if levels.shape[2] < 3 else 3, levels.shape[2] % 2 == 0, path)
        opened.load()  # the notes of a camera may follow the pixels
        return Found(replace(deep, profile=parts.profile), opened.getexif)


def _jpeg(file: IO[bytes], pillow: Any, path: Location) -> Found:
    file.seek(0)
    try:
        opened = pillow.open(file)
        with opened:
            _check(opened, path)
            return Found(copied(opened, path), opened.getexif)
    except (OSError, SyntaxError):
        data = _all(file)
    bits, width, height, _, lossless = jpeg.frame(data)
    check_size(width, height, path)
    if bits > 8 or lossless:
        levels = jpeg.levels(data, path)
        deep = replace(scaled(levels, bits, levels.shape[2], False, path), profile=jpeg.profile(data))
        return Found(deep, lambda: _exif_of(jpeg.notes(data)))
    bare = jpeg.bare(data)
    try:
        with pillow.open(BytesIO(bare)) as opened:
            image = jpeg.inks(opened)
    except OSError as error:
        if "truncated" not in str(error):
            raise
        image = jpeg.cut_short(bare, pillow, path)
    image.info["icc_profile"] = jpeg.profile(data)
    return Found(image, lambda: _exif_of(jpeg.notes(data)))


def _jpeg_small(file: IO[bytes], pillow: Any, path: Location, edge: int) -> Found:
    """A JPEG that is decoded at an eighth of its size, or a quarter or a half, if that is above twice the edge."""
    file.seek(0)
    try:
        with pillow.open(file) as opened:
            opened.draft(None, (2 * edge, 2 * edge))
            return Found(jpeg.inks(opened), opened.getexif)
    except (OSError, SyntaxError):  # of a kind that Pillow does not read
        return _jpeg(file, pillow, path)


def _check_edge(file: IO[bytes], pillow: Any, path: Location) -> None:
    """Refuse a large picture of a format that is read whole or not at all."""
    file.seek(0)
    try:
        with pillow.open(file) as opened:
            width, height = opened.size
    except pillow.UnidentifiedImageError:
        return
    if width * height > LARGE:
        what = f"{path} has {width} x {height} pixels and is no PNG, TIFF or JPEG"
        raise PictureError(f"{what}: it is not opened for a small picture")


def _icon(data: bytes, pillow: Any, path: Location) -> Found:
    """The largest picture of an ICO, which is often a PNG, with all that a PNG tells."""
    entries = [struct.unpack_from("<BBBBHHII", data, 6 + 16 * place) for place in range(int.from_bytes(data[4:6], "little"))]
    _, _, _, _, _, _, size, start = max(entries, key=lambda it: ((it[0] or 256) * (it[1] or 256), it[5]))
    body = data[start : start + size]
    if body.startswith(png.HEAD):
        return replace(_png(body, pillow, path), file=BytesIO(body))
    return _by_pillow(BytesIO(data), pillow, path)


def _psd(data: bytes, pillow: Any, path: Location) -> Found:
    found = _by_pillow(BytesIO(data), pillow, path)
    return found if isinstance(found.pixels, Deep) else replace(found, pixels=psd.with_its_alpha(found.pixels, data, path))


def _jpeg2000(data: bytes, pillow: Any, path: Location) -> Found:
    head = jpeg2000.header(data)
    check_size(head.width, head.height, path)
    if not head.usual:
        return Found(jpeg2000.read(data, head, path), pillow.Exif, 1)
    found = _by_pillow(BytesIO(data), pillow, path)
    if head.profile and not isinstance(found.pixels, Deep):
        found.pixels.info["icc_profile"] = head.profile
    return found


def _avif(data: bytes, pillow: Any, path: Location) -> Found:
    if not find_spec("PIL._avif"):
        raise PictureError(
            f"{path} is an AVIF, which this Pillow does not read: `pip install --upgrade pillow`, or save it as PNG"
        )
    bits = heif.avif_bits(data)
    if bits == 8:
        return _by_pillow(BytesIO(data), pillow, path)
    with pillow.open(BytesIO(data)) as opened:
        _check(opened, path)
        deep = heif.read_avif(data, bits, path)
        return Found(replace(deep, profile=opened.info.get("icc_profile")), opened.getexif)


def _all(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _exif_of(block: bytes) -> Image.Exif:
    from PIL import Image

    exif = Image.Exif()
    exif.load(block)
    return exif


def _exif_of_tiff(file: IO[bytes], place: int) -> Image.Exif:
    """The tags of the page of a TIFF whose directory is at `place`."""
    from PIL import Image

    exif = Image.Exif()
    file.seek(0)
    head = file.read(4)
    exif.endian, exif.bigtiff = "<" if head.startswith(b"II") else ">", b"+" in head
    exif.load_from_fp(file, place)
    return exif
