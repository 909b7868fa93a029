"""EXIF: which of a photograph's tags still hold for a picture painted from it.

Tags that tell of the camera, the lens, the exposure, the day and the author are kept. Others are not: the thumbnail shows
another picture, the maker's notes hold offsets into the file that they were in, and the orientation is undone when a picture is
read. The place where the photograph was taken is written only when the user asks for it.

Tags are a mapping of number to value, as Pillow has them; a directory inside is such a mapping under its own number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image


Tags = Mapping[int, Any]


CAMERA, GPS = 0x8769, 0x8825
"""The numbers of two directories: what a camera knows of a photograph, and where it was taken."""


COMMENT, ASCII = 0x9286, b"ASCII\0\0\0"
"""The number of the UserComment, and what it begins with where it is in ASCII."""


OURS = ASCII + b'{"nstk":'
"""What the comment begins with in which nstk says how a picture was made (see `metadata`)."""


_KEPT = "ImageDescription Make Model Artist Copyright"


_KEPT_OF_CAMERA = """
    ExifVersion DateTimeOriginal DateTimeDigitized OffsetTimeOriginal OffsetTimeDigitized SubsecTimeOriginal SubsecTimeDigitized
    ExposureTime FNumber ExposureProgram ISOSpeedRatings SensitivityType StandardOutputSensitivity RecommendedExposureIndex
    ISOSpeed ShutterSpeedValue ApertureValue BrightnessValue ExposureBiasValue MaxApertureValue SubjectDistance MeteringMode
    LightSource Flash FocalLength UserComment ExposureIndex SensingMethod FileSource SceneType ExposureMode WhiteBalance
    DigitalZoomRatio FocalLengthIn35mmFilm SceneCaptureType SubjectDistanceRange CameraOwnerName BodySerialNumber
    LensSpecification LensMake LensModel LensSerialNumber
"""


_COLOUR_SPACE, _WIDTH, _HEIGHT = 0xA001, 0xA002, 0xA003


_SRGB = 1


_MOST_BYTES = 60_000
"""How many bytes of tags are kept at most. A JPEG has room for 65,533."""


def orientation(exif: Image.Exif) -> int:
    """How a picture lies in its file, 1 to 8. It is 1, upright, where the tags say nothing sensible."""
    with suppress(Exception):  # a broken block is no reason to refuse a picture
        turn = exif.get(0x0112, 1)
        return turn if turn in range(1, 9) else 1
    return 1


def kept(exif: Image.Exif) -> dict[int, Any]:
    """The tags that still hold and can be written again. Of a broken block, they are those that can be read."""
    from PIL.ExifTags import Base

    numbers = {name: int(number) for name, number in Base.__members__.items()}
    found: dict[int, Any] = {}
    room = _MOST_BYTES
    for directory, names in ((None, _KEPT.split()), (CAMERA, _KEPT_OF_CAMERA.split()), (GPS, None)):
        values: dict[int, Any] = {}
        for number, value in _values(exif, directory):
            if number == COMMENT and isinstance(value, bytes) and value.startswith(OURS):
                continue  # that of a picture which nstk has painted: it does not say how this one is made
            if names is None or number in (numbers[name] for name in names):
                size = _size(directory, number, value)
                if 0 < size <= room:
                    values[number] = _Text(value) if isinstance(value, str) else value
                    room -= size
        found |= values if directory is None else {directory: values} if values else {}
    return found


def _values(exif: Image.Exif, directory: int | None) -> Iterator[tuple[int, Any]]:
    """The numbers and values of the tags in a directory of a block, as far as they can be read."""
    with suppress(Exception):
        values = exif if directory is None else exif.get_ifd(directory)
        for number in sorted(values):
            with suppress(Exception):
                yield number, values[number]


class _Text(str):
    """A text that is written in the bytes that it was read from. Pillow reads every byte as a character, but writes ASCII."""

    __slots__ = ()

    def encode(self, encoding: str = "latin-1", errors: str = "replace") -> bytes:
        return super().encode("latin-1", errors)


def _size(directory: int | None, number: int, value: Any) -> int:
    """How many bytes a tag takes in a file; 0 if it cannot be written."""
    with suppress(Exception):
        return len(block({number: value} if directory is None else {directory: {number: value}}))
    return 0


def sized(tags: Tags, width: int, height: int) -> dict[int, Any]:
    """The tags for a picture of `width` x `height` pixels in sRGB; none if there were none."""
    now = {_COLOUR_SPACE: _SRGB, _WIDTH: width, _HEIGHT: height}
    return {**tags, CAMERA: {**tags.get(CAMERA, {}), **now}} if tags else {}


def without_place(tags: Tags) -> dict[int, Any]:
    """Tags that do not say where the photograph was taken."""
    return {number: value for number, value in tags.items() if number != GPS}


def block(tags: Tags) -> bytes:
    """Tags as an EXIF block, which begins with `Exif` and two zeros."""
    from PIL import Image

    exif = Image.Exif()
    exif.update(tags)
    data: bytes = exif.tobytes()
    return data
