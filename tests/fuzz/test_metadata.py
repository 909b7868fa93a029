"""Long and odd notes in a PNG: whatever they are, the picture is the same."""

from __future__ import annotations

import json
import zlib

import numpy as np
import pytest
from hypothesis import given

from nstk.checkpoints.repeat import repeat
from nstk.errors import UserError
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


WORDS = json.dumps(
    {
        "nstk": 1,
        "version": "0.1",
        "name": "a",
        "recipe": "content: photo.png\nstyle: painting.png\nsize: 48\nlosses: {gram: {weight: 1}}\n",
        "scales": [{"width": 48, "height": 36, "steps": 4, "done": 4}],
        "ended": True,
        "inputs": {"content": {"path": "photo.png", "sha256": "0" * 64}},
        "plugins": [{"where": "losses.gram", "use": "gram", "plugin": "gram", "version": None, "sha256": "0" * 64}],
        "backbone": {},
        "device": "CPU",
        "precision": "float32",
        "versions": {"numpy": "2"},
    }
)
"""What a picture of nstk's says of itself."""


@fuzz(0.05)
@given(RANDOM)
def test_damaged_words_of_our_own(tmp_path, random):
    """Metadata of a stranger ends in a sentence, whatever is in it."""
    made = list(WORDS)
    for _ in range(random.randint(1, 8)):
        place = random.randrange(len(made))
        made[place : place + random.randint(0, 30)] = random.choice(
            ["", "{", "[[", "null", "\\ud800", "\\u0000", "-1e999", '"', ": "]
        )
    path = tmp_path / "a.png"
    path.write_bytes(png(levels_of(8)))
    data = path.read_bytes()
    path.write_bytes(data[:33] + chunk(b"iTXt", b"nstk\0\0\0\0\0" + ('{"nstk":' + "".join(made)[8:]).encode()) + data[33:])
    with in_time(), pytest.raises(UserError):  # whatever else is wrong, there is no photo.png
        repeat(path)
