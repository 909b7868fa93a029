"""Pictures: files to arrays and back.

Everywhere in nstk a picture is an array height x width x 3, RGB in sRGB, 0..255, upright. Whatever else a file holds (a
palette, transparency, 16 bits, a printer's CMYK, another colour profile, a camera turned sideways) is undone when it is read.
A file is written whole or not at all. numpy and Pillow are imported where they are used.
"""

from __future__ import annotations

import difflib
import logging
import os
import secrets
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import TYPE_CHECKING, Any

from .errors import OutputError, PictureError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    Location = str | os.PathLike[str]

log = logging.getLogger("nstk")

MIN_SIDE = 16  # pixels: the deepest layers of VGG-19 see one position for each 16 pixels, and need one
MAX_PIXELS = 300_000_000  # 3.6 GB as float32, and more than large cameras take: above it a header is a mistake or an attack

FORMATS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG"},
    **{suffix: {"format": "JPEG", "quality": 95, "subsampling": 0} for suffix in (".jpg", ".jpeg")},  # 4:4:4 chroma
    **{suffix: {"format": "TIFF"} for suffix in (".tif", ".tiff")},
    ".bmp": {"format": "BMP"},
    ".webp": {"format": "WEBP", "quality": 90},
}
"""Suffix -> what Pillow is told when it writes such a file; those with a `quality` lose some of the picture."""
if find_spec("PIL._avif"):  # what `PIL.features.check("avif")` asks, without importing half of Pillow
    FORMATS[".avif"] = {"format": "AVIF", "quality": 85}

# What puts a picture of EXIF orientation 2 to 8 upright.
_TURNS = ["FLIP_LEFT_RIGHT", "ROTATE_180", "FLIP_TOP_BOTTOM", "TRANSPOSE", "ROTATE_270", "TRANSVERSE", "ROTATE_90"]
_SPACES = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK", "Lab": "LAB"}  # colour space of a profile -> Pillow's mode
_PILLOW = threading.RLock()


def read_picture(path: Location) -> NDArray[np.float32]:
    """The picture of a file: height x width x 3, float32, 0..255, sRGB, upright, transparent parts over white.

    Of an animation, the first frame. Raises `PictureError` with one sentence that names the file.
    """
    import numpy as np

    picture = _decode(path)
    with _blaming(path):
        return _deep(picture, path) if picture.mode[0] in "IF" else np.asarray(_to_rgb(picture, path), np.float32)


def check_picture(path: Location) -> tuple[int, int]:
    """Width and height of a picture in pixels, upright; decodes it all, and raises what `read_picture` would."""
    return _decode(path).size


READABLE = (
    "AVIF",
    "BMP",
    "GIF",
    "ICO",
    "JPEG",
    "JPEG2000",
    "MPO",
    "PCX",
    "PNG",
    "PPM",
    "PSD",
    "QOI",
    "SGI",
    "TGA",
    "TIFF",
    "WEBP",
)
"""What Pillow may decode. It knows more kinds, whatever the file is called, and hands some to programs such as Ghostscript."""


def _decode(path: Location) -> Image.Image:
    """The whole picture of a file, upright, in the colours that the file has."""
    _check_file(path)
    with _quiet_pillow() as pillow, _blaming(path), open(path, "rb") as file, pillow.open(file) as opened:
        if opened.format not in READABLE:
            raise PictureError(f"{path} is a file of kind {opened.format}, which is not read: save it as PNG or JPEG")
        if opened.width * opened.height > MAX_PIXELS:
            raise pillow.DecompressionBombError
        picture: Image.Image = opened.copy()  # decodes it
        with suppress(Exception):  # a broken EXIF block is no reason to refuse a picture
            turn = opened.getexif().get(0x0112, 1)
            picture = picture.transpose(pillow.Transpose[_TURNS[turn - 2]]) if 2 <= turn <= 8 else picture
    width, height = picture.size
    if min(width, height) < MIN_SIDE:
        raise PictureError(f"{path} is {width} x {height} pixels: at least {MIN_SIDE} x {MIN_SIDE} are needed")
    if picture.mode in ("I", "F"):
        import numpy as np

        low, high = np.asarray(picture).min(), np.asarray(picture).max()  # NaN wins both
        if (picture.mode == "I" and not 0 <= low <= high <= 65535) or not np.isfinite([low, high]).all():
            raise PictureError(f"{path} holds numbers from {low} to {high}: save it with 8 or 16 bits a channel")
    return picture


def _check_file(path: Location) -> None:
    """Raise a `PictureError` unless there is a file with something in it."""
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a null byte in the name
        hint = "check its name and its folder"
        with suppress(OSError, ValueError):
            hint = _did_you_mean(Path(path).name, os.listdir(Path(path).parent)) or hint
        raise PictureError(f"no file {path}: {hint}") from None
    except OSError as error:
        raise PictureError(f"{path} cannot be read ({error.strerror}): check its name and its permissions") from None
    if not S_ISREG(status.st_mode):
        raise PictureError(f"{path} is a {'folder' if S_ISDIR(status.st_mode) else 'device'}: name a picture file")
    if not status.st_size:
        raise PictureError(f"{path} is empty (0 bytes): save or download it again")


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    """`did you mean ...?`, or nothing. Upper and lower case are the same here."""
    by_lower = {other.lower(): other for other in sorted(known)}
    close = difflib.get_close_matches(name.lower(), by_lower, 1)
    return f"did you mean `{by_lower[close[0]]}`?" if close else ""


@contextmanager
def _quiet_pillow() -> Iterator[Any]:
    """`PIL.Image` that warns of nothing and allows `MAX_PIXELS`; its own settings come back at the end."""
    from PIL import Image

    with _PILLOW, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, MAX_PIXELS
        try:
            yield Image
        finally:
            Image.MAX_IMAGE_PIXELS = before


@contextmanager
def _blaming(path: Location) -> Iterator[None]:
    """Turn whatever Pillow raises into a `PictureError` that names the file: decoders let many kinds of exceptions out."""
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except PictureError:
        raise
    except Image.DecompressionBombError:
        raise PictureError(f"{path} has more than {MAX_PIXELS // 10**6} million pixels: make it smaller first") from None
    except UnidentifiedImageError:
        raise PictureError(f"{path} is damaged, or no picture that Pillow can read: save it again, as PNG or JPEG") from None
    except PermissionError as error:
        raise PictureError(f"{path} cannot be read ({error.strerror}): check its permissions") from None
    except Exception as error:
        why = str(error) or type(error).__name__
        raise PictureError(f"{path} is cut short or damaged ({why}): save or download it again") from error


def _to_rgb(picture: Image.Image, path: Location) -> Image.Image:
    """A picture of 8 bits a channel (or 1) as sRGB, its transparent parts over white."""
    from PIL import Image

    grey = picture.mode in ("1", "L", "LA", "La")
    profile, alpha = picture.info.get("icc_profile"), None
    if picture.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in picture.info:
        picture = (picture.convert("LA") if picture.mode == "La" else picture).convert("RGBA")
        alpha = picture.getchannel("A")
    if picture.mode not in ("CMYK", "LAB"):
        picture = picture.convert("L" if grey else "RGB")
    white = Image.new("RGB", picture.size, "white")
    white.paste(_to_srgb(picture, profile, path), mask=alpha)
    return white


def _to_srgb(picture: Image.Image, profile: bytes | None, path: Location) -> Image.Image:
    """A picture of mode L, RGB, CMYK or LAB in the colours that its ICC profile means; sRGB if it has none that fits."""
    from PIL import ImageCms

    to_srgb: Any = ImageCms.profileToProfile
    converted: Image.Image = picture if picture.mode == "LAB" else picture.convert("RGB")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            mode = _SPACES[source.profile.xcolor_space.strip()]
            if mode != picture.mode and (mode, picture.mode) != ("RGB", "L"):
                raise ValueError(f"a {mode} profile in a picture of mode {picture.mode}")
            converted = to_srgb(picture.convert(mode), source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except Exception as error:
            log.warning("%s: its colour profile is ignored, for it cannot be used (%s)", path, error)
    if converted.mode == "LAB":
        converted = to_srgb(picture, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB")
    return converted


def _deep(picture: Image.Image, path: Location) -> NDArray[np.float32]:
    """A grey picture of 16 bits, or of floats (0..1, or else 0..255), as `read_picture` returns it: no bits are lost."""
    import numpy as np
    from PIL import Image

    raw = np.asarray(picture)
    unit = 65535 if picture.mode != "F" else 1 if raw.max() <= 1 else 255
    grey = (raw.astype(np.float32) * (255 / unit)).clip(0, 255)
    result = np.repeat(grey[..., None], 3, axis=-1)
    if profile := picture.info.get("icc_profile"):  # Pillow converts 8 bits only: convert its 256 levels, go between them here
        levels = np.asarray(_to_srgb(Image.frombytes("L", (256, 1), bytes(range(256))), profile, path))[0]
        result = np.stack([np.interp(grey, np.arange(256), channel) for channel in levels.T], -1).astype(np.float32)
    if isinstance(clear := picture.info.get("transparency"), int):  # a PNG without alpha may call one level transparent
        result[raw == clear] = 255
    return result


def fit(width: int, height: int, long_edge: int) -> tuple[int, int]:
    """Width and height in pixels with that long edge and the same aspect; halves are rounded up, and no edge is below 1."""
    longest = max(width, height)
    short_edge = max(1, (2 * min(width, height) * long_edge + longest) // (2 * longest))
    return (long_edge, short_edge) if width >= height else (short_edge, long_edge)


def resize(picture: NDArray[np.floating[Any]], width: int, height: int) -> NDArray[np.float32]:
    """A picture (height x width x 3) in another size in pixels, by Lanczos: float32, 0..255. A copy if it has that size."""
    import numpy as np
    from PIL import Image

    if picture.shape[:2] == (height, width):
        return np.array(picture, np.float32)
    planes = [Image.fromarray(np.ascontiguousarray(plane, np.float32)) for plane in np.moveaxis(picture, -1, 0)]
    resized = [np.asarray(plane.resize((width, height), Image.Resampling.LANCZOS)) for plane in planes]
    return np.stack(resized, axis=-1).clip(0, 255)  # Lanczos overshoots beside edges


def to_uint8(picture: NDArray[Any]) -> NDArray[np.uint8]:
    """A picture of 0..255 in any number type, rounded and clipped: same shape, uint8."""
    import numpy as np

    return np.asarray(np.rint(picture).clip(0, 255), np.uint8)


def check_output(path: Location, quality: int | None = None) -> None:
    """Raise `OutputError` unless the suffix names a format that can be written, and the quality (if any) is 1 to 100."""
    suffix = Path(path).suffix
    if suffix.lower() not in FORMATS:
        what = f"cannot write `{suffix}` pictures" if suffix else "the name has no suffix that says the format"
        hint = _did_you_mean(suffix, FORMATS) if suffix else ""
        raise OutputError(f"{path}: {what}; {hint + ' ' * bool(hint)}the formats are {', '.join(FORMATS)}")
    if quality is not None and not 1 <= quality <= 100:
        raise OutputError(f"{path}: quality {quality} is not between 1 and 100")


def write_picture(picture: NDArray[Any], path: Location, quality: int | None = None) -> None:
    """Write a picture (height x width x 3, 0..255, float or uint8), whole or not at all; its suffix says in which format.

    `quality` is 1 to 100, for JPEG, WebP and AVIF. Raises `OutputError`.
    """
    from PIL import Image

    check_output(path, quality)
    options = dict(FORMATS[Path(path).suffix.lower()])
    if quality is not None and "quality" in options:
        options["quality"] = quality
    buffer = BytesIO()
    try:
        Image.fromarray(to_uint8(picture)).save(buffer, **options)
    except (OSError, ValueError) as error:  # JPEG and WebP have a largest size
        raise OutputError(f"cannot write {path}, {picture.shape[1]} x {picture.shape[0]} pixels ({error}): try PNG") from error
    write_whole(path, buffer.getvalue())


def write_whole(path: Location, data: bytes | str) -> None:
    """Write a file, whole or not at all (text as UTF-8); its folder is made if it is missing. Raises `OutputError`."""
    with _a_file_beside(path) as (file, target):
        file.write(data.encode() if isinstance(data, str) else data)
        file.flush()
        os.fsync(file.fileno())
        file.close()
        os.replace(file.name, target)


def check_writable(path: Location) -> None:
    """Make the folder of a file that is to be written later, and prove that one can be made there. Raises `OutputError`."""
    with _a_file_beside(path):
        pass


@contextmanager
def _a_file_beside(path: Location) -> Iterator[tuple[Any, str]]:
    """A new file open for writing in the folder of `path`, and where `path` leads; what is left of it at the end is removed."""
    target = os.path.realpath(path)  # through a symbolic link, as an ordinary write would
    if os.path.exists(target) and not os.path.isfile(target):
        raise OutputError(f"cannot write {path}: it is a {'folder' if os.path.isdir(target) else 'device'}; name a file")
    temporary = os.path.join(os.path.dirname(target), f".nstk-{secrets.token_hex(8)}.tmp")
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        try:
            with open(temporary, "xb") as file:  # not `tempfile`, whose files are private: here the umask decides
                yield file, target
        finally:
            with suppress(FileNotFoundError):  # it has become the target
                os.unlink(temporary)
    except (FileExistsError, NotADirectoryError):
        blocking = next(parent for parent in Path(path).parents if parent.exists())
        raise OutputError(f"cannot write {path}: {blocking} is a file, not a folder; choose another place") from None
    except OSError as error:
        raise OutputError(f"cannot write {path} ({error.strerror or error}): choose another place or mend this one") from error
