"""Small files that say that they are large."""

from __future__ import annotations

import itertools
import struct
import zlib

import pytest

import nstk
from nstk.pictures import check_picture
from tests.fuzz.damage import in_time
from tests.fuzz.pictures import pictures, read_or_refused


def png(width, height, *chunks):
    """A PNG that says what it likes; its pixels, if any, are black."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    black = zlib.compress(bytes(min(width * height + height, 1 << 20)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        itertools.starmap(chunk, [(b"IHDR", head), *chunks, (b"IDAT", black), (b"IEND", b"")])
    )


def tiff(width, height, strip=8):
    """A TIFF of one strip of grey, with 8 bytes of pixels."""
    tags = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 200, 277: 1, 278: height, 279: strip}
    body = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return (b"II*\0" + struct.pack("<IH", 8, len(tags)) + body + bytes(4)).ljust(200, b"\0") + bytes(8)


def picture(suffix):
    """The first real picture of a format."""
    return next(data for name, data in pictures().items() if name.endswith(suffix))


def resized(suffix, order, width, height):
    """A real picture whose header says another size."""
    numbers = (32, 40) if suffix == ".jpg" else (40, 32)
    assert struct.pack(order, *numbers) in picture(suffix)
    return picture(suffix).replace(struct.pack(order, *numbers), struct.pack(order, width, height), 1)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (png(1, 100_000), "1 x 100000 pixels: at least 16 x 16 are needed"),
        (png(200_000, 200_000), "has more than 300 million pixels"),
        (tiff(200_000, 200_000), "has more than 300 million pixels"),
        (tiff(1, 100_000), "at least 16 x 16 are needed|cut short or damaged|not read"),
        (tiff(16_000, 16_000, 2**32 - 1), "damaged"),
        (resized(".jpg", ">HH", 65_000, 65_000), "has more than 300 million pixels"),
        (resized(".webp", "<HH", 16383, 16383), "damaged|no picture"),
        (resized(".gif", "<HH", 65_000, 65_000), "has more than 300 million pixels"),
        (resized(".bmp", "<ii", 200_000, 200_000), "has more than 300 million pixels"),
        (picture(".eps"), r"is a PostScript file \(EPS\): export it as PNG"),
    ],
    ids=["line", "png", "tiff", "tiff line", "tiff strip", "jpeg", "webp", "gif", "bmp", "program"],
)
def test_bombs(tmp_path, data, sentence):
    path = tmp_path / "bomb.png"
    path.write_bytes(data)
    with in_time(), pytest.raises(nstk.PictureError, match=sentence):
        check_picture(path)


@pytest.mark.parametrize(("kind", "warnings"), [(b"zTXt", 0), (b"iCCP", 1)])
def test_what_unpacks_to_much_is_left_alone(tmp_path, caplog, kind, warnings):
    """32 MiB of zeros in 33 kB: a text that nobody reads, and a colour profile that is none."""
    (tmp_path / "a.png").write_bytes(png(32, 32, (kind, b"a\0\0" + zlib.compress(bytes(1 << 25)))))
    assert read_or_refused(tmp_path / "a.png")
    assert len({record.getMessage() for record in caplog.records}) == warnings


def test_one_of_many_frames_is_decoded(tmp_path):
    data = picture(".gif")
    frame = data[data.index(b"\x2c") : -1]
    (tmp_path / "a.gif").write_bytes(data[:-1] + 10_000 * frame + b";")
    assert read_or_refused(tmp_path / "a.gif")
