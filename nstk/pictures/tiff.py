"""TIFF: which of its pages is the picture, and its pixels. tifffile reads all kinds of TIFF, and prints nothing.

Pictures of up to 8 bits become images of Pillow's, and deeper ones keep all their bits.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import repeat
from typing import IO, TYPE_CHECKING, Any

from ..errors import PictureError
from .high_depth import Deep
from .levels import scaled
from .notes import warn
from .pixels import MAX_PIXELS, check_size
from .small import LARGE, Boxes, side_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from ..files import Location


HEADS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the last two are BigTIFF, for files above 4 GB


_INVERTED, _GREY, _COLOURS, _PALETTE, _PRINT, _YCBCR, _LAB = 0, 1, 2, 3, 5, 6, 8
"""The meanings of a TIFF's numbers: grey with 0 for white, grey with 0 for black, RGB, and so on."""


_CHANNELS = {_INVERTED: 1, _GREY: 1, _COLOURS: 3, _PALETTE: 1, _PRINT: 4, _YCBCR: 3, _LAB: 3}
"""How many channels of colour each of them has."""


_NAMES = {_PALETTE: "a palette", _PRINT: "CMYK", _YCBCR: "YCbCr", _LAB: "Lab"}


_JPEG = (6, 7)
"""The compressions that decode to RGB where the numbers are YCbCr, and that know nothing of Lab."""


_SENSOR = (32803, 34892)
"""The meanings of the numbers in a camera's raw file."""


_PREMULTIPLIED, _STRAIGHT = 1, 2
"""The two kinds of alpha that a TIFF's channel after the colours may be."""


_SUBFILE, _OLD_SUBFILE, _MAKE, _TURN, _LARGEST, _CAMERA, _PROFILE, _DNG = 254, 255, 271, 274, 341, 34665, 34675, 50706
"""The tags that hold what a page is for, a camera's make, the orientation, the largest sample, a camera's notes, the profile,
and DNG's version."""


_ROWS = 256
"""How many rows are looked at in one go where a large picture is made small."""


_MOST_PAGES = 100
"""How many pages are looked at to find the picture."""


_RAW = {"NIKON": "NEF", "SONY": "ARW", "PENTAX": "PEF", "RICOH": "PEF", "SAMSUNG": "SRW", "CANON": "CR2", "KODAK": "DCR"}
"""What the raw files of cameras are called, by the make."""


def read(file: IO[bytes], path: Location, edge: int | None = None) -> tuple[Image.Image | Deep, int, int]:
    """The picture of a TIFF, as it lies in the file, its orientation, and where the tags are that belong to it.

    A page beside the first one may have none of a camera's notes: then those of the first one hold. With an `edge`, a large
    picture is made small, to about twice that, while its parts are read one by one.
    """
    import tifffile

    file.seek(0)
    with tifffile.TiffFile(file) as tiff:
        page = _picture(tiff, path)
        large = edge is not None and _area(page) > LARGE
        _check_page(page, tiff.filehandle.size, path, most=math.inf if large else MAX_PIXELS)
        turn = page.tags.valueof(_TURN, 1)
        made = _pixels(_small(page, edge, path) if edge and large else _whole(page, path), page, path)
        noted = page if _CAMERA in page.tags else tiff.pages.first
        return made, turn if turn in range(1, 9) else 1, int(noted.offset if _CAMERA in noted.tags else page.offset)


def _picture(tiff: Any, path: Location) -> Any:
    """The page that holds the picture: not a thumbnail, not a mask."""
    pages = _pages(tiff)
    first = pages[0]
    if first.tags.valueof(_DNG) or any(page.photometric in _SENSOR for page in pages):
        make = str(first.tags.valueof(_MAKE, "")).upper()
        kind = "DNG" if first.tags.valueof(_DNG) else next((_RAW[name] for name in _RAW if make.startswith(name)), "")
        raise raw(path, kind)
    whole = [page for page in pages if not _is_aside(page)]
    if not whole:
        return max(pages, key=lambda page: page.imagewidth * page.imagelength)
    if len(whole) > 1:
        page, largest = whole[0], max(whole, key=lambda page: page.imagewidth * page.imagelength)
        size = f"{page.imagewidth} x {page.imagelength}"
        more = f"; the largest is {largest.imagewidth} x {largest.imagelength}" if _area(largest) > _area(page) else ""
        warn(f"{path} holds {len(whole)} pictures: the first is read, {size} pixels{more}")
    return whole[0]


def raw(path: Location, kind: str) -> PictureError:
    """The error for a camera's raw file of a kind, such as DNG."""
    of = f" ({kind})" if kind else ""
    return PictureError(
        f"{path} is the raw file of a camera{of}: develop it, in darktable for example, and save it as TIFF, PNG or JPEG"
    )


def _pages(tiff: Any) -> list[Any]:
    """The pages of a TIFF and those that are kept beside them; as many as can be read."""
    found = [tiff.pages.first]
    try:
        for place, page in enumerate(tiff.pages):
            if place:
                found.append(page)
            if page.subifds:
                found += list(page.pages)[:_MOST_PAGES]
            if len(found) > _MOST_PAGES:
                break
    except Exception:  # the pages that are whole are enough
        pass
    return found


def _area(page: Any) -> int:
    return int(page.imagewidth * page.imagelength)


def _is_aside(page: Any) -> bool:
    """Whether a page is a thumbnail (1) or a mask (4), or by the older tag a thumbnail (2)."""
    return bool(int(page.tags.valueof(_SUBFILE, 0)) & 5) or page.tags.valueof(_OLD_SUBFILE) == 2


def _check_page(page: Any, size: int, path: Location, most: float) -> None:
    """Refuse a page that is no picture, has absurd tiles, or misses one, before it is read: tifffile would fill in zeros.

    The end of the last part may lie behind the file's, for some writers count too much; its decoder finds what is missing.
    """
    check_size(page.imagewidth, page.imagelength, path, most)
    if page.photometric == _LAB and page.compression in _JPEG:
        raise PictureError(f"{path} is a TIFF of Lab in JPEG: save it as RGB, or as PNG")
    if page.photometric not in _CHANNELS or page.imagedepth != 1 or page.samplesperpixel < _CHANNELS[page.photometric]:
        raise PictureError(f"{path} is a TIFF of another kind than grey, RGB, CMYK or Lab: save it as one of these, or as PNG")
    if max(math.prod(page.shape) * (most == MAX_PIXELS), math.prod(page.chunks)) > 4 * MAX_PIXELS:
        raise PictureError(f"{path} has tiles or channels beyond measure: save it again, as PNG")
    starts, counts = page.dataoffsets, page.databytecounts
    ends = [start + count for start, count in zip(starts, counts, strict=False)]
    few = len(starts) != len(counts) or len(ends) < math.prod(page.chunked)
    if few or min(starts) < 1 or min(counts) < 1 or max(starts) >= size:
        raise ValueError("a part of it is missing")
    if page.compression in _JPEG[1:] and not all(map(_is_ended, repeat(page.parent.filehandle), ends)):
        raise ValueError("a part of it is cut short")


def _is_ended(file: Any, end: int) -> bool:
    """Whether a JPEG that goes to a place in a file has the mark of its end: a decoder would fill in grey without."""
    file.seek(max(0, end - 16))
    return b"\xff\xd9" in file.read(16)


@contextmanager
def _decoding(path: Location) -> Iterator[None]:
    """Turn the decoder's own refusal of a kind of TIFF into a sentence."""
    try:
        yield
    except NotImplementedError as error:
        raise PictureError(f"{path} is a kind of TIFF that is not read ({error}): save it again, as RGB or as PNG") from None


def _whole(page: Any, path: Location) -> NDArray[Any]:
    """The numbers of a page: height x width x channels."""
    with _decoding(path):
        return _in_order(page.asarray(), page)


def _small(page: Any, edge: int, path: Location) -> NDArray[Any]:
    """The numbers of a large page, made small part by part. Raises `PictureError` where the page is one part."""
    side = side_of(page.imagewidth, page.imagelength, edge)
    if not page.is_memmappable and math.prod(page.chunks[:2]) > LARGE:
        raise PictureError(
            f"{path} is a TIFF in one piece, which is not opened for a small picture: save it in strips or tiles"
        )
    levels = page.photometric != _PALETTE and page.bitspersample >= 8
    size = page.imagelength, page.imagewidth, page.samplesperpixel
    boxes = Boxes(size, side, page.dtype, mean=levels)
    with _decoding(path):
        if page.is_memmappable:  # in one piece, but one that lies in the file as it would in memory
            mapped = _in_order(page.asarray(out="memmap"), page)
            for top in range(0, page.imagelength, _ROWS):
                boxes.add(mapped[top : top + _ROWS], top)
        else:
            for part, (channel, _, top, left, _), (_, high, wide, _) in page.segments(maxworkers=1):
                boxes.add(part[0, :high, :wide], top, left, channel)
    return boxes.pixels()


def _in_order(numbers: NDArray[Any], page: Any) -> NDArray[Any]:
    """The numbers of a page as height x width x channels."""
    import numpy as np

    numbers = np.moveaxis(numbers, 0, -1) if page.axes == "SYX" else numbers
    return numbers.reshape(page.imagelength, page.imagewidth, page.samplesperpixel)


def _pixels(numbers: NDArray[Any], page: Any, path: Location) -> Image.Image | Deep:
    """The numbers of a page (height x width x channels) as pixels, with the colour profile."""
    wanted, profile = _CHANNELS[page.photometric], page.tags.valueof(_PROFILE)
    extra = int(page.extrasamples[0]) if page.extrasamples else _STRAIGHT if numbers.shape[2] == wanted + 1 else 0
    alpha = extra in (_PREMULTIPLIED, _STRAIGHT) and numbers.shape[2] > wanted
    if page.photometric in (_INVERTED, _GREY, _COLOURS) and not (
        numbers.dtype.kind in "bu" and page.bitspersample in (1, 2, 4, 8)
    ):
        told = page.tags.valueof(_LARGEST)
        told = max(told) if isinstance(told, tuple) else told
        deep = scaled(numbers, page.bitspersample, wanted, alpha, path, premultiplied=extra == _PREMULTIPLIED, told=told)
        return Deep(1 - deep.colours if page.photometric == _INVERTED else deep.colours, deep.alpha, profile)
    image = _shallow(numbers, page, wanted, extra if alpha else 0, path)
    if profile:
        image.info["icc_profile"] = profile
    return image


def _shallow(numbers: NDArray[Any], page: Any, wanted: int, extra: int, path: Location) -> Image.Image:
    """Numbers (height x width x channels) of up to 8 bits, or of a kind that is read at 8 bits, as an image."""
    import numpy as np

    kind, bits = page.photometric, page.bitspersample
    if kind == _YCBCR and page.compression in _JPEG:
        kind = _COLOURS
    if kind == _PALETTE and page.colormap is not None and numbers.dtype.kind in "bu":
        numbers, wanted, kind, extra = _looked_up(numbers[..., 0], page.colormap), 3, _COLOURS, 0
    elif kind == _LAB and numbers.dtype.itemsize == 2:
        signed = numbers[..., 1:3].view(np.int16)
        numbers = np.rint(np.concatenate([numbers[..., :1] / 257, signed / 256], axis=2))
        numbers = numbers.clip([0, -128, -128], [255, 127, 127]).astype(np.int16).astype(np.uint8)
    elif kind == _PRINT and numbers.dtype == np.uint16:
        numbers = np.rint(numbers / (2**bits - 1) * 255).astype(np.uint8)
    elif numbers.dtype == bool or (numbers.dtype == np.uint8 and bits in (1, 2, 4)):
        numbers = numbers.astype(np.uint8) * np.uint8(255 // (2**bits - 1))
    if numbers.dtype != np.uint8:
        raise PictureError(f"{path} is a TIFF of {_NAMES[page.photometric]} in {numbers.dtype}: save it as RGB, or as PNG")
    if kind == _INVERTED:
        numbers = np.dstack([255 - numbers[..., :1], numbers[..., 1:]])
    return _image(numbers[..., : wanted + bool(extra)], kind, extra)


def _looked_up(places: NDArray[Any], colormap: NDArray[Any]) -> NDArray[Any]:
    """The colours of a palette, whose levels are 0..65535; of some old programs 0..255."""
    import numpy as np

    levels = colormap if colormap.max() <= 255 else colormap >> 8
    return np.moveaxis(levels.astype(np.uint8)[:, places.astype(np.intp)], 0, -1)


def _image(numbers: NDArray[Any], kind: int, extra: int) -> Image.Image:
    """Levels of 8 bits (height x width x channels) as an image."""
    import numpy as np
    from PIL import Image

    mode = {_PRINT: "CMYK", _YCBCR: "YCbCr", _LAB: "LAB"}.get(kind, "L" if kind in (_INVERTED, _GREY) else "RGB")
    if extra and mode in ("L", "RGB"):
        mode += "a" if extra == _PREMULTIPLIED else "A"
    else:
        numbers = numbers[..., : {"L": 1, "CMYK": 4}.get(mode, 3)]
    data = np.ascontiguousarray(numbers).tobytes()
    return Image.frombytes(mode, numbers.shape[1::-1], data, "raw", mode)
