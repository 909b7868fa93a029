"""HEIC and AVIF: depth, alpha, orientation, notes; and what is said where the package for HEIC is missing."""

from __future__ import annotations

import io
import sys

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from nstk import pictures
from tests.pictures.samples import refused, swapped_profile

H, W = 48, 64
Y, X = np.mgrid[:H, :W]
RAMP = np.dstack([X / (W - 1), Y / (H - 1), (X + Y) / (H + W - 2), 0.5 + X / (2 * W - 2)])


def levels(bits, channels):
    chosen = {1: [0], 2: [0, 3], 3: [0, 1, 2], 4: [0, 1, 2, 3]}[channels]
    numbers = np.rint(RAMP[..., chosen] * (2**bits - 1)).astype(np.uint8 if bits <= 8 else np.uint16)
    return np.ascontiguousarray(numbers[..., 0] if channels == 1 else numbers)


def heic(mode="RGB", depth=8, **options):
    heif = pytest.importorskip("pillow_heif")
    numbers = levels(16 if depth > 8 else 8, len(mode))
    buffer = io.BytesIO()
    made = heif.from_bytes(mode + ";16" * (depth > 8), (W, H), numbers.tobytes())
    made.save(buffer, quality=98, chroma=444, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("depth", [8, 10])
def test_heic(tmp_path, mode, depth):
    (tmp_path / "a.heic").write_bytes(heic(mode, depth))
    picture = pictures.read_all(tmp_path / "a.heic")
    assert np.abs(picture.colours - 255 * RAMP[..., : 1 if mode == "L" else 3]).max() < 3
    assert (picture.colours.max(), pictures.check_picture(tmp_path / "a.heic")) == (255, (W, H))
    assert (picture.alpha is not None) == (mode == "RGBA")
    assert picture.alpha is None or np.abs(picture.alpha - RAMP[..., 3]).max() < 0.01
    assert depth == 8 or mode == "L" or len(np.unique(picture.colours)) > 300, "more than 8 bits"


def test_heic_of_a_phone(tmp_path):
    """It is turned by its container, and its EXIF says so once more."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    (tmp_path / "a.heic").write_bytes(heic(exif=exif.tobytes(), icc_profile=swapped_profile()))
    picture = pictures.read_all(tmp_path / "a.heic")
    assert picture.size == (H, W)
    assert np.abs(picture.colours - 255 * np.rot90(RAMP[..., 2::-1], -1)).max() < 5
    assert picture.exif == {0x010F: "Maker"}


def test_heic_cut_short(tmp_path):
    data = heic()
    for length in (13, 40, 100, 400, len(data) // 2, len(data) - 1):
        (tmp_path / "a.heic").write_bytes(data[:length])
        refused(tmp_path / "a.heic", "damaged")


def test_heic_needs_a_package(tmp_path, monkeypatch):
    (tmp_path / "a.jpg").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    what = 'is a HEIC, which is read with one more package: `pip install "nstk-styletransfer[heic]"`, or save it as JPEG or PNG'
    refused(tmp_path / "a.jpg", what)


@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_avif(tmp_path, bits, channels):
    numbers = levels(bits, channels)
    (tmp_path / "a.avif").write_bytes(imagecodecs.avif_encode(numbers, level=100, bitspersample=bits))
    picture = pictures.read_all(tmp_path / "a.avif")
    expected = np.atleast_3d(numbers)[..., :3] * 255.0 / (2**bits - 1)
    assert np.abs(picture.colours - expected).max() < 0.01
    assert (picture.alpha is not None) == (channels == 4)
    assert picture.alpha is None or np.abs(picture.alpha - numbers[..., 3] / (2**bits - 1)).max() < 1e-4


def test_avif_cut_short(tmp_path):
    data = imagecodecs.avif_encode(levels(10, 3), level=90, bitspersample=10)
    for length in (13, 40, 100, len(data) // 2, len(data) - 20):
        (tmp_path / "a.avif").write_bytes(data[:length])
        refused(tmp_path / "a.avif", "damaged")
