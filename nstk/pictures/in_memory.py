"""Pictures that are given in Python: arrays, images of Pillow's, and the bytes of picture files.

Each picture becomes an `Original` under a name that is made of its hash, such as `python:9f86d081884c7d65`, so that a recipe
can name it. The picture is found by that name as long as somebody holds the `Original`. The `Original` has a copy of the
picture: what the caller does to an array later changes nothing.
"""

from __future__ import annotations

import hashlib
import sys
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ..errors import PictureError
from .levels import of_one
from .original import Original
from .pixels import check_size
from .read import Decoded, Picture, decode_stream, from_image

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray
    from PIL import Image

    PictureLike = str | os.PathLike[str] | NDArray[Any] | Image.Image | bytes | IO[bytes]
    """A picture as `nstk.load_recipe` takes it."""

WANTED = "a picture is an array of height x width x 3 (or x 4, with alpha), uint8 or floats of 0..255"


def is_picture(value: Any) -> bool:
    """Whether a value is meant as a picture: an array with dimensions, an image of Pillow's, bytes, or a file to read."""
    numpy, pillow = sys.modules.get("numpy"), sys.modules.get("PIL.Image")  # what has not been imported cannot be given
    if numpy and isinstance(value, numpy.ndarray):
        return bool(value.ndim)
    return (
        isinstance(value, (bytes, bytearray, memoryview))
        or bool(pillow and isinstance(value, pillow.Image))
        or (callable(getattr(value, "read", None)) and not isinstance(value, type))
    )


def given(value: Any, words: str) -> Original:
    """The picture that a value is (see `is_picture`); messages call it `words`. Raises `PictureError`."""
    numpy, pillow = sys.modules.get("numpy"), sys.modules.get("PIL.Image")
    if numpy and isinstance(value, numpy.ndarray):
        return _of_array(value, words)
    if pillow and isinstance(value, pillow.Image):
        return _of_image(value, words)
    data = bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else _read(value, words)
    if not data:
        raise PictureError(f"{words} is empty (0 bytes): give the bytes of a picture file")
    sha256 = hashlib.sha256(data).hexdigest()
    return Original.known(sha256, lambda: _InFile(sha256, words, data))


class _Given(Original):
    """A picture that is not in a file."""

    def __init__(self, sha256: str, words: str):
        super().__init__(Path(Original.name_of(sha256)))
        self._hash, self._words = sha256, words

    @property
    def name(self) -> str:
        return self._words

    @property
    def sha256(self) -> str:
        return self._hash

    def _notice_changes(self) -> None:
        pass  # a picture in memory never changes


class _InFile(_Given):
    """The bytes of a picture file."""

    def __init__(self, sha256: str, words: str, data: bytes):
        super().__init__(sha256, words)
        self._data = data

    def _decode(self) -> Decoded:
        return decode_stream(BytesIO(self._data), self.name)


class _InImage(_Given):
    """An image of Pillow's."""

    def __init__(self, sha256: str, words: str, made: Decoded):
        super().__init__(sha256, words)
        self._made = made

    def _decoded(self) -> Decoded:
        return self._made


class _InArray(_Given):
    """An array of pixels, uint8 or float32."""

    def __init__(self, sha256: str, words: str, pixels: NDArray[Any]):
        super().__init__(sha256, words)
        self._pixels = pixels

    @property
    def size(self) -> tuple[int, int]:
        return self._pixels.shape[1], self._pixels.shape[0]

    def read(self) -> Picture:
        import numpy as np

        colours, alpha = np.array(self._pixels[..., :3], np.float32), None
        if self._pixels.shape[2] == 4 and self._pixels[..., 3].min() < 255:
            alpha = np.asarray(self._pixels[..., 3], np.float32) / np.float32(255)
        return Picture(colours, alpha, {})


def _of_array(array: NDArray[Any], words: str) -> Original:
    import numpy as np

    _check_array(array, words)
    whole = np.ascontiguousarray(array)
    digest = hashlib.sha256(f"{whole.dtype.str} {whole.shape}".encode())
    digest.update(whole.data.cast("B"))
    sha256 = digest.hexdigest()
    levels = np.uint8 if whole.dtype == np.uint8 else np.float32
    return Original.known(sha256, lambda: _InArray(sha256, words, np.array(whole, levels)))


def _check_array(array: NDArray[Any], words: str) -> None:
    """Refuse an array that is no picture with pixels of 0..255. Raises `PictureError`."""
    import numpy as np

    if array.ndim == 2:
        raise PictureError(f"{words} is an array of shape {array.shape}: make it three channels, `np.dstack([grey] * 3)`")
    if array.ndim != 3 or array.shape[2] not in (3, 4):
        raise PictureError(f"{words} is an array of shape {array.shape}: {WANTED}")
    if array.dtype != np.uint8 and array.dtype.kind != "f":
        raise PictureError(f"{words} is an array of {array.dtype}: {WANTED}")
    check_size(array.shape[1], array.shape[0], words)
    if array.dtype == np.uint8:
        return
    least, most = float(array.min()), float(array.max())  # NaN if any pixel is
    if not (np.isfinite(least) and np.isfinite(most)):
        raise PictureError(f"{words} has pixels that are NaN or infinite: {WANTED}")
    if least < 0 or most > 255:
        raise PictureError(
            f"{words} has values from {least:g} to {most:g}: pixels are 0..255, `array.clip(0, 255)` for example"
        )
    if of_one(array):
        what = "which is all black" if most <= 1 else "most of them below 1, which is almost black"
        raise PictureError(f"{words} has values from {least:g} to {most:g}, {what}: pixels are 0..255, `255 * array`")


def _of_image(image: Image.Image, words: str) -> Original:
    made = from_image(image, words)
    palette = image.palette.tobytes() if image.palette else b""
    told = [image.mode, image.size, made.orientation, made.exif, made.space, palette]
    told += [image.info.get(key) for key in ("transparency", "icc_profile")]
    digest = hashlib.sha256(repr(told).encode())
    digest.update(image.tobytes())
    sha256 = digest.hexdigest()
    return Original.known(sha256, lambda: _InImage(sha256, words, made))


def _read(file: Any, words: str) -> bytes:
    """All that is in a file-like object, read from its beginning if it can go back there."""
    with suppress(AttributeError, OSError, ValueError):
        file.seek(0)
    try:
        data = file.read()
    except Exception as error:  # the object may be of any class and raise anything
        raise PictureError(f"{words} cannot be read ({str(error) or type(error).__name__})") from error
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise PictureError(f"{words} reads as {type(data).__name__}, not as bytes: open the file with `open(path, 'rb')`")
    return bytes(data)
