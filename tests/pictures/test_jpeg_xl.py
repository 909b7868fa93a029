"""JPEG XL, with and without boxes around it."""

from __future__ import annotations

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from nstk import pictures
from nstk.pictures import jpeg_xl
from tests.pictures.samples import refused
from tests.pictures.test_heif import H, W, levels

pytestmark = pytest.mark.skipif(not imagecodecs.JPEGXL.available, reason="this build of imagecodecs has no JPEG XL")


@pytest.mark.parametrize("container", [True, False])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_mode(tmp_path, channels, container):
    numbers = levels(8, channels)
    (tmp_path / "a.jxl").write_bytes(imagecodecs.jpegxl_encode(numbers, lossless=True, usecontainer=container))
    picture = pictures.read_all(tmp_path / "a.jxl")
    parts = np.atleast_3d(numbers) / 255
    assert np.abs(picture.colours - 255 * parts[..., : 1 if channels < 3 else 3]).max() < 1e-3
    assert (picture.alpha is not None) == (channels in (2, 4))
    assert picture.alpha is None or np.abs(picture.alpha - parts[..., -1]).max() < 1e-5
    assert pictures.check_picture(tmp_path / "a.jxl") == (W, H)


@pytest.mark.parametrize(("width", "height"), [(64, 64), (16, 16), (256, 128), (320, 240), (37, 300), (1000, 17), (192, 160)])
def test_the_size_in_its_header(width, height):
    """It is packed in several ways: by eights, by the aspect, in 9 to 30 bits."""
    data = imagecodecs.jpegxl_encode(np.zeros((height, width, 3), np.uint8), lossless=True)
    head = jpeg_xl.header(bytes(data))
    assert (head.width, head.height) == (width, height)


def test_a_lossy_one(tmp_path):
    (tmp_path / "a.jxl").write_bytes(imagecodecs.jpegxl_encode(levels(8, 3), distance=0.3))
    assert np.abs(pictures.read_picture(tmp_path / "a.jxl") - levels(8, 3)).mean() < 1.5


def test_it_keeps_the_notes_of_a_camera(tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    block = b"\0\0\0\0" + exif.tobytes()[6:]
    data = imagecodecs.jpegxl_encode(levels(8, 3), lossless=True, usecontainer=True)
    data = bytes(data) + (len(block) + 8).to_bytes(4, "big") + b"Exif" + block
    (tmp_path / "a.jxl").write_bytes(data)
    picture = pictures.read_all(tmp_path / "a.jxl")
    assert picture.size == (W, H), "how it lies is said in the picture, not in the notes"
    assert picture.exif == {0x010F: "Maker"}


def test_cut_short(tmp_path):
    data = bytes(imagecodecs.jpegxl_encode(levels(8, 3), lossless=True))
    for length in (3, 13, 20, len(data) // 2, len(data) - 1):
        (tmp_path / "a.jxl").write_bytes(data[:length])
        refused(tmp_path / "a.jxl", "damaged")


def test_a_size_beyond_measure(tmp_path):
    """The header of 2^20 x 2^20 pixels: not by eights, two sides of 30 bits, no aspect."""
    bits = "0" + "11" + format(2**20 - 1, "030b")[::-1] + "000" + "11" + format(2**20 - 1, "030b")[::-1] + "1"
    number = int(bits[::-1], 2)
    (tmp_path / "a.jxl").write_bytes(jpeg_xl.STREAM + number.to_bytes(9, "little") + bytes(50))
    refused(tmp_path / "a.jxl", "has more than 300 million pixels")


def test_a_build_without_it(tmp_path, monkeypatch):
    (tmp_path / "a.jxl").write_bytes(imagecodecs.jpegxl_encode(levels(8, 3)))
    monkeypatch.setattr(imagecodecs.JPEGXL, "available", False)
    refused(
        tmp_path / "a.jxl", "is a JPEG XL, which this build of imagecodecs does not read: `pip install --upgrade imagecodecs`"
    )
