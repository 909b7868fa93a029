"""Colour profiles: what is read becomes sRGB, and what is written says that it is."""

from __future__ import annotations

import io
import logging
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from nstk import pictures
from tests.pictures.samples import (
    ORANGE,
    RGB,
    H,
    W,
    chunk,
    grey_profile,
    one_colour,
    same,
    saved,
    srgb_profile,
    swapped_profile,
)


@pytest.mark.parametrize(
    ("mode", "name"), [("RGB", "a.png"), ("RGB", "a.jpg"), ("RGB", "a.tif"), ("RGBA", "a.png"), ("P", "a.png")]
)
def test_a_profile_is_converted_to_srgb(tmp_path, caplog, mode, name):
    image = Image.new("RGB", (W, H), (204, 102, 51)).convert(mode)
    plain = one_colour(saved(image, tmp_path / f"plain-{name}"))
    assert one_colour(saved(image, tmp_path / f"same-{name}", icc_profile=srgb_profile())) == pytest.approx(plain, abs=1)
    assert one_colour(saved(image, tmp_path / f"swapped-{name}", icc_profile=swapped_profile())) == pytest.approx(
        plain[::-1], abs=2
    )
    assert not caplog.records


def test_white_paper_is_srgb_white(tmp_path):
    path = saved(Image.new("RGBA", (W, H), (255, 0, 0, 127)), tmp_path / "a.png", icc_profile=swapped_profile())
    assert one_colour(path) == pytest.approx((128, 128, 255), abs=2)


@pytest.mark.parametrize(("mode", "level"), [("L", 128), ("LA", (128, 255)), ("I;16", 128 * 257), ("F", 128 / 255)])
def test_a_grey_profile(tmp_path, caplog, mode, level):
    """Linear grey: half the light is level 188 of sRGB."""
    image = (
        Image.new(mode, (W, H), level) if mode != "I;16" else Image.frombytes(mode, (W, H), struct.pack("<H", level) * (W * H))
    )
    path = saved(image, tmp_path / "a.tif", icc_profile=grey_profile(1.0))
    assert one_colour(path) == pytest.approx((188, 188, 188), abs=2)
    assert not caplog.records


@pytest.mark.parametrize("profile", [b"rubbish", srgb_profile()[:200], grey_profile(1.0)], ids=["rubbish", "cut", "grey"])
def test_an_unusable_profile_is_ignored(tmp_path, caplog, orange, profile):
    path = saved(orange, tmp_path / "a.png", icc_profile=profile)
    with caplog.at_level(logging.WARNING, "nstk"):
        assert tuple(one_colour(path)) == ORANGE
    assert "a.png: its colour profile is ignored" in caplog.text


@pytest.mark.parametrize("suffix", [suffix for suffix in pictures.FORMATS if suffix != ".bmp"])
def test_what_is_written_is_tagged(tmp_path, noise, suffix):
    pictures.write_picture(noise, tmp_path / f"a{suffix}")
    with Image.open(tmp_path / f"a{suffix}") as picture:
        profile = picture.info["icc_profile"]
    assert "sRGB" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    assert len(profile) < 1000
    assert profile[24:36] == struct.pack(">6H", 2024, 1, 1, 0, 0, 0)  # not when it was written


def tag(profile):
    """An ICC profile as tifffile writes it, old versions too."""
    return [(34675, 7, len(profile), profile, True)]


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_a_deep_profile_keeps_its_levels(tmp_path, caplog, name):
    ramp = np.broadcast_to(np.linspace(30000, 34000, 64 * 64).astype(np.uint16).reshape(64, 64, 1), (64, 64, 3))
    ramp = np.ascontiguousarray(ramp * np.array([1, 0, 0], np.uint16) + np.array([0, 9000, 20000], np.uint16))
    if name == "a.png":
        data = imagecodecs.png_encode(ramp)
        (tmp_path / name).write_bytes(data[:33] + chunk(b"iCCP", b"x\0\0" + zlib.compress(swapped_profile())) + data[33:])
    else:
        tifffile.imwrite(tmp_path / name, ramp, photometric="rgb", extratags=tag(swapped_profile()))
    picture = pictures.read_all(tmp_path / name).colours
    assert np.abs(picture[..., ::-1] - ramp / 257).max() < 0.5
    assert len(np.unique(picture[..., 2])) > 3000  # 16 of them have 8 bits
    assert not caplog.records


def test_a_deep_grey_profile_is_converted(tmp_path):
    """Linear grey: half the light is level 188 of sRGB."""
    half = np.full((H, W), 32768, np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", half, photometric="minisblack", extratags=tag(grey_profile(1)))
    assert pictures.read_all(tmp_path / "a.tif").colours == pytest.approx(187.5, abs=0.1)


@pytest.mark.parametrize("profile", [b"rubbish", srgb_profile()[:200], grey_profile(1)], ids=["rubbish", "cut", "grey"])
def test_an_unusable_deep_profile_is_ignored(tmp_path, caplog, profile):
    tifffile.imwrite(tmp_path / "a.tif", RGB, photometric="rgb", extratags=tag(profile))
    with caplog.at_level(logging.WARNING, "nstk"):
        assert same(pictures.read_all(tmp_path / "a.tif").colours, RGB)
    assert "a.tif: its colour profile is ignored" in caplog.text
