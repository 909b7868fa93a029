"""Pictures and files that several tests of pictures need, some of them written by hand."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import ImageCms

from nstk import pictures
from nstk.errors import PictureError


def disc(size=64, radius=20, soft=4.0):
    """Alpha of a disc with a soft edge: height x width, 0..1."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    return np.clip((radius - np.hypot(x, y)) / soft + 0.5, 0, 1).astype(np.float32)


W, H = 20, 30
ORANGE = (200, 100, 50)


def saved(picture, path, **options):
    picture.save(path, **options)
    return path


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(path, width, height, bits, colour_type, row, transparency=None):
    """A PNG of equal rows, written by hand: Pillow writes neither 16-bit colours nor headers that lie."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0))
    clear = b"" if transparency is None else chunk(b"tRNS", transparency)
    body = chunk(b"IDAT", zlib.compress((b"\0" + row) * min(height, 1000)))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + clear + body + chunk(b"IEND", b""))
    return path


def one_colour(path):
    """The colour of a picture that has only one; checks what holds for every picture."""
    picture = pictures.read_picture(path)
    assert picture.dtype == np.float32
    assert picture.ndim == 3
    assert pictures.check_picture(path) == (picture.shape[1], picture.shape[0])
    assert np.ptp(picture, axis=(0, 1)).max() <= 6  # WebP is not exact
    return picture[0, 0]


def refused(path, *sentences):
    """Both readers refuse the file in the same single sentence, which names it."""
    with pytest.raises(PictureError) as read:
        pictures.read_picture(path)
    with pytest.raises(PictureError) as checked:
        pictures.check_picture(path)
    assert str(read.value) == str(checked.value)
    assert "\n" not in str(read.value)
    for sentence in (str(path), *sentences):
        assert sentence in str(read.value)


def srgb_profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile():
    """sRGB with red and blue exchanged: a picture that carries it looks like its own mirror among the colours."""
    profile = srgb_profile()
    return profile.replace(b"rXYZ", b"????", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"????", b"bXYZ", 1)


def grey_profile(gamma):
    """An ICC profile of a grey with that gamma, written by hand: Pillow makes none."""
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"grey\0" + bytes(78),
        b"wtpt": b"XYZ " + bytes(4) + struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D),
        b"kTRC": b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2),
    }
    table, body, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data
    head = struct.pack(
        ">I4sI4s4s4s12s4s", start + len(body), b"none", 0x02200000, b"mntr", b"GRAY", b"XYZ ", bytes(12), b"acsp"
    )
    head += bytes(28) + struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    return head.ljust(128, b"\0") + table + body


LEVELS = np.random.default_rng(0).integers(0, 65536, (H, W, 4)).astype(np.uint16)
RGB, GREY, ALPHA = LEVELS[..., :3], LEVELS[..., 0], LEVELS[..., 3]
EXACT = 1e-4  # of 255 levels: a 16-bit one is 40 times as much


def same(colours, levels, unit=65535):
    """Whether colours of 0..255 are these levels; grey ones stand for all three."""
    levels = levels if levels.ndim == 3 else levels[..., None]
    return np.abs(colours - np.float64(255) * levels / unit).max() < EXACT
