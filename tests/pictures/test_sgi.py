"""SGI of 16 bits: no bit is lost, packed or not."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image

from nstk import pictures
from tests.pictures.samples import refused
from tests.pictures.test_heif import H, W, levels


def written(channels, packed):
    """A file, written by hand, whose rows are packed as runs of equal levels and of others by turns."""
    numbers = levels(16, channels)
    numbers[:, 10:40] = numbers[:, 10:11]
    planes = np.moveaxis(np.atleast_3d(numbers)[::-1], -1, 0).reshape(-1, W)
    head = struct.pack(">HBBHHHH", 0x01DA, packed, 2, 3, W, H, channels).ljust(512, b"\0")
    if not packed:
        return numbers, head + planes.astype(">u2").tobytes()
    rows = []
    for row in planes:
        words = [0x80 | 10, *row[:10], 30, row[10], 0x80 | (W - 40), *row[40:], 0]
        rows.append(np.array(words, ">u2").tobytes())
    starts = 512 + 8 * len(rows) + np.cumsum([0, *map(len, rows)])[:-1]
    return numbers, head + starts.astype(">u4").tobytes() + np.array([*map(len, rows)], ">u4").tobytes() + b"".join(rows)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("packed", [0, 1])
def test_every_mode(tmp_path, channels, packed):
    numbers, data = written(channels, packed)
    (tmp_path / "a.sgi").write_bytes(data)
    picture = pictures.read_all(tmp_path / "a.sgi")
    parts = np.atleast_3d(numbers) / 65535
    assert np.abs(picture.colours - 255 * parts[..., : 1 if channels < 3 else 3]).max() < 1e-3
    assert (picture.alpha is not None) == (channels in (2, 4))
    assert picture.alpha is None or np.abs(picture.alpha - parts[..., -1]).max() < 1e-5


def test_as_pillow_writes_it(tmp_path):
    Image.fromarray(levels(8, 3)).save(tmp_path / "a.sgi", bpc=2)
    assert np.abs(pictures.read_picture(tmp_path / "a.sgi") - levels(8, 3)).max() <= 1  # it leaves the low byte 0


def test_cut_short(tmp_path):
    for packed in (0, 1):
        data = written(3, packed)[1]
        for length in (3, 20, 200, 600, len(data) // 2, len(data) - 8):
            (tmp_path / "a.sgi").write_bytes(data[:length])
            refused(tmp_path / "a.sgi", "damaged")
