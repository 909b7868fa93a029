"""EXIF, the tags of a TIFF and XMP: the colours that they tell, and warnings for what they leave open."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from nstk import pictures
from tests.pictures.colours import RGB, adobe, encoded, exif, p3, png, powered, saved
from tests.pictures.samples import srgb_profile, swapped_profile

WITHIN = 0.5
"""What the digits of the published matrices leave, in levels of 255."""

ADOBE = {"t318": (0.3127, 0.3290), "t319": (0.64, 0.33, 0.21, 0.71, 0.15, 0.06)}
P3 = {"t318": (0.3127, 0.3290), "t319": (0.68, 0.32, 0.265, 0.69, 0.15, 0.06)}


def read(data, tmp_path, name="a.jpg"):
    (tmp_path / name).write_bytes(data)
    return pictures.read_all(tmp_path / name).colours


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP", "MPO"])
@pytest.mark.parametrize(("code", "index"), [(65535, "R03"), (2, None), (65535, "R03\0"), (None, "R03")])
def test_adobe_rgb(tmp_path, caplog, form, code, index):
    """A photograph of a camera that is set to Adobe RGB: (128, 200, 60) is (77, 201, 37) in sRGB."""
    image = Image.new("RGB", (32, 32), (128, 200, 60))
    tags = exif(code, index)
    if code is None:
        del tags.get_ifd(0x8769)[0xA001]
    lossy = {"quality": 100} if form in ("JPEG", "MPO", "WEBP") else {}
    colours = read(saved(form, image, exif=tags, **lossy), tmp_path)
    assert adobe(np.array([128, 200, 60]) / 255) == pytest.approx((76.7, 201.3, 36.6), abs=0.05)
    assert colours[9, 9] == pytest.approx((76.7, 201.3, 36.6), abs=2 if lossy else 0.1)  # YCbCr is rounded
    assert not caplog.records


def test_levels_of_adobe_rgb(tmp_path):
    colours = read(saved("PNG", exif=exif()), tmp_path)
    assert np.abs(colours - adobe(RGB / 255)).max() < WITHIN


def test_deep_adobe_rgb(tmp_path):
    data = png(RGB * np.uint16(257), (b"eXIf", exif().tobytes()[6:]))
    assert np.abs(read(data, tmp_path) - adobe(RGB / 255)).max() < WITHIN
    tifffile.imwrite(tmp_path / "a.tif", RGB * np.uint16(257), photometric="rgb", metadata=None, extratags=colorimetry(ADOBE))
    light = adobe(((RGB / 255 + 0.055) / 1.055) ** (2.4 / 563 * 256))
    dark = RGB.min(-1) < 11  # where sRGB's curve is a straight line
    assert np.abs(pictures.read_all(tmp_path / "a.tif").colours - light)[~dark].max() < WITHIN


@pytest.mark.parametrize(("code", "index"), [(1, "R98"), (1, None), (1, "R03"), (65535, "R98")])
def test_srgb_stays(tmp_path, caplog, code, index):
    assert np.array_equal(read(saved("PNG", exif=exif(code, index)), tmp_path), RGB)
    assert not caplog.records


def test_a_name_says_nothing(tmp_path, caplog):
    """Cameras call files of Adobe RGB `_DSC0001.JPG`; so may anyone."""
    assert np.array_equal(read(saved("PNG"), tmp_path, "_DSC0001.png"), RGB)
    assert not caplog.records


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF"])
def test_a_profile_counts_more(tmp_path, caplog, form):
    image = Image.new("RGB", (32, 32), (128, 200, 60))
    options = {"quality": 100} if form == "JPEG" else {}
    colours = read(saved(form, image, exif=exif(), icc_profile=srgb_profile(), **options), tmp_path)
    assert colours[9, 9] == pytest.approx((128, 200, 60), abs=1)
    colours = read(saved(form, image, exif=exif(), icc_profile=swapped_profile(), **options), tmp_path)
    assert colours[9, 9] == pytest.approx((60, 200, 128), abs=2)
    assert not caplog.records


@pytest.mark.parametrize(
    ("form", "code"), [("JPEG", 65535), ("PNG", 65535), ("TIFF", 65535), ("WEBP", 65535), ("PNG", 0xFFFD), ("PNG", 0xFFFE)]
)
def test_an_unknown_space_is_named(tmp_path, caplog, form, code):
    read(saved(form, exif=exif(code, None)), tmp_path)
    assert "a.jpg is read as sRGB, though its EXIF says that it is in another colour space" in caplog.text
    assert len(caplog.records) == 1


def colorimetry(tags):
    """Chromaticities as tifffile writes them."""
    return [
        (int(name[1:]), 5, len(values), [part for it in values for part in (round(it * 10_000), 10_000)], True)
        for name, values in tags.items()
    ]


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize(("tags", "expected"), [(P3, p3), ({"t319": P3["t319"]}, p3)], ids=["both", "primaries"])
def test_chromaticities_of_a_tiff(tmp_path, caplog, depth, tags, expected):
    levels = RGB if depth == 8 else RGB * np.uint16(257)
    tifffile.imwrite(tmp_path / "a.tif", levels, photometric="rgb", metadata=None, extratags=colorimetry(tags))
    assert np.abs(pictures.read_all(tmp_path / "a.tif").colours - expected(RGB / 255)).max() < WITHIN
    assert not caplog.records


def test_chromaticities_of_a_bigtiff(tmp_path):
    options = {"photometric": "rgb", "metadata": None, "extratags": colorimetry(P3)}
    tifffile.imwrite(tmp_path / "a.tif", RGB, bigtiff=True, **options)
    assert np.abs(pictures.read_all(tmp_path / "a.tif").colours - p3(RGB / 255)).max() < WITHIN


def test_the_tags_of_the_page_that_is_read(tmp_path):
    """A thumbnail comes first, and tells other colours."""
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        thumbnail = np.zeros((16, 16, 3), np.uint8)
        tiff.write(thumbnail, photometric="rgb", subfiletype=1, metadata=None, extratags=colorimetry(ADOBE))
        tiff.write(RGB, photometric="rgb", metadata=None, extratags=colorimetry(P3))
    assert np.abs(pictures.read_all(tmp_path / "a.tif").colours - p3(RGB / 255)).max() < WITHIN


@pytest.mark.parametrize("grey", [False, True], ids=["rgb", "grey"])
@pytest.mark.parametrize("depth", [8, 16])
def test_a_transfer_function_of_a_tiff(tmp_path, depth, grey):
    levels = RGB[..., 0] if grey else RGB
    levels = levels if depth == 8 else levels * np.uint16(257)
    table = np.rint(np.linspace(0, 1, 2**depth) ** 1.8 * 65535).astype(int).tolist()
    tifffile.imwrite(
        tmp_path / "a.tif",
        levels,
        photometric="minisblack" if grey else "rgb",
        metadata=None,
        extratags=[(301, 3, len(table), table, True)],
    )
    expected = powered(1.8)(RGB[..., :1] / 255 if grey else RGB / 255)
    assert np.abs(pictures.read_all(tmp_path / "a.tif").colours - expected).max() < 0.1


def test_a_transfer_function_for_each_channel(tmp_path):
    curves = [np.linspace(0, 1, 256) ** power for power in (1.0, 1.8, 2.6)]
    table = np.rint(np.concatenate(curves) * 65535).astype(int).tolist()
    tifffile.imwrite(tmp_path / "a.tif", RGB, photometric="rgb", metadata=None, extratags=[(301, 3, 768, table, True)])
    expected = encoded((RGB / 255) ** np.array([1.0, 1.8, 2.6]))
    assert np.abs(pictures.read_all(tmp_path / "a.tif").colours - expected).max() < 0.1


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        ((301, 3, 256, [5] * 256, True), "a transfer function of 256 numbers"),
        ((301, 3, 100, list(range(100)), True), "a transfer function of 100 numbers"),
        ((318, 5, 2, [0, 1, 0, 1], True), "its white is no white"),
        ((318, 5, 2, [0, 0, 0, 0], True), "its white is no white"),
        ((319, 5, 6, [1, 3] * 6, True), "its primaries span no colours"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, caplog, extra, sentence):
    tifffile.imwrite(tmp_path / "a.tif", RGB, photometric="rgb", metadata=None, extratags=[extra])
    assert np.array_equal(pictures.read_all(tmp_path / "a.tif").colours, RGB)
    assert "a.tif is read as if its EXIF told no colour space" in caplog.text
    assert sentence in caplog.text


PACKET = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:Description %s/></x:xmpmeta>"


@pytest.mark.parametrize(
    ("words", "expected", "sentence"),
    [
        (b"photoshop:ICCProfile='Adobe RGB (1998)'", adobe, ""),
        (b"photoshop:ICCProfile='sRGB IEC61966-2.1'", None, ""),
        (b"photoshop:ICCProfile='ProPhoto RGB'", None, "though its XMP names another colour profile, ProPhoto RGB"),
        (b"exif:ColorSpace='65535'", None, "though its XMP says that it is in another colour space"),
    ],
)
def test_xmp(tmp_path, caplog, words, expected, sentence):
    data = saved("WEBP", xmp=PACKET % words, lossless=True)
    colours = read(data, tmp_path)
    assert np.abs(colours - (expected(RGB / 255) if expected else RGB)).max() < WITHIN
    assert (sentence in caplog.text) if sentence else not caplog.records
