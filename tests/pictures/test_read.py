"""What a user relies on when a file becomes a picture and a picture becomes a file."""

from __future__ import annotations

import errno
import io
import logging
import os
import struct
import subprocess
import sys
import time
import zlib
from importlib import resources

import numpy as np
import pytest
from hypothesis import given, strategies as st
from PIL import Image, ImageCms

from nstk import files, pictures
from nstk.errors import OutputError, PictureError
from nstk.files import check_writable, write_whole
from nstk.pictures import read

W, H = 20, 30
ORANGE = (200, 100, 50)


@pytest.fixture
def orange():
    return Image.new("RGB", (W, H), ORANGE)


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, (60, 80, 3)).astype(np.uint8)


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


# -- what a file may hold


@pytest.mark.parametrize(
    ("mode", "name", "expected", "within"),
    [
        ("RGB", "a.png", ORANGE, 0),
        ("RGB", "a.bmp", ORANGE, 0),
        ("RGB", "a.jpg", ORANGE, 2),
        ("RGB", "a.webp", ORANGE, 3),
        ("L", "a.png", (124, 124, 124), 0),
        ("LA", "a.png", (124, 124, 124), 0),
        ("P", "a.png", ORANGE, 0),
        ("P", "a.gif", ORANGE, 0),
        ("CMYK", "a.jpg", ORANGE, 2),
        ("CMYK", "a.tif", ORANGE, 0),
        ("YCbCr", "a.jpg", ORANGE, 2),
        ("RGBX", "a.tif", ORANGE, 0),
    ],
)
def test_modes(tmp_path, orange, mode, name, expected, within):
    picture = orange.quantize(4) if mode == "P" else orange.convert(mode)
    assert one_colour(saved(picture, tmp_path / name)) == pytest.approx(expected, abs=within)


def test_lab(tmp_path, orange):
    lab = ImageCms.profileToProfile(orange, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB")
    assert one_colour(saved(lab, tmp_path / "a.tif")) == pytest.approx(ORANGE, abs=2)


def test_one_bit_becomes_black_and_white(tmp_path):
    checks = Image.fromarray(np.indices((H, W)).sum(0) % 2 == 1)
    picture = pictures.read_picture(saved(checks, tmp_path / "a.png"))
    assert checks.mode == "1"
    assert np.array_equal(picture[..., 0], np.indices((H, W)).sum(0) % 2 * 255)


@pytest.mark.parametrize(
    ("mode", "dtype", "name"),
    [
        ("I;16", "<u2", "a.png"),
        ("I;16", "<u2", "a.tif"),
        ("I;16B", ">u2", "a.tif"),
        ("I", "<i4", "a.tif"),
        ("I", "<i4", "a.pgm"),
    ],
)
def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path, mode, dtype, name):
    levels = np.linspace(0, 65535, W * H).round().astype(dtype)
    path = saved(Image.frombytes(mode, (W, H), levels.tobytes()), tmp_path / name)
    picture = pictures.read_picture(path)
    assert picture.shape == (H, W, 3)
    assert picture[..., 1].ravel() == pytest.approx(levels.astype(float) / 257, abs=1e-3)
    assert picture.max() == 255


def test_sixteen_bit_colours_and_alpha(tmp_path):
    half = 32768
    assert one_colour(png(tmp_path / "rgb.png", W, H, 16, 2, struct.pack(">3H", 51400, 25700, 0) * W)) == pytest.approx(
        (200, 100, 0), abs=1
    )
    assert one_colour(png(tmp_path / "la.png", W, H, 16, 4, struct.pack(">2H", 0, half) * W)) == pytest.approx(
        (127,) * 3, abs=1
    )
    assert one_colour(png(tmp_path / "rgba.png", W, H, 16, 6, struct.pack(">4H", 65535, 0, 0, half) * W)) == pytest.approx(
        (255, 127, 127), abs=1
    )


def test_integers_beyond_sixteen_bits_are_refused(tmp_path):
    path = saved(Image.fromarray(np.full((H, W), 70_000, np.int32)), tmp_path / "a.tif")
    refused(path, "holds numbers from 70000 to 70000: save it with 8 or 16 bits a channel")


@pytest.mark.parametrize(
    ("levels", "expected"), [((0, 1), (0, 255)), ((0, 0.5), (0, 127.5)), ((-20, 300), (0, 255)), ((3, 99), (3, 99))]
)
def test_float_tiff(tmp_path, levels, expected):
    ramp = np.full((H, W), levels[0], np.float32)
    ramp[:, W // 2 :] = levels[1]
    picture = pictures.read_picture(saved(Image.fromarray(ramp), tmp_path / "a.tif"))
    assert (picture[0, 0, 0], picture[0, -1, 2]) == expected


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_float_tiff_with_nan_is_refused(tmp_path, bad):
    ramp = np.zeros((H, W), np.float32)
    ramp[3, 3] = bad
    refused(saved(Image.fromarray(ramp), tmp_path / "a.tif"), f"holds numbers from {'nan' if bad != bad else '0.0'} to {bad}")


def test_transparency_is_white(tmp_path):
    for alpha, expected in [(0, (255, 255, 255)), (255, ORANGE), (51, (244, 224, 214))]:
        path = saved(Image.new("RGBA", (W, H), (*ORANGE, alpha)), tmp_path / "a.png")
        assert one_colour(path) == pytest.approx(expected, abs=1)
    assert one_colour(saved(Image.new("LA", (W, H), (100, 0)), tmp_path / "la.png")) == pytest.approx(255)


@pytest.mark.parametrize("name", ["a.gif", "a.png"])
def test_palette_with_transparency(tmp_path, name):
    palette = Image.new("P", (W, H), 1)
    palette.putpalette([0, 0, 0, *ORANGE])
    palette.paste(0, (0, 0, 5, 5))
    picture = pictures.read_picture(saved(palette, tmp_path / name, transparency=0))
    assert tuple(picture[0, 0]) == (255, 255, 255)
    assert tuple(picture[-1, -1]) == ORANGE


def test_palette_with_an_alpha_for_each_colour(tmp_path):
    palette = Image.new("P", (W, H), 1)
    palette.putpalette([0, 0, 0, *ORANGE])
    assert one_colour(saved(palette, tmp_path / "a.png", transparency=bytes([255, 0]))) == pytest.approx(255)


@pytest.mark.parametrize(
    ("bits", "colour_type", "row", "clear"),
    [
        (1, 0, b"\0\0\0", b"\0\0"),
        (8, 0, b"\x09" * 24, b"\0\x09"),
        (16, 0, b"\x9c\x40" * 24, b"\x9c\x40"),
        (8, 2, b"\x09\x08\x07" * 24, b"\0\x09\0\x08\0\x07"),
    ],
)
def test_a_level_called_transparent_is_white(tmp_path, bits, colour_type, row, clear):
    assert one_colour(png(tmp_path / "a.png", 24, H, bits, colour_type, row)).max() < 200
    assert one_colour(png(tmp_path / "b.png", 24, H, bits, colour_type, row, clear)) == pytest.approx(255)


def test_first_frame_of_an_animation(tmp_path, orange):
    others = [Image.new("RGB", (W, H), "blue"), Image.new("RGB", (W, H), "black")]
    for name, within in [("a.gif", 0), ("a.png", 0), ("a.webp", 3), ("a.tif", 0)]:
        path = saved(orange, tmp_path / name, save_all=True, append_images=others)
        assert one_colour(path) == pytest.approx(ORANGE, abs=within)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif", "sixteen.tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path, name, orientation):
    """A white corner, top left for the viewer, is found there whichever way the file holds it."""
    upright = np.zeros((H, W), np.uint8)
    upright[:10, :5] = 255
    held = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: upright.T[::-1],
        7: upright.T[::-1, ::-1],
        8: upright.T[:, ::-1],
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    grey = Image.fromarray(np.ascontiguousarray(held))
    if name.startswith("sixteen"):
        grey = Image.frombytes("I;16", grey.size, (held.astype("<u2") * 257).tobytes())
    path = saved(grey, tmp_path / name, exif=exif)
    assert pictures.check_picture(path) == (W, H)
    assert np.array_equal(pictures.read_picture(path)[..., 0] > 127, upright > 127)


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01",  # 65535 entries, of which two bytes follow
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x04\0\0\0six\0\0\0\0\0",  # the orientation is the word "six"
        b"Exif\0\0rubbish",
        b"Exif\0\0",
    ],
)
def test_a_broken_exif_block_does_no_harm(tmp_path, orange, exif):
    assert one_colour(saved(orange, tmp_path / "a.jpg", exif=exif)) == pytest.approx(ORANGE, abs=2)


# -- colour profiles


def srgb_profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile():
    """sRGB with red and blue exchanged: a picture that carries it looks like its own mirror among the colours."""
    profile = srgb_profile()
    return profile.replace(b"rXYZ", b"????", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"????", b"bXYZ", 1)


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


def test_white_behind_a_transparent_picture_is_srgb_white(tmp_path):
    path = saved(Image.new("RGBA", (W, H), (255, 0, 0, 127)), tmp_path / "a.png", icc_profile=swapped_profile())
    assert one_colour(path) == pytest.approx((128, 128, 255), abs=2)


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
def test_a_profile_that_cannot_be_used_is_ignored_with_a_warning(tmp_path, caplog, orange, profile):
    path = saved(orange, tmp_path / "a.png", icc_profile=profile)
    with caplog.at_level(logging.WARNING, "nstk"):
        assert tuple(one_colour(path)) == ORANGE
    assert "a.png: its colour profile is ignored" in caplog.text


# -- files that are no pictures


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


def test_a_missing_file(tmp_path, orange):
    saved(orange, tmp_path / "Louvre.JPG")
    refused(tmp_path / "louvre.jpeg", "no file ", ": did you mean `Louvre.JPG`?")
    refused(tmp_path / "zzz.png", ": check its name and its folder")
    refused(tmp_path / "nowhere" / "louvre.jpg", "no file ", ": check its name and its folder")
    refused(tmp_path / "Louvre.JPG" / "louvre.jpg", "no file ")
    refused("nu\0ll.png", "no file ")
    refused(tmp_path / ("x" * 300), "cannot be read (File name too long)")


def test_what_is_no_file(tmp_path):
    refused(tmp_path, "is a folder: name a picture file")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")
        refused(tmp_path / "pipe.png", "is a device")


def test_empty_and_foreign_files(tmp_path):
    (tmp_path / "empty.png").touch()
    refused(tmp_path / "empty.png", "is empty (0 bytes): save or download it again")
    (tmp_path / "recipe.png").write_text("content: louvre.jpg\n" * 50)
    refused(tmp_path / "recipe.png", "no picture that Pillow can read: save it again, as PNG or JPEG")


def test_a_file_without_permission(tmp_path, orange, monkeypatch):
    path = saved(orange, tmp_path / "a.png")

    def denied(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(read, "open", denied, raising=False)  # the tests may run as root, who may read all
    refused(path, "cannot be read (Permission denied): check its permissions")


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp", "tif", "webp", "ppm", "jp2"])
def test_truncated_files_at_every_length(tmp_path, noise, suffix):
    path = saved(Image.fromarray(noise), tmp_path / f"a.{suffix}")
    whole = path.read_bytes()
    for length in [2, 4, 8, 16, 20, 30, 40, 60, 100, len(whole) // 4, len(whole) // 2, len(whole) - 30]:
        path.write_bytes(whole[:length])
        refused(path, "damaged")
    path.write_bytes(whole)
    pictures.check_picture(path)


def test_bytes_knocked_over_are_read_or_refused(tmp_path, noise):
    """Whatever a decoder makes of rubbish, nothing but a `PictureError` comes out."""
    rng = np.random.default_rng(1)
    for suffix in ("png", "jpg", "gif", "tif", "webp", "bmp"):
        path = saved(Image.fromarray(noise[:20, :20]), tmp_path / f"a.{suffix}")
        whole = np.frombuffer(path.read_bytes(), np.uint8)
        for _ in range(40):
            broken = whole.copy()
            broken[rng.integers(0, min(len(whole), 200), 4)] = rng.integers(0, 256, 4)
            path.write_bytes(broken.tobytes())
            try:
                pictures.read_picture(path)
            except PictureError as error:
                assert str(path) in str(error)  # noqa: PT017


def test_too_small(tmp_path):
    refused(saved(Image.new("RGB", (12, 300)), tmp_path / "a.png"), "is 12 x 300 pixels: at least 16 x 16 are needed")
    refused(saved(Image.new("RGB", (300, 15)), tmp_path / "b.png"), "is 300 x 15 pixels")
    assert pictures.check_picture(saved(Image.new("RGB", (16, 16)), tmp_path / "c.png")) == (16, 16)


@pytest.mark.parametrize(("width", "height"), [(20_000, 15_001), (60_000, 60_000)])
def test_bombs_are_refused_from_the_header(tmp_path, width, height):
    refused(png(tmp_path / "a.png", width, height, 8, 0, b"\0" * 16), "has more than 300 million pixels: make it smaller first")


def test_pillows_own_limit_neither_counts_nor_changes(tmp_path, orange, monkeypatch):
    path = saved(orange, tmp_path / "a.png")
    for limit in (W * H - 1, W * H // 3):  # Pillow would warn; Pillow would raise
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        assert pictures.check_picture(path) == (W, H)
        assert limit == Image.MAX_IMAGE_PIXELS
        with pytest.raises(PictureError):
            pictures.check_picture(png(tmp_path / "b.png", 60_000, 60_000, 8, 0, b""))
        assert limit == Image.MAX_IMAGE_PIXELS


# -- sizes


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.integers(1, 20_000))
def test_fit_keeps_the_aspect_to_a_pixel(width, height, long_edge):
    fitted = pictures.fit(width, height, long_edge)
    assert max(fitted) == long_edge
    exact = [side * long_edge / max(width, height) for side in (width, height)]
    for side, wanted in zip(fitted, exact, strict=True):
        assert side >= 1
        assert abs(side - max(wanted, 1)) <= 0.5
    assert pictures.fit(height, width, long_edge) == fitted[::-1]
    assert pictures.fit(width, height, max(width, height)) == (width, height)


def test_fit_rounds_halves_up():
    assert pictures.fit(4, 3, 2) == (2, 2)
    assert pictures.fit(300, 400, 6) == (5, 6)
    assert pictures.fit(10_000, 1, 16) == (16, 1)


def test_resize(noise):
    picture = noise.astype(np.float32)
    smaller = pictures.resize(picture, 40, 30)
    assert smaller.shape == (30, 40, 3)
    assert smaller.dtype == np.float32
    assert smaller.mean() == pytest.approx(picture.mean(), abs=2)
    assert pictures.resize(np.full((20, 30, 3), 77.25), 61, 17) == pytest.approx(77.25)


def test_resize_keeps_channels_apart_and_stays_in_range():
    picture = np.zeros((32, 32, 3), np.float32)
    picture[:, 16:, 0] = 255
    larger = pictures.resize(picture, 100, 90)
    assert larger[..., 1:].max() == 0
    assert larger.min() == 0
    assert larger.max() == 255


def test_resize_to_the_same_size_is_a_copy(noise):
    picture = noise + np.float32(0.25)
    same = pictures.resize(picture, 80, 60)
    assert np.array_equal(same, picture)
    assert not np.shares_memory(same, picture)


def test_to_uint8_rounds_and_clips():
    picture = np.array([[[-5.0, 0.4, 0.6], [254.4, 254.6, 300.0]]])
    assert pictures.to_uint8(picture).tolist() == [[[0, 0, 1], [254, 255, 255]]]
    assert pictures.to_uint8(picture).dtype == np.uint8


# -- writing


@pytest.mark.parametrize("suffix", pictures.FORMATS)
def test_every_format_is_written_and_read_back(tmp_path, suffix):
    y, x = np.mgrid[:40, :50]
    picture = np.stack([4.0 * x, 5.0 * y, 2.0 * x + 2 * y], axis=-1) + 0.4
    for name in (f"a{suffix}", f"A{suffix.upper()}"):
        pictures.write_picture(picture, tmp_path / name)
        back = pictures.read_picture(tmp_path / name)
        if "quality" in pictures.FORMATS[suffix]:
            assert np.abs(back - picture).mean() < 4
        else:
            assert np.array_equal(back, pictures.to_uint8(picture))


@pytest.mark.parametrize("suffix", pictures.FORMATS)
def test_the_same_picture_gives_the_same_bytes(tmp_path, noise, suffix):
    pictures.write_picture(noise, tmp_path / f"a{suffix}")
    pictures.write_picture(noise.astype(np.float64), tmp_path / f"b{suffix}")
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", pictures.FORMATS)
def test_quality(tmp_path, noise, suffix):
    sizes = []
    for quality in (20, None, 100):
        pictures.write_picture(noise, tmp_path / f"a{suffix}", quality)
        sizes.append((tmp_path / f"a{suffix}").stat().st_size)
    if "quality" in pictures.FORMATS[suffix]:
        assert sizes[0] < sizes[1] < sizes[2]
    else:
        assert len(set(sizes)) == 1


@pytest.mark.parametrize("suffix", [suffix for suffix in pictures.FORMATS if suffix != ".bmp"])
def test_what_is_written_is_tagged_as_srgb(tmp_path, noise, suffix):
    pictures.write_picture(noise, tmp_path / f"a{suffix}")
    with Image.open(tmp_path / f"a{suffix}") as picture:
        profile = picture.info["icc_profile"]
    assert "sRGB" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    assert len(profile) < 1000
    assert profile[24:36] == struct.pack(">6H", 2024, 1, 1, 0, 0, 0)  # not when it was written


def test_jpeg_keeps_the_colour_of_every_pixel(tmp_path):
    stripes = np.zeros((32, 32, 3))
    stripes[:, ::2, 0] = 255
    stripes[:, 1::2, 2] = 255
    pictures.write_picture(stripes, tmp_path / "a.jpg")
    assert np.abs(pictures.read_picture(tmp_path / "a.jpg") - stripes).max() < 40


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("a.jgp", "a.jgp: cannot write `.jgp` pictures; did you mean `.jpg`? the formats are .png, .jpg"),
        ("a.xyz", "a.xyz: cannot write `.xyz` pictures; the formats are .png"),
        ("a", "a: the name has no suffix that says the format; the formats are .png"),
    ],
)
def test_unknown_suffixes(tmp_path, noise, name, sentence):
    with pytest.raises(OutputError) as error:
        pictures.check_output(name)
    assert str(error.value).startswith(sentence)
    with pytest.raises(OutputError):
        pictures.write_picture(noise, tmp_path / "folder" / name)
    assert not list(tmp_path.iterdir())


def test_quality_out_of_range():
    pictures.check_output("a.jpg", 1)
    pictures.check_output("a.JPG", 100)
    for quality in (0, 101):
        with pytest.raises(OutputError, match=f"quality {quality} is not between 1 and 100"):
            pictures.check_output("a.jpg", quality)


def test_folders_are_made(tmp_path, noise):
    pictures.write_picture(noise, tmp_path / "a" / "b" / "c.png")
    assert np.array_equal(pictures.read_picture(tmp_path / "a" / "b" / "c.png"), noise)


def test_a_picture_too_large_for_its_format(tmp_path):
    with pytest.raises(OutputError, match=r"cannot write .*a\.webp, 16400 x 1 pixels"):
        pictures.write_picture(np.zeros((1, 16_400, 3)), tmp_path / "a.webp")
    assert not list(tmp_path.iterdir())


def test_text_and_bytes(tmp_path):
    write_whole(tmp_path / "a.txt", "Größe\n")
    assert (tmp_path / "a.txt").read_bytes() == "Größe\n".encode()
    write_whole(str(tmp_path / "a.txt"), b"\0\xff")
    assert (tmp_path / "a.txt").read_bytes() == b"\0\xff"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def failing(error):
    def fail(*args, **kwargs):
        raise error

    return fail


@pytest.mark.parametrize("broken", ["fsync", "replace"])
@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=["full", "interrupt"]
)
def test_a_write_that_fails_leaves_the_old_file(tmp_path, noise, monkeypatch, broken, error):
    path = tmp_path / "a.png"
    pictures.write_picture(noise, path)
    before = path.read_bytes()
    monkeypatch.setattr(os, broken, failing(error))
    expected = KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else OutputError
    with pytest.raises(expected) as raised:
        pictures.write_picture(255 - noise, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    if expected is OutputError:
        assert str(raised.value).startswith(f"cannot write {path} (No space left on device)")


def test_an_encoder_that_fails_leaves_the_old_file(tmp_path, noise, monkeypatch):
    path = tmp_path / "a.png"
    pictures.write_picture(noise, path)
    before = path.read_bytes()

    def half(self, buffer, **options):
        buffer.write(before[:100])
        raise OSError("encoder error -2")

    monkeypatch.setattr(Image.Image, "save", half)
    with pytest.raises(OutputError, match="encoder error -2"):
        pictures.write_picture(255 - noise, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_the_umask_decides_permissions(tmp_path, noise, umask, mode):
    before = os.umask(umask)
    try:
        pictures.write_picture(noise, tmp_path / "a.png")
        write_whole(tmp_path / "a.txt", "text")
    finally:
        os.umask(before)
    assert (tmp_path / "a.png").stat().st_mode & 0o777 == mode
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == mode


@pytest.mark.skipif(os.name != "posix", reason="symbolic links need rights on Windows")
def test_a_symbolic_link_stays_one(tmp_path):
    (tmp_path / "link.txt").symlink_to(tmp_path / "deep" / "a.txt")
    write_whole(tmp_path / "link.txt", "text")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "deep" / "a.txt").read_text() == "text"


def test_check_writable_leaves_only_the_folder(tmp_path):
    check_writable(tmp_path / "a" / "b" / "c.png")
    assert (tmp_path / "a" / "b").is_dir()
    assert not list((tmp_path / "a" / "b").iterdir())
    write_whole(tmp_path / "old.txt", "old")
    check_writable(tmp_path / "old.txt")
    assert (tmp_path / "old.txt").read_text() == "old"


def test_what_a_killed_process_has_left_is_removed_in_time(tmp_path):
    old, new = tmp_path / ".nstk-0123.tmp", tmp_path / ".nstk-4567.tmp"
    for path in (old, new):
        path.write_text("half of")
    os.utime(old, (time.time() - 7200,) * 2)
    check_writable(tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == [new]


@pytest.mark.parametrize("write", [check_writable, lambda path: write_whole(path, "text")], ids=["check", "write"])
def test_places_that_cannot_be_written(tmp_path, monkeypatch, write):
    (tmp_path / "file").touch()
    for name in ("file/a.png", "file/deeper/a.png"):
        with pytest.raises(OutputError) as error:
            write(tmp_path / name)
        assert (
            str(error.value)
            == f"cannot write {tmp_path / name}: {tmp_path / 'file'} is a file, not a folder; choose another place"
        )
    with pytest.raises(OutputError, match="it is a folder; name a file"):
        write(tmp_path)
    if os.path.exists("/dev/null"):
        with pytest.raises(OutputError, match="it is a device; name a file"):
            write("/dev/null")
    monkeypatch.setattr(files, "open", failing(OSError(errno.EROFS, "Read-only file system")), raising=False)
    with pytest.raises(OutputError, match=r"a\.png \(Read-only file system\): choose another place or mend this one"):
        write(tmp_path / "a.png")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(OutputError, match="Permission denied"):
        check_writable(tmp_path / "a.png")


# -- the whole


def test_the_pictures_that_ship_are_read(tmp_path):
    with resources.as_file(resources.files("nstk.recipes") / "images") as folder:
        paths = sorted(folder.glob("*.jpg"))
        assert paths
        for path in paths:
            picture = pictures.read_picture(path)
            assert pictures.check_picture(path) == picture.shape[1::-1]
            assert 0 <= picture.min() < 60
            assert 180 < picture.max() <= 255
            fitted = pictures.fit(*picture.shape[1::-1], 64)
            pictures.write_picture(pictures.resize(picture, *fitted), tmp_path / "a.png")
            assert pictures.check_picture(tmp_path / "a.png") == fitted


def test_importing_and_checking_need_no_numpy(tmp_path, orange):
    path = saved(orange, tmp_path / "a.png")
    code = (
        "import sys; import nstk.pictures as pictures; assert 'PIL.Image' not in sys.modules; "
        "pictures.check_picture(sys.argv[1]); assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
