"""Colour profiles (ICC): a picture that is read is brought into sRGB, and a picture that is written is tagged as sRGB.

Pillow converts pictures of 8 bits a channel, imagecodecs deeper ones. Both use Little CMS with the "perceptual" intent, which
is meant for a viewer.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from .notes import warn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from ..files import Location


_SPACES = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK", "Lab": "LAB"}  # from a profile's colour space to Pillow's mode


_NO_OPTIMISATION = 0x0100
"""Little CMS's flag against a table in place of the curve of a grey profile, which is wrong by ten levels in the dark."""


@cache
def srgb() -> bytes:
    """The profile of sRGB that every picture is tagged with. It is always the same 588 bytes."""
    from PIL import ImageCms

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes.fromhex("07e8 0001 0001 0000 0000 0000")  # a fixed date: equal pictures have equal bytes
    return bytes(profile)


def to_srgb(picture: Image.Image, profile: bytes | None, path: Location) -> Image.Image:
    """A picture of mode L, RGB, CMYK or LAB in sRGB, as its ICC profile means it. Without a profile that fits, it is sRGB."""
    from PIL import ImageCms

    convert: Any = ImageCms.profileToProfile
    converted: Image.Image = picture if picture.mode == "LAB" else picture.convert("RGB")
    if profile and profile != srgb():
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            mode = _SPACES[source.profile.xcolor_space.strip()]
            if mode != picture.mode and (mode, picture.mode) != ("RGB", "L"):
                raise ValueError(f"a {mode} profile in a picture of mode {picture.mode}")
            exact = _NO_OPTIMISATION if mode == "L" else 0
            converted = convert(picture.convert(mode), source, ImageCms.createProfile("sRGB"), outputMode="RGB", flags=exact)
        except Exception as error:
            _ignored(path, error)
    if converted.mode == "LAB":
        converted = convert(picture, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB")
    return converted


def deep_to_srgb(colours: NDArray[np.float32], profile: bytes | None, path: Location) -> NDArray[np.float32]:
    """Colours of more than 8 bits (height x width x 1 or 3, 0..1) in sRGB, as their ICC profile means them.

    The result is height x width x 3, float32, 0..1.
    """
    import numpy as np

    rgb = np.broadcast_to(colours, (*colours.shape[:2], 3))
    if not profile or profile == srgb():
        return rgb
    try:
        import imagecodecs

        grey = profile[16:20] == b"GRAY"
        if grey and colours.shape[2] == 3:
            raise ValueError("a profile of greys in a picture of colours")
        source = colours[..., 0] if grey else rgb
        there = imagecodecs.cms_transform(
            np.ascontiguousarray(source), profile, srgb(), colorspace="gray" if grey else "rgb", outcolorspace="rgb", intent=0
        )
        return np.asarray(there, np.float32).clip(0, 1)
    except Exception as error:
        _ignored(path, error)
        return rgb


def _ignored(path: Location, error: Exception) -> None:
    warn(f"{path}: its colour profile is ignored, for it cannot be used ({error})")
