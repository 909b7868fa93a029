"""Picture files to arrays.

A file may hold a palette, 16 bits, a printer's CMYK, another colour profile, or a picture of a camera turned sideways. The
array is always RGB in sRGB, 0..255, upright. numpy and Pillow are imported where they are used.
"""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISDIR, S_ISFIFO, S_ISREG, S_ISSOCK
from typing import IO, TYPE_CHECKING, Any

from ..errors import PictureError
from ..files import NOT_THERE, trouble
from ..hints import suggest
from . import high_depth
from .colour_space import Space
from .colour_told import source, told
from .exif import kept, orientation
from .formats import Found, copied, read_file
from .icc import deep_to_srgb, to_srgb
from .notes import warn
from .pixels import MAX_PIXELS, check_size, too_large, upright

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from ..files import Location


_PILLOW = threading.RLock()


@dataclass(frozen=True, eq=False)
class Picture:
    """What is read from a picture file."""

    colours: NDArray[np.float32] = field(repr=False)
    """The colours: height x width x 3, 0..255, straight. In transparent parts they are those that the file has there."""
    alpha: NDArray[np.float32] | None = field(repr=False)
    """The transparency: height x width, from 0 (transparent) to 1; None if the whole picture is opaque."""
    exif: dict[int, Any] = field(repr=False)
    """The EXIF tags that hold for a picture made from this one (see `pictures/exif.py`)."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.colours.shape[1], self.colours.shape[0]


@dataclass(frozen=True, eq=False)
class Decoded:
    """A picture as it lies in its file, in the file's own colours."""

    pixels: Image.Image | high_depth.Deep
    orientation: int = 1
    exif: dict[int, Any] = field(default_factory=dict)
    space: Space | bytes | None = None
    """The colour space that is told in numbers, or an ICC profile; None where the profile in `pixels` holds, if any."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, upright."""
        width, height = self.pixels.size
        return (height, width) if self.orientation >= 5 else (width, height)

    @property
    def bytes(self) -> int:
        """How many bytes of memory the picture takes."""
        if isinstance(self.pixels, high_depth.Deep):
            return self.pixels.colours.nbytes + (self.pixels.alpha.nbytes if self.pixels.alpha is not None else 0)
        return self.pixels.width * self.pixels.height * len(self.pixels.getbands())


def decode(path: Location, name: str, edge: int | None = None) -> Decoded:
    """The whole picture of a file that messages call `name`; for an `edge` in pixels see `read_file`. Raises `PictureError`."""
    check_file(path, name)
    with blaming(name), open(path, "rb") as file:
        return decode_stream(file, name, edge)


def decode_stream(file: IO[bytes], name: str, edge: int | None = None) -> Decoded:
    """The whole picture of an open file that messages call `name`. Raises `PictureError`."""
    with quiet_pillow() as pillow, blaming(name):
        return _with_notes(read_file(file, pillow, name, edge), file, name)


def from_image(image: Image.Image, name: str) -> Decoded:
    """A copy of an image of Pillow's that messages call `name`. Raises `PictureError`."""
    with quiet_pillow(), blaming(name):
        check_size(image.width, image.height, name)
        file = source(image)
        return _with_notes(Found(copied(image, name), image.getexif), file, name)


def converted(decoded: Decoded, name: str) -> Picture:
    """A decoded picture in sRGB, upright. Raises `PictureError`."""
    import numpy as np

    with blaming(name):
        pixels, turn = decoded.pixels, decoded.orientation
        space = decoded.space
        colours, alpha = _deep(pixels, space, name) if isinstance(pixels, high_depth.Deep) else _shallow(pixels, space, name)
        opaque = alpha is None or bool(alpha.min() == 1)
        if alpha is not None and alpha.max() == 0:
            warn(f"{name} is transparent everywhere: if it should not be, save it without transparency")
        colours = np.ascontiguousarray(upright(colours, turn))
        return Picture(colours, None if alpha is None or opaque else upright(alpha, turn), decoded.exif)


def _with_notes(found: Found, file: IO[bytes] | None, name: str) -> Decoded:
    """A picture with what is told of it: how it lies, a camera's notes, its colour space."""
    pixels, tags, turn, notes = found.pixels, None, 1, {}
    info: Any = {} if isinstance(pixels, high_depth.Deep) else pixels.info
    profile = pixels.profile if isinstance(pixels, high_depth.Deep) else info.get("icc_profile")
    with suppress(Exception):  # a broken block is no reason to refuse a picture
        tags = found.exif()
        turn, notes = orientation(tags), kept(tags)
    space = found.space or told(found.file or file, info, tags, profile, name)
    if isinstance(space, Space) and space.is_hdr:
        warn(f"{name} is brighter than paper ({space.name}): its light is brought down to sRGB, and 1000 cd/m2 become white")
    if not isinstance(pixels, high_depth.Deep) and pixels.mode == "CMYK" and not (profile or isinstance(space, bytes)):
        warn(f"{name} is in CMYK without a colour profile, so its colours are a guess: save it as sRGB")
    return Decoded(pixels, found.turn or turn, notes, space)


def _shallow(
    picture: Image.Image, space: Space | bytes | None, path: Location
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Colours and alpha of a picture of 8 bits or 1 bit a channel."""
    import numpy as np

    grey = picture.mode in ("1", "L", "LA", "La")
    profile, alpha = space if isinstance(space, bytes) else picture.info.get("icc_profile"), None
    if picture.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in picture.info:
        picture = (picture.convert("LA") if picture.mode == "La" else picture).convert("RGBA")
        alpha = np.asarray(picture.getchannel("A"), np.float32) / np.float32(255)
    if picture.mode not in ("CMYK", "LAB"):
        picture = picture.convert("L" if grey else "RGB")
    if isinstance(space, Space) and picture.mode in ("L", "RGB"):
        if not space.is_srgb:
            return 255 * space.to_srgb(np.atleast_3d(np.asarray(picture))), alpha
        profile = None
    return np.asarray(to_srgb(picture, profile, path), np.float32), alpha


def _deep(
    picture: high_depth.Deep, space: Space | bytes | None, path: Location
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Colours and alpha of a deep picture."""
    if isinstance(space, Space) and not space.is_srgb:
        return 255 * space.to_srgb(picture.colours), picture.alpha
    profile = None if isinstance(space, Space) else space or picture.profile
    return 255 * deep_to_srgb(picture.colours, profile, path), picture.alpha


def check_file(path: Location, name: str) -> None:
    """Raise a `PictureError` unless there is a file with something in it."""
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # a name with a NUL raises ValueError
        if (why := trouble(Path(path))) not in ("", NOT_THERE):
            raise PictureError(f"{name} {why}: name another file") from None
        hint = "check its name and its folder"
        with suppress(OSError, ValueError):
            hint = suggest(Path(path).name, os.listdir(Path(path).parent)) or hint
        raise PictureError(f"no file {name}: {hint}") from None
    except OSError as error:
        raise PictureError(f"{name} cannot be read ({error.strerror}): check its name and its permissions") from None
    if S_ISFIFO(status.st_mode) or S_ISSOCK(status.st_mode):
        raise PictureError(f"{name} is a pipe, which can be read only once: save the picture to a file, and name that")
    if not S_ISREG(status.st_mode):
        raise PictureError(f"{name} is a {'folder' if S_ISDIR(status.st_mode) else 'device'}: name a picture file")
    if not status.st_size:
        raise PictureError(f"{name} is empty (0 bytes): save or download it again")


@contextmanager
def quiet_pillow() -> Iterator[Any]:
    """`PIL.Image` with a limit of `MAX_PIXELS` and without warnings, for what matters is raised. The end undoes all of it."""
    from PIL import Image

    loggers = [logging.getLogger(name) for name in ("PIL", "tifffile")]
    with _PILLOW, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        most, levels = Image.MAX_IMAGE_PIXELS, [logger.level for logger in loggers]
        Image.MAX_IMAGE_PIXELS = MAX_PIXELS
        try:
            for logger in loggers:
                logger.setLevel(logging.CRITICAL + 1)
            yield Image
        finally:
            Image.MAX_IMAGE_PIXELS = most
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


@contextmanager
def blaming(path: Location) -> Iterator[None]:
    """Turn whatever a decoder raises into a `PictureError` that names the file. Decoders raise many kinds of exceptions."""
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except PictureError:
        raise
    except Image.DecompressionBombError:
        raise too_large(path) from None
    except UnidentifiedImageError:
        raise PictureError(f"{path} is damaged, or no picture that Pillow can read: save it again, as PNG or JPEG") from None
    except PermissionError as error:
        raise PictureError(f"{path} cannot be read ({error.strerror}): check its permissions") from None
    except MemoryError:
        raise PictureError(f"{path} does not fit into memory: make it smaller first") from None
    except Exception as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise PictureError(f"{path} is cut short or damaged ({why}): save or download it again") from error
