"""Long and odd notes in a PNG: whatever they are, the picture is the same."""

from __future__ import annotations

import zlib

import numpy as np
from hypothesis import given

from nstk.pictures import read_all
from tests.fuzz.damage import RANDOM, fuzz, in_time
from tests.pictures.colours import levels_of, png
from tests.pictures.formats.cell import known
from tests.pictures.samples import chunk

KEYWORDS = [
    b"Comment",
    b"parameters",
    b"XML:com.adobe.xmp",
    b"Raw profile type exif",
    b"Raw profile type APP1",
    b"",
    b"\xff" * 99,
]


def text(random):
    """Up to 3 MB of text, zeros or noise."""
    size = int(10 ** random.uniform(0, 6.5))
    return random.choice([b"a word " * (size // 7), bytes(size), random.randbytes(min(size, 100_000))])


def note(random):
    """A chunk with a text, packed or not, whole or broken."""
    word, body = random.choice(KEYWORDS), text(random)
    packed = zlib.compress(body, 1)
    packed = packed[: random.randint(0, len(packed))] if random.random() < 0.2 else packed
    kind, data = random.choice(
        [
            (b"tEXt", word + b"\0" + body),
            (b"zTXt", word + b"\0\0" + packed),
            (b"zTXt", word + b"\0\1" + packed),
            (b"zTXt", word),
            (b"iTXt", word + b"\0\1\0en\0\0" + packed),
            (b"iTXt", word + b"\0\0\0\0\0" + body),
            (b"iTXt", word + b"\0\1"),
            (b"prVt", body),
            (b"tIME", body[:7]),
            (b"pHYs", body[:9]),
        ]
    )
    made = chunk(kind, data)
    return made[:-4] + random.randbytes(4) if random.random() < 0.1 else made


@fuzz(0.05)
@given(RANDOM)
def test_notes_of_any_length(tmp_path, random):
    levels = levels_of(random.choice([8, 16]))
    data = png(levels)
    end = len(data) - 12
    notes = [note(random) for _ in range(random.randint(1, 4))]
    early = random.randint(0, len(notes))
    (tmp_path / "a.png").write_bytes(data[:33] + b"".join(notes[:early]) + data[33:end] + b"".join(notes[early:]) + data[end:])
    with in_time():
        colours = read_all(tmp_path / "a.png").colours
    assert np.abs(colours - known(levels, 8 * levels.itemsize)()).max() < 0.01
