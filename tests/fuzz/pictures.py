"""Small real pictures in every format, and what is asked of whatever is read."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

import nstk
from nstk.pictures import FORMATS, check_picture, read_picture
from tests.fuzz.damage import in_time, not_refused

SHIPPED = Path(__file__).parents[2] / "recipes"


@cache
def pictures():
    """Small real pictures in every format and many kinds, by name."""
    with Image.open(SHIPPED / "images" / "louvre.jpg") as louvre:
        colour = louvre.resize((40, 32))
    grey, profile = colour.convert("L"), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    deep = Image.frombytes("I;16", grey.size, (np.asarray(grey).astype("<u2") * 257).tobytes())
    text, exif = PngImagePlugin.PngInfo(), Image.Exif()
    text.add_text("Comment", "a comment " * 99, zip=True)
    exif[0x0112] = 6
    more = {"save_all": True, "append_images": [colour.rotate(angle) for angle in (90, 180)]}
    kinds = [
        *((colour, suffix, {}) for suffix in FORMATS if suffix not in (".jpeg", ".tif")),
        (colour, ".jpg", {"progressive": True, "exif": exif, "icc_profile": profile}),
        (colour.convert("CMYK"), ".jpg", {}),
        (colour, ".png", {"pnginfo": text, "exif": exif, "icc_profile": profile}),
        (colour.convert("P"), ".png", {"transparency": 3}),
        (colour.convert("RGBA"), ".webp", {"lossless": True}),
        (deep, ".png", {}),
        (deep, ".tif", {}),
        (Image.fromarray(np.asarray(grey, np.float32) / 255), ".tif", {}),
        (colour.convert("LAB"), ".tif", {}),
        *((colour, ".tif", {"compression": how}) for how in ("tiff_lzw", "tiff_deflate", "packbits", "jpeg")),
        (grey.convert("1"), ".tif", {"compression": "group4"}),
        *((colour, suffix, more) for suffix in (".gif", ".png", ".webp", ".tif")),
        (colour, ".jp2", {}),
        (colour, ".tga", {"rle": True}),
        (grey, ".ppm", {}),
        (colour, ".ico", {}),
        (colour, ".eps", {}),
    ]
    made = {}
    for index, (image, suffix, options) in enumerate(kinds):
        buffer = io.BytesIO()
        image.save(buffer, Image.registered_extensions()[suffix], **options)
        made[f"{index}{suffix}"] = buffer.getvalue()
    return made


def read_or_refused(path):
    """Read a picture that is whole, and no larger than what a test has time for; else it is refused in a sentence."""
    with in_time():
        try:
            width, height = check_picture(path)
            if width * height > 4_000_000:
                return False
            picture = read_picture(path)
        except nstk.PictureError as error:
            return not_refused(error, path)
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.float32
    assert np.isfinite(picture).all()
    assert picture.min() >= 0
    assert picture.max() <= 255
    return True
