"""What AVIF, JPEG 2000, BMP, QOI, GIF, TGA and JPEG tell of their colours: the right values, and warnings."""

from __future__ import annotations

import io
import struct

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from nstk import pictures
from nstk.pictures.colour_formats import of_file
from tests.pictures.colours import (
    ADOBE_TO_XYZ,
    RGB,
    H,
    W,
    adobe,
    avif,
    bmp,
    bt2020,
    cicp,
    exif,
    jp2,
    p3,
    png,
    powered,
    saved,
)
from tests.pictures.samples import grey_profile, srgb_profile, swapped_profile

WITHIN = 0.5
"""What the digits of the published matrices leave, in levels of 255."""


def read(data, tmp_path):
    (tmp_path / "a").write_bytes(data)
    return pictures.read_all(tmp_path / "a").colours


@pytest.mark.parametrize(
    ("primaries", "transfer", "expected"),
    [(12, 13, p3), (9, 13, bt2020), (9, 14, bt2020), (9, 1, bt2020), (1, 8, powered(1)), (1, 4, powered(2.2)), (12, 2, p3)],
)
def test_avif(tmp_path, caplog, primaries, transfer, expected):
    assert np.abs(read(avif(primaries, transfer), tmp_path) - expected(RGB / 255)).max() < WITHIN
    assert not caplog.records


@pytest.mark.parametrize("codes", [(1, 13), (1, 1), (2, 2), (1, 6), (2, 13)])
def test_avif_in_srgb_stays(tmp_path, caplog, codes):
    assert np.array_equal(read(avif(*codes), tmp_path), RGB)
    assert not caplog.records


def test_avif_of_unknown_codes(tmp_path, caplog):
    data = avif(12, 13)
    at = data.index(b"nclx") + 4
    assert np.array_equal(read(data[:at] + struct.pack(">H", 99) + data[at + 2 :], tmp_path), RGB)
    assert "codes 99 and 13, which ITU-T H.273 does not know" in caplog.text


def box(kind, *inside):
    body = b"".join(inside)
    return struct.pack(">I4s", 8 + len(body), kind) + body


@pytest.mark.parametrize("wide", [False, True], ids=["short", "wide"])
@pytest.mark.parametrize("shown", [1, 2])
def test_the_colours_of_the_picture_that_is_shown(shown, wide):
    """An AVIF may hold others, such as a thumbnail, with colours of their own."""
    codes = [box(b"colr", b"nclx", struct.pack(">HHHB", primaries, 13, 0, 128)) for primaries in (9, 12)]
    entry = ">H" if wide else ">B"
    items = struct.pack(">I", 2)
    for item, index in ((1, 2), (2, 3)):
        items += struct.pack(">HB", item, 2) + struct.pack(entry, 1) + struct.pack(entry, index | (0x8000 if wide else 0x80))
    properties = box(b"iprp", box(b"ipco", box(b"ispe", bytes(12)), *codes), box(b"ipma", bytes(3), bytes([wide]), items))
    primary = box(b"pitm", bytes(4), struct.pack(">H", shown))
    data = box(b"ftyp", b"avif", bytes(4)) + box(b"meta", bytes(4), primary, properties)
    space = of_file(io.BytesIO(data), data[:32], None, pytest.fail)
    assert space.name == f"{'BT.2020' if shown == 1 else 'Display P3'} with the curve of sRGB"


def test_a_profile_counts_more_in_avif(tmp_path):
    data = saved("AVIF", quality=100, subsampling="4:4:4", icc_profile=swapped_profile())
    plain = saved("AVIF", quality=100, subsampling="4:4:4", icc_profile=srgb_profile())
    assert np.abs(read(data, tmp_path)[..., ::-1] - read(plain, tmp_path)).max() < 3


def test_exif_counts_less_in_avif(tmp_path, caplog):
    """Pillow's AVIF says that it is sRGB; its EXIF is the camera's, of Adobe RGB."""
    tags = exif().tobytes()
    with_it, without = (saved("AVIF", quality=100, **more) for more in ({"exif": tags}, {}))
    assert np.array_equal(read(with_it, tmp_path), read(without, tmp_path))
    assert "is read as sRGB, as its header says: its EXIF says Adobe RGB" in caplog.text


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (b"\1\0\0" + struct.pack(">I", 16), None),
        (b"\2\0\0" + swapped_profile(), "swapped"),
        (b"\3\0\0" + swapped_profile(), "swapped"),
        (b"\5\0\0" + struct.pack(">HHHB", 12, 13, 0, 128), p3),
        (b"\5\0\0" + struct.pack(">HHHB", 1, 8, 0, 128), powered(1)),
    ],
    ids=["sRGB", "restricted profile", "any profile", "P3", "linear"],
)
@pytest.mark.parametrize("depth", [8, 16])
def test_jpeg_2000(tmp_path, caplog, depth, box, expected):
    colours = read(jp2(RGB if depth == 8 else RGB * np.uint16(257), box), tmp_path)
    if expected == "swapped":
        assert np.abs(colours[..., ::-1] - RGB).max() < 2
    else:
        assert np.abs(colours - (expected(RGB / 255) if expected else RGB)).max() < WITHIN
    assert not caplog.records


def test_grey_jpeg_2000(tmp_path):
    grey = np.ascontiguousarray(RGB[..., 0])
    assert np.array_equal(read(jp2(grey, b"\1\0\0" + struct.pack(">I", 17)), tmp_path)[..., 1], grey)
    linear = read(jp2(grey, b"\2\0\0" + grey_profile(1.0)), tmp_path)
    assert np.abs(linear - powered(1)(grey[..., None] / 255)).max() < 2


def test_an_unknown_space_in_jpeg_2000(tmp_path, caplog):
    assert np.array_equal(read(jp2(RGB, b"\1\0\0" + struct.pack(">I", 21)), tmp_path), RGB)
    assert "is read as sRGB, for its colour space is not known here (JPEG 2000's way 1, code 21)" in caplog.text


CALIBRATED, LINKED, EMBEDDED, SRGB, WINDOWS = 0, 0x4C494E4B, 0x4D424544, 0x73524742, 0x57696E20
ADOBE_XYZ = np.transpose(ADOBE_TO_XYZ).ravel()
ADOBE_XY = (0.64, 0.33, 0.03, 0.21, 0.71, 0.08, 0.15, 0.06, 0.79)


@pytest.mark.parametrize(
    ("code", "options", "expected"),
    [
        (CALIBRATED, {"endpoints": ADOBE_XYZ, "gammas": (563 / 256,) * 3}, adobe),
        (CALIBRATED, {"endpoints": ADOBE_XY, "gammas": (563 / 256,) * 3}, adobe),
        (CALIBRATED, {"gammas": (1, 1, 1)}, powered(1)),
        (CALIBRATED, {"gammas": (2.2, 2.2, 2.2)}, None),
        (CALIBRATED, {}, None),
        (SRGB, {"gammas": (1, 1, 1)}, None),
        (WINDOWS, {"gammas": (1, 1, 1)}, None),
        (EMBEDDED, {"profile": swapped_profile()}, "swapped"),
    ],
)
def test_bmp(tmp_path, caplog, code, options, expected):
    colours = read(bmp(RGB, code, **options), tmp_path)
    if expected == "swapped":
        assert np.abs(colours[..., ::-1] - RGB).max() < 2
    else:
        assert np.abs(colours - (expected(RGB / 255) if expected else RGB)).max() < WITHIN
    assert not caplog.records


@pytest.mark.parametrize(
    ("code", "options", "sentence"),
    [
        (LINKED, {"profile": b"c:\\a.icm"}, "is read as sRGB, for its colour profile is in another file"),
        (CALIBRATED, {"gammas": (0, 1, 1)}, "told no colour space, for that cannot be used (a gamma of 0 1 1)"),
        (CALIBRATED, {"endpoints": (1, 0, 0) * 3}, "told no colour space, for that cannot be used (its primaries"),
        (EMBEDDED, {"profile": b"rubbish"}, "its colour profile is ignored"),
    ],
)
def test_a_bmp_that_cannot_be_used(tmp_path, caplog, code, options, sentence):
    assert np.array_equal(read(bmp(RGB, code, **options), tmp_path), RGB)
    assert sentence in caplog.text


def test_qoi(tmp_path, caplog):
    """Pillow calls every QOI one of linear light, unless it is told otherwise."""
    data = bytearray(imagecodecs.qoi_encode(RGB))
    data[13] = 0
    assert np.array_equal(read(bytes(data), tmp_path), RGB)
    assert not caplog.records
    data[13] = 1
    assert np.array_equal(read(bytes(data), tmp_path), RGB)
    assert "is read as sRGB, though it says that it is in linear light" in caplog.text
    assert saved("QOI")[13] == 1


def test_a_gif_with_a_profile(tmp_path):
    image = Image.fromarray(RGB).quantize(64)
    expected = np.asarray(image.convert("RGB"))
    data, profile = saved("GIF", image), swapped_profile()
    pieces = [profile[at : at + 255] for at in range(0, len(profile), 255)]
    block = b"\x21\xff\x0bICCRGBG1012" + b"".join(bytes([len(it)]) + it for it in pieces) + b"\0"
    start = 13 + 3 * 2 ** ((data[10] & 7) + 1)
    assert np.array_equal(read(data, tmp_path), expected)
    assert np.abs(read(data[:start] + block + data[start:], tmp_path)[..., ::-1] - expected).max() < 2


@pytest.mark.parametrize(("over", "under", "named"), [(0, 0, False), (22, 10, False), (18, 10, True), (10, 10, True)])
def test_the_gamma_of_a_tga(tmp_path, caplog, over, under, named):
    data = saved("TGA")
    data = data if not data.endswith(b"TRUEVISION-XFILE.\0") else data[:-26]
    area = struct.pack("<H", 495) + bytes(476) + struct.pack("<HH", over, under) + bytes(13)
    colours = read(data + area + struct.pack("<II", len(data), 0) + b"TRUEVISION-XFILE.\0", tmp_path)
    assert np.array_equal(colours, RGB)
    assert ("its gamma of" in caplog.text) == named


def naive(inks):
    """RGB of the shares of ink (cyan, magenta, yellow, black): what is left of white."""
    return 255 * (1 - inks[..., :3]) * (1 - inks[..., 3:])


@pytest.mark.parametrize("marked", [True, False], ids=["Adobe", "none"])
def test_cmyk_in_jpeg(tmp_path, caplog, marked):
    """With Adobe's marker 255 is no ink, without it 0 is (ITU-T T.872)."""
    inks = np.zeros((32, 32, 4)) + np.array([0.6, 0.2, 0.4, 0.1])
    image = Image.fromarray(np.rint(255 * (inks if marked else 1 - inks)).astype(np.uint8), "CMYK")
    data = saved("JPEG", image, quality=100)
    at = data.index(b"\xff\xee")
    if not marked:  # Pillow writes the marker, and inverts what it writes
        data = data[:at] + data[at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0] :]
    assert np.abs(read(data, tmp_path) - naive(inks)).max() < 3
    assert "is in CMYK without a colour profile, so its colours are a guess: save it as sRGB" in caplog.text


def pq(light):
    """The level of PQ for a light in cd/m2 (SMPTE ST 2084)."""
    power = (light / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


@pytest.mark.parametrize(
    ("light", "level"),
    [(0, 0), (10, 62.7), (50, 136.0), (203, 229), (1000, 255), (4000, 255)],
)
def test_pq_is_brought_down(tmp_path, caplog, light, level):
    """Below 90 cd/m2 the light is kept, with 203 cd/m2 for white; above, 1000 cd/m2 become white."""
    levels = np.full((H, W, 3), round(pq(light) * 65535), np.uint16)
    assert read(png(levels, cicp(9, 16, 0, 1)), tmp_path)[3, 3] == pytest.approx([level] * 3, abs=1)
    assert "is brighter than paper (BT.2020 with the curve of PQ)" in caplog.text
    if light in (10, 50):
        assert level == pytest.approx(float(powered(1)(np.array(light / 203))), abs=0.1)


@pytest.mark.parametrize(("share", "level"), [(0, 0), (0.25, 61.5), (0.5, 137.5), (0.75, 229), (1, 255)])
def test_hlg_is_brought_down(tmp_path, caplog, share, level):
    """Three quarters of HLG's range are paper white, 203 cd/m2, and all of it is 1000 cd/m2."""
    levels = np.full((H, W, 3), round(share * 65535), np.uint16)
    assert read(png(levels, cicp(9, 18, 0, 1)), tmp_path)[3, 3] == pytest.approx([level] * 3, abs=1.5)
    assert "is brighter than paper (BT.2020 with the curve of HLG)" in caplog.text


def test_hues_of_pq_stay(tmp_path):
    """A red of 2000 cd/m2 becomes the brightest red, and not a pale one."""
    levels = np.zeros((H, W, 3), np.uint16)
    levels[..., 0], levels[..., 1:] = round(pq(2000) * 65535), round(pq(200) * 65535)
    red, green, blue = read(png(levels, cicp(1, 16, 0, 1)), tmp_path)[3, 3]
    assert red == 255
    assert green == blue == pytest.approx(float(powered(1)(np.array(0.1))), abs=1)


def test_pillows_image_of_a_file_that_tells(tmp_path):
    """Bytes that were given in Python, of an AVIF and a BMP."""
    for data in (avif(12, 13), bmp(RGB, CALIBRATED, gammas=(1, 1, 1)), png(RGB, cicp(12, 13, 0, 1))):
        expected = read(data, tmp_path)
        assert np.abs(expected - RGB).max() > 9
        assert np.array_equal(pictures.given(io.BytesIO(data), "the content").read().colours, expected)
        with Image.open(io.BytesIO(data)) as image:
            assert np.array_equal(pictures.given(image, "the content").read().colours, expected)
        with Image.open(tmp_path / "a") as image:
            image.load()
            assert np.array_equal(pictures.given(image, "the content").read().colours, expected)
            assert np.array_equal(pictures.given(image.copy(), "the content").read().colours, np.asarray(image))
