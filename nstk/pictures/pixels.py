"""Arrays of pixels: their sizes, number types and orientations.

A picture is height x width x 3, RGB in sRGB, 0..255. numpy and Pillow are imported where they are used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import PictureError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from ..files import Location


if TYPE_CHECKING:
    Levels = TypeVar("Levels", np.uint8, np.uint16)


MIN_SIDE = 16  # in pixels; the deepest layers of VGG-19 have one position for each 16 pixels, and need one


MAX_PIXELS = 300_000_000  # 3.6 GB as float32 and more than cameras take: a larger size is a mistake or an attack


def check_size(width: int, height: int, path: Location, most: float = MAX_PIXELS) -> None:
    """Refuse a picture file by the size in its header, before any of it is decoded. Raises `PictureError`."""
    if min(width, height) < MIN_SIDE:
        raise PictureError(f"{path} is {width} x {height} pixels: at least {MIN_SIDE} x {MIN_SIDE} are needed")
    if width * height > most:
        raise too_large(path)


def too_large(path: Location) -> PictureError:
    """The error for a picture of more than `MAX_PIXELS`."""
    return PictureError(f"{path} has more than {MAX_PIXELS // 10**6} million pixels: make it smaller first")


def fit(width: int, height: int, long_edge: int) -> tuple[int, int]:
    """Width and height in pixels with this long edge and the aspect kept. Halves are rounded up, and no edge is below 1."""
    longest = max(width, height)
    short_edge = max(1, (2 * min(width, height) * long_edge + longest) // (2 * longest))
    return (long_edge, short_edge) if width >= height else (short_edge, long_edge)


def scaled(size: Sequence[int], long_edge: int, times: float) -> tuple[int, int]:
    """Width and height of a picture of this size whose long edge becomes so many times `long_edge`, in whole pixels."""
    return fit(size[0], size[1], max(1, round(long_edge * times)))


def fits(size: tuple[int, int], aspect: tuple[int, int]) -> bool:
    """Whether a width and height in pixels have an aspect, but for the rounding of an edge to whole pixels."""
    return max(abs(one - other) for one, other in zip(fit(*aspect, max(size)), size, strict=True)) <= 1


def resize(picture: NDArray[np.floating[Any]], width: int, height: int) -> NDArray[np.float32]:
    """A picture in another size, by Lanczos: from height x width x channels, 0..255, in any float type, to float32, 0..255.

    `width` and `height` are in pixels, at least 1, and the aspect becomes theirs. Lanczos overshoots beside edges, and what is
    below 0 or above 255 is cut off. The result is always a new array, and a copy if the picture has this size already. Raises
    `ValueError` for a size below 1.
    """
    import numpy as np
    from PIL import Image

    if picture.shape[:2] == (height, width):
        return np.array(picture, np.float32)
    lanczos = Image.Resampling.LANCZOS
    resized = np.empty((height, width, picture.shape[-1]), np.float32)  # filled in place, for copies of large pictures count
    for channel in range(picture.shape[-1]):
        resized[..., channel] = resampled(picture[..., channel], width, height, lanczos)
    return np.clip(resized, 0, 255, out=resized)  # Lanczos overshoots beside edges


def resampled(plane: NDArray[Any], width: int, height: int, how: Image.Resampling) -> NDArray[np.float32]:
    """One channel (height x width) in another size, given in pixels; float32."""
    import numpy as np
    from PIL import Image

    return np.asarray(Image.fromarray(np.ascontiguousarray(plane, np.float32)).resize((width, height), how))


def to_uint8(picture: NDArray[Any]) -> NDArray[np.uint8]:
    """A picture of 0..255 in any number type, rounded and clipped to uint8. The shape stays."""
    import numpy as np

    return _rounded(picture, np.uint8)


def to_uint16(picture: NDArray[Any]) -> NDArray[np.uint16]:
    """A picture of 0..255 in any number type as levels of 0..65535, rounded and clipped to uint16. The shape stays."""
    import numpy as np

    return _rounded(picture, np.uint16)


def _rounded(picture: NDArray[Any], levels: type[Levels]) -> NDArray[Levels]:
    """A picture of 0..255 as the levels of a number type. It goes row by row: copies of a large picture take much memory."""
    import numpy as np

    made = np.empty(picture.shape, levels)
    most = np.iinfo(levels).max
    for row, pixels in zip(made, picture, strict=True):
        row[...] = np.rint(np.multiply(pixels, most // 255, dtype=np.float32)).clip(0, most)
    return made


def upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Pixels (height x width x ...) turned upright, from a file whose EXIF orientation is 1 to 8."""
    turned = pixels.swapaxes(0, 1) if orientation >= 5 else pixels
    return turned[:: -1 if orientation in (3, 4, 7, 8) else 1, :: -1 if orientation in (2, 3, 6, 7) else 1]
