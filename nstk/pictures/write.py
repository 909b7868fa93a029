"""Arrays to picture files, which are written whole or not at all and tagged as sRGB.

numpy and Pillow are imported where they are used.
"""

from __future__ import annotations

import struct
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import OutputError
from ..files import write_whole
from ..hints import suggest
from . import high_depth
from .alpha import over_white, resize_alpha
from .exif import Tags, block, sized
from .icc import srgb
from .metadata import KEYWORD, XMP_OF_TIFF, with_comment, xmp
from .pixels import to_uint8, to_uint16

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..files import Location


FORMATS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG"},
    **{suffix: {"format": "JPEG", "quality": 95, "subsampling": 0} for suffix in (".jpg", ".jpeg")},  # 0 means 4:4:4
    **{suffix: {"format": "TIFF"} for suffix in (".tif", ".tiff")},
    ".bmp": {"format": "BMP"},
    ".webp": {"format": "WEBP", "quality": 90, "exact": True},  # keeps colours under transparency
}
"""What Pillow is told when it writes a file, by the file's suffix. Formats with a `quality` lose some of the picture."""


if find_spec("PIL._avif"):  # asks like `PIL.features.check("avif")`, but imports less
    FORMATS[".avif"] = {"format": "AVIF", "quality": 85}


OPAQUE = ("JPEG", "BMP")
"""The formats without transparency. Pictures in these formats are laid over white."""


DEEP = ("PNG", "TIFF")
"""The formats that hold 16 bits a channel."""


def check_output(path: Location, quality: int | None = None) -> None:
    """Raise `OutputError` unless the suffix names a format that can be written, and the quality (if any) is 1 to 100."""
    suffix = Path(path).suffix
    if suffix.lower() not in FORMATS:
        what = f"cannot write `{suffix}` pictures" if suffix else "the name has no suffix that says the format"
        hint = suggest(suffix, FORMATS) if suffix else ""
        raise OutputError(f"{path}: {what}; {hint + ' ' * bool(hint)}the formats are {', '.join(FORMATS)}")
    if quality is not None and not 1 <= quality <= 100:
        raise OutputError(f"{path}: quality {quality} is not between 1 and 100")


def holds(path: Location, depth: int) -> bool:
    """Whether the format that a suffix names can have so many bits a channel."""
    return depth == 8 or (depth == 16 and FORMATS.get(Path(path).suffix.lower(), {}).get("format") in DEEP)


def write_picture(
    picture: NDArray[Any],
    path: Location,
    quality: int | None = None,
    *,
    depth: int = 8,
    alpha: NDArray[np.float32] | None = None,
    exif: Tags | None = None,
    made: str = "",
    force: bool = False,
) -> None:
    """Write a picture (height x width x 3, 0..255, float or uint8), whole or not at all. The suffix says in which format.

    `quality` is 1 to 100, for JPEG, WebP and AVIF. `depth` is the bits a channel: 8, or 16 for PNG and TIFF. `alpha` (height x
    width, 0..1) is brought to the picture's size; JPEG and BMP have no alpha and get white paper. `exif` are tags as
    `pictures/exif.py` has them. `made` is a text that says how the picture was made, see `pictures/metadata.py`; BMP has no
    place for it. `force` replaces a file that is read-only. Raises `OutputError`.
    """
    import numpy as np

    check_output(path, quality)
    if not holds(path, depth):
        raise OutputError(f"{path}: {depth} bits a channel; PNG and TIFF hold 8 or 16, the other formats 8")
    options = dict(FORMATS[Path(path).suffix.lower()])
    if quality is not None and "quality" in options:
        options["quality"] = quality
    height, width = picture.shape[:2]
    if alpha is not None:
        alpha = resize_alpha(alpha, width, height)
        opaque = options["format"] in OPAQUE
        picture = over_white(picture, alpha) if opaque else np.concatenate([picture, 255 * alpha[..., None]], axis=-1)
    try:
        tags = sized(exif or {}, width, height)
        data = (_deep if depth == 16 else _shallow)(picture, options, _told(tags, made, options, path), made)
    except (OSError, ValueError, struct.error) as error:  # the picture may be too large for the format
        raise OutputError(f"cannot write {path}, {width} x {height} pixels ({error}): try PNG") from error
    write_whole(path, data, force=force)


def _told(tags: Tags, made: str, options: dict[str, Any], path: Location) -> Tags:
    """The tags with the text that says how the picture was made, in the formats whose tags hold it."""
    if made and options["format"] == "JPEG":
        return with_comment(tags, made, path)
    return {**tags, XMP_OF_TIFF: xmp(made)} if made and options["format"] == "TIFF" else tags


def _shallow(picture: NDArray[Any], options: dict[str, Any], exif: Tags, made: str) -> bytes:
    """A picture (height x width x 3 or 4) in a file of 8 bits a channel."""
    from PIL import Image, PngImagePlugin

    if made and options["format"] == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_itxt(KEYWORD, made)
    elif made and options["format"] in ("WEBP", "AVIF"):
        options["xmp"] = xmp(made)
    if exif and options["format"] == "TIFF":
        options["tiffinfo"] = exif  # from a block, Pillow would make ASCII
    elif exif:
        options["exif"] = block(exif)
    buffer = BytesIO()
    Image.fromarray(to_uint8(picture)).save(buffer, icc_profile=srgb(), **options)
    return buffer.getvalue()


def _deep(picture: NDArray[Any], options: dict[str, Any], exif: Tags, made: str) -> bytes:
    """A picture (height x width x 3 or 4) in a file of 16 bits a channel."""
    if options["format"] == "PNG":
        return high_depth.png(to_uint16(picture), srgb(), exif, {KEYWORD: made} if made else {})
    return high_depth.tiff(to_uint16(picture), srgb(), exif)
