"""Photoshop's files: whether a channel besides the colours is the transparency of the picture, or a selection that was kept."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from .notes import warn

if TYPE_CHECKING:
    from PIL import Image

    from ..files import Location

HEAD = b"8BPS"

_HEADER = 26
_COLOURS = {"1": 1, "L": 1, "P": 1, "RGB": 3, "RGBA": 3, "LAB": 3, "CMYK": 4}
"""Where the sections of a file begin, and how many channels of colour Pillow's modes have."""


def is_transparent(data: bytes) -> bool:
    """Whether the first channel after the colours is the transparency: then the number of layers is negative."""
    place = _HEADER
    for _ in range(2):  # the table of colours, and the resources
        place += 4 + int.from_bytes(data[place : place + 4], "big")
    section, layers, count = struct.unpack_from(">IIh", data.ljust(place + 10, b"\0"), place)
    return bool(section and layers and count < 0)


def with_its_alpha(picture: Image.Image, data: bytes, path: Location) -> Image.Image:
    """What Pillow reads of a file: it takes a fourth channel of RGB for the transparency, and none of other colours."""
    channels = int.from_bytes(data[12:14], "big")
    if not is_transparent(data):
        return picture.convert("RGB") if picture.mode == "RGBA" else picture
    if picture.mode != "RGBA" and channels > _COLOURS.get(picture.mode, channels):
        warn(f"{path} is read without its transparency, which is read of Photoshop's RGB alone: save it as PNG")
    return picture
