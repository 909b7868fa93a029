"""Pictures of every format that are damaged."""

from __future__ import annotations

import struct
import zlib

from hypothesis import given

from tests.fuzz.damage import RANDOM, damaged, fuzz
from tests.fuzz.pictures import pictures, read_or_refused
from tests.pictures.formats.test_formats import CELLS


def with_checksums(data):
    """A PNG whose chunks are taken as they are, so that damage in them is met by more than their checksums."""
    made, at = data[:8], 8
    while at + 12 <= len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        body = data[at + 4 : at + 8 + size]
        made += data[at : at + 4] + body + struct.pack(">I", zlib.crc32(body))
        at += 12 + size
    return made


@fuzz(0.15)
@given(RANDOM)
def test_damaged_pictures(tmp_path, random):
    """Real pictures, and the files of the table of formats."""
    name = random.choice([*pictures()])
    data = pictures()[name] if random.random() < 0.5 else random.choice(CELLS).data()
    path = tmp_path / name
    made = damaged(data, random)
    path.write_bytes(with_checksums(made) if data.startswith(b"\x89PNG") and random.random() < 0.7 else made)
    read_or_refused(path)
    assert [*tmp_path.iterdir()] == [path]
    path.unlink()


def test_pictures_are_good_before_damage(tmp_path):
    for name, data in pictures().items():
        (tmp_path / name).write_bytes(data)
        assert read_or_refused(tmp_path / name) == (not name.endswith(".eps")), name
