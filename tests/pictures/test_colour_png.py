"""The chunks of a PNG that tell its colours, at 8 and 16 bits: the right values, and what counts more."""

from __future__ import annotations

import io
import logging

import numpy as np
import pytest
from PIL import Image

from nstk import pictures
from tests.pictures.colours import (
    CHRM,
    RGB,
    SRGB_CHUNK,
    H,
    W,
    adobe,
    bt2020,
    chrm,
    cicp,
    exif,
    gama,
    iccp,
    levels_of,
    narrow,
    p3,
    png,
    powered,
    prophoto,
)
from tests.pictures.samples import grey_profile, swapped_profile

EXIF = (b"eXIf", exif().tobytes()[6:])
WITHIN = 0.5
"""What the digits of the published matrices leave, in levels of 255, at both depths: none is rounded to 8 bits."""


def kinds(value):
    """The names of chunks, for the name of a test."""
    chunks = value if isinstance(value, list) else [value] if isinstance(value, tuple) else []
    return "-".join(kind.decode() for kind, _ in chunks) or ("none" if value == [] else "")


def read(data, tmp_path):
    (tmp_path / "a.png").write_bytes(data)
    return pictures.read_all(tmp_path / "a.png").colours


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([gama(100_000)], powered(1)),
        ([gama(55_556)], powered(1.8)),
        ([gama(250_000)], powered(0.4)),
        ([gama(45_455), chrm(CHRM["Adobe"])], lambda levels: adobe(levels, 1 / 0.45455)),
        ([gama(45_470), chrm(CHRM["Adobe"])], adobe),
        ([chrm(CHRM["Adobe"]), gama(45_470)], adobe),
        ([chrm(CHRM["P3"])], p3),
        ([gama(55_556), chrm(CHRM["ProPhoto"])], prophoto),
        ([gama(100_000), chrm(CHRM["sRGB"])], powered(1)),
        ([cicp(12, 13, 0, 1)], p3),
        ([cicp(9, 13, 0, 1)], bt2020),
        ([cicp(9, 14, 0, 1)], bt2020),
        ([cicp(1, 8, 0, 1)], powered(1)),
        ([cicp(1, 4, 0, 1)], powered(2.2)),
        ([cicp(1, 5, 0, 1)], powered(2.8)),
        ([cicp(1, 13, 0, 0)], narrow),
        ([cicp(12, 13, 0, 0)], lambda levels: p3(narrow(levels) / 255)),
        ([EXIF], adobe),
        ([cicp(12, 13, 0, 1), SRGB_CHUNK, gama(100_000), EXIF], p3),
        ([iccp(swapped_profile()), gama(100_000), cicp(12, 13, 0, 1)], p3),
    ],
    ids=kinds,
)
def test_colours_are_converted(tmp_path, caplog, depth, chunks, expected):
    colours = read(png(levels_of(depth), *chunks), tmp_path)
    assert np.abs(colours - expected(RGB / 255)).max() < WITHIN
    assert not caplog.records


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize(
    "chunks",
    [
        [],
        [gama(45_455)],
        [gama(45_000)],
        [gama(45_455), chrm(CHRM["sRGB"])],
        [chrm(CHRM["sRGB"])],
        [SRGB_CHUNK],
        [SRGB_CHUNK, gama(100_000), chrm(CHRM["P3"])],
        [cicp(1, 13, 0, 1)],
        [cicp(1, 1, 0, 1)],
        [cicp(2, 2, 0, 1)],
        [cicp(1, 13, 0, 1), iccp(swapped_profile()), gama(100_000)],
        [(b"eXIf", exif(1, "R98").tobytes()[6:])],
    ],
    ids=kinds,
)
def test_what_is_srgb_stays_to_the_bit(tmp_path, caplog, depth, chunks):
    colours = read(png(levels_of(depth), *chunks), tmp_path)
    assert np.array_equal(colours, RGB) if depth == 8 else np.abs(colours - RGB).max() < 1e-4
    assert not caplog.records


@pytest.mark.parametrize("depth", [8, 16])
def test_a_profile_counts_more_than_gamma(tmp_path, caplog, depth):
    colours = read(png(levels_of(depth), iccp(swapped_profile()), SRGB_CHUNK, gama(100_000), chrm(CHRM["P3"])), tmp_path)
    assert np.abs(colours[..., ::-1] - RGB).max() < 2
    assert not caplog.records


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("channels", [1, 2])
def test_greys_take_the_curve_alone(tmp_path, depth, channels):
    grey = levels_of(depth, grey=True)
    levels = grey if channels == 1 else np.dstack([grey, np.full_like(grey, np.iinfo(grey.dtype).max)])
    expected = powered(1)(RGB[..., :1] / 255)
    for chunks in ([gama(100_000)], [gama(100_000), chrm(CHRM["P3"])], [cicp(9, 8, 0, 1)]):
        assert np.abs(read(png(levels, *chunks), tmp_path) - expected).max() < 0.01


def test_linear_mid_grey_is_128(tmp_path):
    """A fifth of the light is the middle of sRGB: 0.2140 of linear light is half of sRGB's levels."""
    levels = np.full((H, W, 1), round(0.2140 * 65535), np.uint16)
    assert read(png(levels, gama(100_000)), tmp_path)[0, 0] == pytest.approx(127.5, abs=0.02)


def test_a_palette_and_transparency(tmp_path):
    palette = Image.fromarray(RGB).quantize(16)
    expected = powered(1)(np.asarray(palette.convert("RGB")) / 255)
    buffer = io.BytesIO()
    palette.save(buffer, "PNG", transparency=bytes([0, *[255] * 15]))
    data = buffer.getvalue()
    gamma = png(levels_of(8), gama(100_000))[33 : 33 + 16]
    (tmp_path / "a.png").write_bytes(data[:33] + gamma + data[33:])
    picture = pictures.read_all(tmp_path / "a.png")
    assert np.abs(picture.colours - expected).max() < 0.01
    assert np.array_equal(picture.alpha, (np.asarray(palette) != 0).astype(np.float32))


def test_deep_levels_stay_apart(tmp_path):
    ramp = np.broadcast_to(np.arange(30000, 30000 + H * W, dtype=np.uint16).reshape(H, W, 1), (H, W, 3))
    assert len(np.unique(read(png(ramp, gama(100_000)), tmp_path)[..., 1])) == H * W


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize(
    ("chunk", "sentence"),
    [
        (gama(0), "a.png is read as if it told no gamma, for that cannot be used (gAMA 0)"),
        (gama(2**31 - 1), "is read as if it told no gamma, for that cannot be used (gAMA 2147483647)"),
        (gama(12), "is read as if it told no gamma"),
        (chrm((0,) * 8), "is read as if it told no primaries, for those cannot be used (cHRM: its white is no white)"),
        (chrm((31270, 32900) + (64000, 33000) * 3), "(cHRM: its primaries span no colours)"),
        (chrm((90000, 90000, *CHRM["sRGB"][2:])), "(cHRM: its white is no mixture of its primaries)"),
        (cicp(1, 13, 1, 1), "the codes 1, 13, 1 and 1 are not those of an RGB picture"),
        (cicp(77, 13, 0, 1), "is read as if it had no cICP, which cannot be used (codes 77 and 13"),
        ((b"eXIf", exif(65535, None).tobytes()[6:]), "is read as sRGB, though its EXIF says"),
    ],
    ids=kinds,
)
def test_what_cannot_be_used_is_named(tmp_path, caplog, depth, chunk, sentence):
    with caplog.at_level(logging.WARNING, "nstk"):
        colours = read(png(levels_of(depth), chunk), tmp_path)
    assert np.abs(colours - RGB).max() < 1e-4
    assert sentence in caplog.text


def test_a_broken_cicp_leaves_the_rest(tmp_path, caplog):
    colours = read(png(levels_of(8), cicp(1, 99, 0, 1), gama(100_000)), tmp_path)
    assert np.abs(colours - powered(1)(RGB / 255)).max() < 0.01
    assert "cICP" in caplog.text


def test_a_profile_of_grey_fits_grey_only(tmp_path):
    grey = levels_of(8, grey=True)
    linear = powered(1)(RGB[..., :1] / 255)
    assert np.abs(read(png(grey, iccp(grey_profile(1.0)), gama(45_455)), tmp_path) - linear).max() < 2


@pytest.mark.parametrize("depth", [8, 16])
def test_pictures_given_in_python(tmp_path, depth):
    """The same bytes without a file, and Pillow's image of them."""
    data = png(levels_of(depth), gama(100_000), chrm(CHRM["P3"]))
    expected = read(data, tmp_path)
    by_bytes = pictures.given(data, "the content")
    assert np.array_equal(by_bytes.read().colours, expected)
    if depth == 8:
        with Image.open(io.BytesIO(data)) as image:
            assert np.array_equal(pictures.given(image, "the content").read().colours, expected)
            plain = Image.fromarray(np.asarray(image))
        assert pictures.given(plain, "the content").sha256 != pictures.given(image, "the content").sha256
        assert np.array_equal(pictures.given(plain, "the content").read().colours, RGB)
