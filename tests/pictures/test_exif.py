"""EXIF: the orientation of a picture, and what of a photograph's block a picture painted from it has."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from nstk import pictures
from tests.pictures.samples import ORANGE, H, W, one_colour, saved


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
def test_a_broken_block_does_no_harm(tmp_path, orange, exif):
    assert one_colour(saved(orange, tmp_path / "a.jpg", exif=exif)) == pytest.approx(ORANGE, abs=2)


PLAIN = np.full((20, 30, 3), 128, np.uint8)
FILES = [(suffix, 8) for suffix in pictures.FORMATS if suffix != ".bmp"] + [(".png", 16), (".tif", 16)]


def a_photograph(path, **more):
    """A JPEG as a camera might write it, turned and with a thumbnail; `more` goes into the camera's directory."""
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model], exif[Base.Orientation] = "Canon", "EOS R5", 6
    exif[Base.Copyright] = "© Jörg".encode()
    exif[Base.Software], exif[Base.DateTime] = "Firmware 1.8", "2024:01:01 00:00:00"
    exif[IFD.Exif] = {
        Base.ExifVersion: b"0232",
        Base.DateTimeOriginal: "2023:05:06 07:08:09",
        Base.LensModel: "RF24-70mm F2.8 L",
        Base.ExposureTime: 0.005,
        Base.ISOSpeedRatings: 400,
        Base.MakerNote: b"secret" * 20,
        Base.ExifImageWidth: 8192,
        **{Base[name]: value for name, value in more.items()},
    }
    exif[IFD.GPSInfo] = {GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (48.0, 51.0, 30.0)}
    block = exif.tobytes()
    entries = struct.unpack_from(">H", block, 14)[0]
    thumbnail = struct.pack(">HHHII", 1, Base.JpegIFOffset, 4, 1, 8) + bytes(4)
    link = 14 + 2 + 12 * entries
    block = block[:link] + struct.pack(">I", len(block) - 6) + block[link + 4 :] + thumbnail
    Image.fromarray(np.full((40, 60, 3), 99, np.uint8)).save(path, exif=block)
    with Image.open(path) as photo:
        assert photo.getexif().get_ifd(IFD.IFD1)
    return path


def painted(tmp_path, source, suffix, depth, gps=False):
    """The EXIF of a picture that is written from what a photograph holds."""
    photo = pictures.read_all(source)
    exif = photo.exif if gps else pictures.without_place(photo.exif)
    pictures.write_picture(PLAIN, tmp_path / f"painted{suffix}", depth=depth, exif=exif)
    with Image.open(tmp_path / f"painted{suffix}") as picture:
        found = picture.getexif()
        return found, dict(found.get_ifd(IFD.Exif)), dict(found.get_ifd(IFD.GPSInfo)), dict(found.get_ifd(IFD.IFD1))


@pytest.mark.parametrize(("suffix", "depth"), FILES)
def test_what_holds_is_kept(tmp_path, suffix, depth):
    found, camera, place, thumbnail = painted(tmp_path, a_photograph(tmp_path / "photo.jpg"), suffix, depth)
    assert (found[Base.Make], found[Base.Model]) == ("Canon", "EOS R5")
    assert found[Base.Copyright].encode("latin-1") == "© Jörg".encode()
    assert camera[Base.LensModel] == "RF24-70mm F2.8 L"
    assert camera[Base.DateTimeOriginal] == "2023:05:06 07:08:09"
    assert camera[Base.ExposureTime] == pytest.approx(0.005)
    assert camera[Base.ISOSpeedRatings] == 400
    assert (camera[Base.ExifImageWidth], camera[Base.ExifImageHeight]) == (30, 20)
    assert camera[Base.ColorSpace] == 1
    for gone in (Base.Orientation, Base.Software, Base.DateTime):
        assert gone not in found
    assert Base.MakerNote not in camera
    assert not thumbnail
    assert not place


@pytest.mark.parametrize(("suffix", "depth"), FILES)
def test_the_place_is_kept_if_asked_for(tmp_path, suffix, depth):
    _, _, place, _ = painted(tmp_path, a_photograph(tmp_path / "photo.jpg"), suffix, depth, gps=True)
    assert place == {GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (48.0, 51.0, 30.0)}


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp"])
def test_it_survives_from_file_to_file(tmp_path, suffix):
    """What is written is read again as it was, whatever the format."""
    first = pictures.read_all(a_photograph(tmp_path / "photo.jpg")).exif
    pictures.write_picture(PLAIN, tmp_path / f"a{suffix}", exif=first)
    again = pictures.read_all(tmp_path / f"a{suffix}").exif
    assert {tag: value for tag, value in first.items() if isinstance(value, str)}
    assert again == first


def test_a_picture_without_exif_gets_none(tmp_path):
    Image.fromarray(PLAIN).save(tmp_path / "plain.png")
    found, camera, *_ = painted(tmp_path, tmp_path / "plain.png", ".jpg", 8)
    assert not found
    assert not camera


def test_odd_values_are_left_out(tmp_path):
    """A comment that no JPEG has room for, an exposure of 1/0 seconds, a lens that is a number."""
    odd = {"UserComment": b"x" * 65_000, "FNumber": float("inf"), "LensMake": 7}
    tags = pictures.read_all(a_photograph(tmp_path / "photo.jpg")).exif
    tags[IFD.Exif] |= {Base[name]: value for name, value in odd.items()}
    exif = Image.Exif()
    exif.update({number: value for number, value in tags.items() if number != IFD.GPSInfo})
    Image.fromarray(PLAIN).save(tmp_path / "odd.png", exif=exif)
    found, camera, *_ = painted(tmp_path, tmp_path / "odd.png", ".jpg", 8)
    assert found[Base.Make] == "Canon"
    assert Base.UserComment not in camera
    assert camera[Base.LensModel] == "RF24-70mm F2.8 L"


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x0f\x01",  # 65535 entries, of which two bytes follow
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\xff\xff\0\0\0\0\0\0",  # the camera's directory beyond the end
        b"Exif\0\0rubbish",
        b"Exif\0\0",
    ],
)
def test_a_broken_block_is_ignored(tmp_path, exif):
    Image.fromarray(PLAIN).save(tmp_path / "broken.jpg", exif=exif)
    found, camera, place, _ = painted(tmp_path, tmp_path / "broken.jpg", ".jpg", 8, gps=True)
    assert not found
    assert not camera
    assert not place
