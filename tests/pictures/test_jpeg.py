"""JPEG: files that are cut a little short are shown as viewers show them, and deep ones keep their bits."""

from __future__ import annotations

import io

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from nstk import pictures
from nstk.pictures import icc, jpeg
from tests.pictures.samples import ORANGE, refused, swapped_profile

Y, X = np.mgrid[:240, :320]
RAMP = np.rint(np.dstack([X / 319, Y / 239, (X + Y) / 558]) * 255).astype(np.uint8)
KINDS = {
    "baseline": {},
    "progressive": {"progressive": True},
    "4:4:4": {"subsampling": 0},
    "restarts": {"restart_marker_rows": 1},
}


def encoded(mode="RGB", **options):
    buffer = io.BytesIO()
    Image.fromarray(RAMP).convert(mode).save(buffer, "JPEG", quality=90, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("kind", KINDS)
def test_without_its_end_mark(tmp_path, caplog, kind, mode):
    data = encoded(mode, **({} if mode == "L" and kind == "4:4:4" else KINDS[kind]))
    (tmp_path / "whole.jpg").write_bytes(data)
    (tmp_path / "a.jpg").write_bytes(data[:-2])
    whole = pictures.read_picture(tmp_path / "whole.jpg")
    assert not [it for it in caplog.messages if "CMYK" not in it]  # which is a guess without a profile, and said to be
    assert np.array_equal(pictures.read_picture(tmp_path / "a.jpg"), whole)
    said = [it for it in caplog.messages if "CMYK" not in it]
    assert said == [f"{tmp_path / 'a.jpg'} is cut short: its end mark is missing, but no row is"]


@pytest.mark.parametrize("kind", KINDS)
def test_cut_a_little_short(tmp_path, caplog, kind):
    data = encoded(**KINDS[kind])
    whole = np.asarray(Image.open(io.BytesIO(data)), np.float32)
    (tmp_path / "a.jpg").write_bytes(data[:-60])
    read = pictures.read_picture(tmp_path / "a.jpg")
    rows = int(caplog.text.partition("its last ")[2].split()[0])
    assert 8 <= rows <= 40
    assert np.array_equal(read[:-rows], whole[:-rows]), "what is in the file is as it is in the file"
    by_viewers = np.asarray(Image.open(io.BytesIO(data[:-60] + b"\xff\xd9")), np.float32)
    assert np.array_equal(read, by_viewers)


def test_only_the_last_refinement_is_cut(tmp_path, caplog):
    """Of a progressive JPEG, viewers show all of the picture long before its end."""
    data = encoded(progressive=True)
    whole = np.asarray(Image.open(io.BytesIO(data)), np.float32)
    (tmp_path / "a.jpg").write_bytes(data[:-300])
    read = pictures.read_picture(tmp_path / "a.jpg")
    assert 0 < np.abs(read - whole).max() < 16
    assert "rows lack the finest detail" in caplog.text


@pytest.mark.parametrize("kind", KINDS)
def test_cut_much_too_short(tmp_path, kind):
    data = encoded(**KINDS[kind])
    for length in (2, 30, 200, 700, len(data) // 3, len(data) // 2, 3 * len(data) // 4):
        (tmp_path / "a.jpg").write_bytes(data[:length])
        refused(tmp_path / "a.jpg", "damaged")


def test_a_cut_photograph_keeps_its_notes(tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    data = encoded(exif=exif, icc_profile=swapped_profile())
    (tmp_path / "whole.jpg").write_bytes(data)
    (tmp_path / "a.jpg").write_bytes(data[:-2])
    whole, cut = (pictures.read_all(tmp_path / name) for name in ("whole.jpg", "a.jpg"))
    assert cut.size == whole.size == (240, 320)
    assert np.array_equal(cut.colours, whole.colours)
    assert cut.exif == whole.exif == {0x010F: "Maker"}


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("grey", [False, True])
def test_deep(tmp_path, bits, grey):
    """12 bits are a usual JPEG; 8 and 16 are lossless ones here, as medicine has them."""
    kind = np.uint8 if bits == 8 else np.uint16
    levels = np.rint(np.dstack([X / 319, Y / 239, (X + Y) / 558]) * (2**bits - 1)).astype(kind)
    levels = np.ascontiguousarray(levels[..., 0]) if grey else levels
    more = {"subsampling": "444"} if bits == 12 and not grey else {}
    data = bytes(imagecodecs.jpeg8_encode(levels, bitspersample=bits, level=100, lossless=bits != 12, **more))
    (tmp_path / "a.jpg").write_bytes(data)
    expected = np.broadcast_to(np.atleast_3d(levels) / (2**bits - 1) * 255, (240, 320, 3))
    read = pictures.read_picture(tmp_path / "a.jpg")
    assert np.abs(read - expected).max() < (0.5 if bits == 12 else 1e-3)
    assert bits == 8 or len(np.unique(read[..., 0])) > 300, "more than 8 bits"


def test_a_profile_in_several_parts():
    profile = icc.srgb() * 300
    buffer = io.BytesIO()
    Image.new("RGB", (20, 30), ORANGE).save(buffer, "JPEG", icc_profile=profile)
    assert jpeg.profile(buffer.getvalue()) == profile


def test_broken_notes_are_no_reason(tmp_path):
    data = encoded()
    whole = np.asarray(Image.open(io.BytesIO(data)), np.float32)
    for number, body in [
        (0xE1, b"Exif\0\0MM\0*\0\0\0\x08\xff\xff broken"),
        (0xE1, b"Exif\0\0"),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta"),
        (0xE2, b"ICC_PROFILE\0\1\1 no profile"),
        (0xE2, b"ICC_PROFILE\0\2\3"),
        (0xE2, b"MPF\0MM\0*\0\0\0\x08\0\x09"),
        (0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\xff\xff\xff\xff"),
        (0xEE, b"Ad"),
        (0xFE, b"x" * 65_533),
        (0xE0, b"JFIF\0\1"),
    ]:
        segment = bytes([0xFF, number]) + (len(body) + 2).to_bytes(2, "big") + body
        (tmp_path / "a.jpg").write_bytes(data[:2] + segment + data[2:])
        assert np.array_equal(pictures.read_picture(tmp_path / "a.jpg"), whole), body[:20]
