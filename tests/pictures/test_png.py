"""PNG: what nstk does not need of a file does not stop it, and no decoder prints anything."""

from __future__ import annotations

import struct
import time
import zlib

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from nstk import pictures
from tests.pictures.samples import LEVELS, RGB, H, W, chunk, refused, same, saved, swapped_profile

END = 12  # the bytes of the last chunk, IEND


@pytest.fixture(params=[8, 16])
def plain(tmp_path, request):
    """The bytes of a good PNG, and its pixels, 0..255."""
    if request.param == 16:
        return bytes(imagecodecs.png_encode(np.ascontiguousarray(RGB))), RGB / 257
    return saved(Image.fromarray((RGB >> 8).astype(np.uint8)), tmp_path / "plain.png").read_bytes(), RGB >> 8


def broken(kind, data):
    made = bytearray(chunk(kind, data))
    made[-1] ^= 1
    return bytes(made)


LONG = b"a word " * 400_000  # 2.8 MB
BOMB = zlib.compress(bytes(2**28), 9)  # a fourth of a GB, in 260 kB

HARMLESS = {
    "zTXt": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(LONG)),
    "iTXt": chunk(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(LONG)),
    "plain iTXt": chunk(b"iTXt", b"Comment\0\0\0\0\0" + LONG),
    "tEXt": chunk(b"tEXt", b"parameters\0" + LONG),
    "many texts": chunk(b"tEXt", b"parameters\0" + LONG[:1000]) * 3000,
    "bomb": chunk(b"zTXt", b"Comment\0\0" + BOMB),
    "bomb of XMP": chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + BOMB),
    "bomb of EXIF": chunk(b"zTXt", b"Raw profile type exif\0\0" + BOMB),
    "broken zTXt": chunk(b"zTXt", b"Comment\0\0no stream"),
    "short zTXt": chunk(b"zTXt", b"a"),
    "long eXIf": chunk(b"eXIf", b"MM\0*\0\0\0\x08" + bytes(2_000_000)),
    "unknown": chunk(b"prVt", b"what only its writer knows"),
    "unknown checksum": broken(b"prVt", b"what only its writer knows"),
    "short tIME": chunk(b"tIME", b"ab"),
    "short pHYs": chunk(b"pHYs", b"ab"),
    "sBIT": chunk(b"sBIT", b"\x63\x63"),
    "hIST": chunk(b"hIST", b"\0"),
    "acTL": chunk(b"acTL", b"\0"),
    "fcTL": chunk(b"fcTL", b"\0" * 26),
    "long iCCP": chunk(b"iCCP", b"big\0\0" + zlib.compress(bytes(2**25))),
    "broken iCCP": chunk(b"iCCP", b"bad\0\0no stream"),
    "short iCCP": chunk(b"iCCP", b"bad"),
    "short gAMA": chunk(b"gAMA", b"\0"),
    "short cHRM": chunk(b"cHRM", b"\0" * 9),
    "empty sRGB": chunk(b"sRGB", b""),
    "eXIf checksum": broken(b"eXIf", b"MM\0*\0\0\0\x08\0\0\0\0\0\0"),
}
SAID = {
    "long iCCP": "its colour profile cannot be used (it is cut short or beyond measure)",
    "broken iCCP": "its colour profile cannot be used",
    "short iCCP": "its colour profile cannot be used",
    "short gAMA": "has a broken part, gAMA, which is left out",
    "short cHRM": "has a broken part, cHRM, which is left out",
    "empty sRGB": "has a broken part, sRGB, which is left out",
    "eXIf checksum": "has a broken part, eXIf, which is left out",
}


@pytest.mark.parametrize("name", HARMLESS)
@pytest.mark.parametrize("late", [False, True])
def test_what_is_not_needed_stops_nothing(tmp_path, plain, caplog, capfd, name, late):
    data, pixels = plain
    place = len(data) - END if late else 33
    (tmp_path / "a.png").write_bytes(data[:place] + HARMLESS[name] + data[place:])
    start = time.process_time()
    assert np.abs(pictures.read_picture(tmp_path / "a.png") - pixels).max() < 1e-3
    assert time.process_time() - start < 2
    assert bool(caplog.messages) == (name in SAID)
    assert SAID.get(name, "") in caplog.text
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("late", [False, True])
def test_what_is_needed_is_kept(tmp_path, plain, late):
    """The profile, the orientation and the notes of a camera, beside a text that is too long."""
    data, _ = plain
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    text, notes = HARMLESS["zTXt"], chunk(b"eXIf", exif.tobytes()[6:])
    profile = chunk(b"iCCP", b"swapped\0\0" + zlib.compress(swapped_profile()))
    place = len(data) - END
    rest = data[33:place] + text + notes + data[place:] if late else text + notes + data[33:]
    (tmp_path / "a.png").write_bytes(data[:33] + profile + rest)
    picture = pictures.read_all(tmp_path / "a.png")
    (tmp_path / "bare.png").write_bytes(data)
    bare = pictures.read_picture(tmp_path / "bare.png")
    assert picture.size == (H, W)
    assert picture.exif == {0x010F: "Maker"}
    assert np.abs(picture.colours - np.rot90(bare, -1)[..., ::-1]).max() < 1.5


def test_notes_in_a_text(tmp_path):
    """ImageMagick writes EXIF as a text in hexadecimal."""
    exif = Image.Exif()
    exif[0x0112] = 6
    block = exif.tobytes()
    text = b"\nexif\n%8d\n" % len(block) + block.hex().encode() + b"\n"
    path = saved(Image.new("RGB", (W, H)), tmp_path / "a.png")
    data = path.read_bytes()
    path.write_bytes(data[:33] + chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text)) + data[33:])
    assert pictures.check_picture(path) == (H, W)


def packed(rows, more=b"", after=b""):
    """A PNG of 16 bits whose stream holds `more` after its rows, and `after` after its end."""
    stream = zlib.compress(rows + more) + after
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, 16, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", stream) + chunk(b"IEND", b"")


def test_a_stream_that_goes_on_prints_nothing(tmp_path, capfd):
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in RGB)
    for data in (packed(rows), packed(rows, more=bytes(100)), packed(rows, after=b"junk"), packed(rows) + bytes(50)):
        (tmp_path / "a.png").write_bytes(data)
        assert same(pictures.read_picture(tmp_path / "a.png"), RGB)
    assert capfd.readouterr() == ("", "")


def interlaced(levels):
    """A PNG of 16 bits in the seven passes of Adam7, written by hand."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b""
    for left, top, right, down in passes:
        for row in levels[top::down, left::right]:
            rows += b"\0" + row.astype(">u2").tobytes() if len(row) else b""
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[levels.shape[2]]
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", levels.shape[1], levels.shape[0], 16, kind, 0, 0, 1))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_interlaced(tmp_path, channels, capfd):
    (tmp_path / "a.png").write_bytes(interlaced(LEVELS[..., :channels]))
    assert same(pictures.read_all(tmp_path / "a.png").colours, LEVELS[..., : 1 if channels < 3 else 3])
    assert capfd.readouterr() == ("", "")


def test_damaged_pixels_are_refused(tmp_path, plain, capfd):
    data, _ = plain
    place = data.index(b"IDAT") + 40
    (tmp_path / "a.png").write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    refused(tmp_path / "a.png", "is cut short or damaged (the checksum of its part IDAT is wrong)")
    (tmp_path / "c.png").write_bytes(data[:place])
    refused(tmp_path / "c.png", "is cut short or damaged (it ends too early): save or download it again")
    (tmp_path / "b.png").write_bytes(data[:-END])
    assert pictures.check_picture(tmp_path / "b.png") == (W, H), "only the mark of the end is missing"
    assert capfd.readouterr() == ("", "")


def test_a_png_of_an_app(tmp_path, plain):
    data, _ = plain
    (tmp_path / "a.png").write_bytes(data[:8] + chunk(b"CgBI", b"\x50\0\x20\2") + data[8:])
    refused(tmp_path / "a.png", "is a PNG of an app for iOS, which others cannot read: save it again, as a usual PNG")
