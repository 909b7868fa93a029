"""Pictures that are read, and files that are refused in one sentence."""

from __future__ import annotations

import errno
import os
import struct
import subprocess
import sys
from importlib import resources

import numpy as np
import pytest
from PIL import Image, ImageCms

from nstk import pictures
from nstk.errors import PictureError
from nstk.pictures import read
from tests.pictures.samples import ORANGE, H, W, one_colour, png, refused, saved


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
def test_sixteen_bit_grey_is_scaled(tmp_path, mode, dtype, name):
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


def test_large_integers_are_refused(tmp_path):
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
    refused(saved(Image.fromarray(ramp), tmp_path / "a.tif"), "holds one sample that is NaN or infinite")


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


def test_palette_with_an_alpha_a_colour(tmp_path):
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
def test_a_transparent_level_is_white(tmp_path, bits, colour_type, row, clear):
    assert one_colour(png(tmp_path / "a.png", 24, H, bits, colour_type, row)).max() < 200
    assert one_colour(png(tmp_path / "b.png", 24, H, bits, colour_type, row, clear)) == pytest.approx(255)


def test_first_frame_of_an_animation(tmp_path, orange):
    others = [Image.new("RGB", (W, H), "blue"), Image.new("RGB", (W, H), "black")]
    for name, within in [("a.gif", 0), ("a.png", 0), ("a.webp", 3), ("a.tif", 0)]:
        path = saved(orange, tmp_path / name, save_all=True, append_images=others)
        assert one_colour(path) == pytest.approx(ORANGE, abs=within)


def test_a_missing_file(tmp_path, orange):
    saved(orange, tmp_path / "Louvre.JPG")
    refused(tmp_path / "louvre.jpeg", "no file ", ": did you mean `Louvre.JPG`?")
    refused(tmp_path / "zzz.png", ": check its name and its folder")
    refused(tmp_path / "nowhere" / "louvre.jpg", "no file ", ": check its name and its folder")
    refused(tmp_path / "Louvre.JPG" / "louvre.jpg", "no file ")
    with pytest.raises(PictureError, match=r"no file nu\\x00ll.png"):
        pictures.read_picture("nu\0ll.png")
    refused(tmp_path / ("x" * 300), "cannot be read (File name too long)")


def test_what_is_no_file(tmp_path):
    refused(tmp_path, "is a folder: name a picture file")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")
        refused(tmp_path / "pipe.png", "is a pipe, which can be read only once: save the picture to a file, and name that")


def test_empty_and_foreign_files(tmp_path):
    (tmp_path / "empty.png").touch()
    refused(tmp_path / "empty.png", "is empty (0 bytes): save or download it again")
    (tmp_path / "recipe.png").write_text("content: louvre.jpg\n" * 50)
    refused(tmp_path / "recipe.png", "is text, not a picture: name a picture, or download it again")


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
    end = 30 if suffix != "jpg" else len(whole) // 5
    for length in [2, 4, 8, 16, 20, 30, 40, 60, 100, len(whole) // 4, len(whole) // 2, len(whole) - end]:
        path.write_bytes(whole[:length])
        refused(path, "damaged")
    path.write_bytes(whole)
    pictures.check_picture(path)


def test_damage_is_read_or_refused(tmp_path, noise):
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
def test_bombs_are_refused(tmp_path, width, height):
    refused(png(tmp_path / "a.png", width, height, 8, 0, b"\0" * 16), "has more than 300 million pixels: make it smaller first")


def test_pillows_own_limit_is_unused(tmp_path, orange, monkeypatch):
    path = saved(orange, tmp_path / "a.png")
    for limit in (W * H - 1, W * H // 3):  # Pillow would warn; Pillow would raise
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        assert pictures.check_picture(path) == (W, H)
        assert limit == Image.MAX_IMAGE_PIXELS
        with pytest.raises(PictureError):
            pictures.check_picture(png(tmp_path / "b.png", 60_000, 60_000, 8, 0, b""))
        assert limit == Image.MAX_IMAGE_PIXELS


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


def test_checking_needs_no_numpy(tmp_path, orange):
    path = saved(orange, tmp_path / "a.png")
    code = (
        "import sys; import nstk.pictures as pictures; assert 'PIL.Image' not in sys.modules; "
        "pictures.check_picture(sys.argv[1]); assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
