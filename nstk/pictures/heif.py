"""HEIC and AVIF, which are HEIF with another codec each: which of them a file is, and pixels of more than 8 bits."""

from __future__ import annotations

import struct
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

from ..errors import PictureError
from .boxes import inside
from .high_depth import Deep
from .levels import scaled
from .pixels import check_size

if TYPE_CHECKING:
    from PIL import Image

    from ..files import Location


_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_ANY = {b"mif1", b"mif2", b"msf1", b"miaf", b"jpeg", b"j2ki"}
_AVIF = {b"avif", b"avis"}


def codec(head: bytes) -> str | None:
    """`heic` or `avif`, by the brands at the beginning of a file."""
    if head[4:8] != b"ftyp":
        return None
    size = struct.unpack_from(">I", head)[0]
    brands = {head[8:12], *(head[place : place + 4] for place in range(16, min(size, len(head)), 4))}
    if brands & _AVIF:
        return "avif"
    return "heic" if brands & _HEIC or head[8:12] in _ANY else None


def avif_bits(data: bytes) -> int:
    """The bits of a channel of an AVIF."""
    said = inside(data, b"av1C")
    if not said or len(said) < 3:
        return 8
    return 8 if not said[2] & 64 else 12 if said[2] & 32 else 10


def read_avif(data: bytes, bits: int, path: Location) -> Deep:
    """The pixels of an AVIF of more than 8 bits, as they lie in the file."""
    import imagecodecs

    numbers = imagecodecs.avif_decode(data, index=0)
    numbers = numbers if numbers.ndim == 3 else numbers[..., None]
    return scaled(numbers, bits, 1 if numbers.shape[2] < 3 else 3, numbers.shape[2] % 2 == 0, path)


def read_heic(data: bytes, path: Location) -> tuple[Image.Image | Deep, bytes]:
    """The first picture of a HEIC, upright, and its block of EXIF."""
    try:
        import pillow_heif
    except ImportError:
        raise PictureError(
            f'{path} is a HEIC, which is read with one more package: `pip install "nstk-styletransfer[heic]"`, '
            "or save it as JPEG or PNG"
        ) from None
    import numpy as np
    from PIL import Image

    opened: Any = pillow_heif.open_heif(BytesIO(data), convert_hdr_to_8bit=False, hdr_to_16bit=False)
    check_size(opened.size[0], opened.size[1], path)
    exif, profile, bits = opened.info.get("exif") or b"", opened.info.get("icc_profile"), opened.info.get("bit_depth", 8)
    numbers, multiplied = np.atleast_3d(np.asarray(opened)), bool(getattr(opened, "premultiplied_alpha", False))
    alpha = numbers.shape[2] % 2 == 0
    if numbers.dtype != np.uint8:
        made = scaled(numbers, bits, 1 if numbers.shape[2] < 3 else 3, alpha, path, premultiplied=alpha and multiplied)
        return replace(made, profile=profile), exif
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[numbers.shape[2]]
    mode = mode.replace("A", "a") if multiplied else mode
    image = Image.frombytes(mode, numbers.shape[1::-1], np.ascontiguousarray(numbers).tobytes(), "raw", mode)
    if profile:
        image.info["icc_profile"] = profile
    return image, exif
