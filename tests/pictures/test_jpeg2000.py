"""JPEG 2000 of every depth: white is white, and no bit is lost."""

from __future__ import annotations

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from nstk import pictures
from tests.pictures.samples import refused, swapped_profile
from tests.pictures.test_heif import H, W, levels


def encoded(numbers, bits, kind, **options):
    return bytes(imagecodecs.jpeg2k_encode(numbers, codecformat=kind, bitspersample=bits, reversible=True, level=0, **options))


@pytest.mark.parametrize("bits", [1, 4, 8, 9, 10, 12, 14, 16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", ["jp2", "j2k"])
def test_every_depth(tmp_path, bits, channels, kind):
    numbers = levels(bits, channels)
    (tmp_path / "a.jp2").write_bytes(encoded(numbers, bits, kind))
    picture = pictures.read_all(tmp_path / "a.jp2")
    parts = np.atleast_3d(numbers) / (2**bits - 1)
    assert np.abs(picture.colours - 255 * parts[..., : 1 if channels < 3 else 3]).max() < 1e-3
    assert picture.colours.max() == 255
    assert (picture.alpha is not None) == (channels in (2, 4))
    assert picture.alpha is None or np.abs(picture.alpha - parts[..., -1]).max() < 1e-5
    assert pictures.check_picture(tmp_path / "a.jp2") == (W, H)


@pytest.mark.parametrize("bits", [8, 16])
def test_signed_numbers(tmp_path, bits):
    unsigned = levels(bits, 3)
    numbers = (unsigned.astype(np.int32) - 2 ** (bits - 1)).astype(f"i{bits // 8}")
    (tmp_path / "a.jp2").write_bytes(encoded(numbers, bits, "jp2"))
    assert np.abs(pictures.read_picture(tmp_path / "a.jp2") - unsigned * 255.0 / (2**bits - 1)).max() < 1e-3


@pytest.mark.parametrize("bits", [8, 16])
def test_its_profile(tmp_path, bits):
    """The box that says sRGB is replaced by one that holds a profile."""
    data = encoded(levels(bits, 3), bits, "jp2")
    place = data.index(b"colr") - 4
    old, body = data[place : place + 15], b"colr\2\0\0" + swapped_profile()
    assert old.endswith(b"\0\0\0\x10"), "sRGB"
    new = (len(body) + 4).to_bytes(4, "big") + body
    head = data.index(b"jp2h") - 4
    size = int.from_bytes(data[head : head + 4], "big") + len(new) - len(old)
    data = data[:head] + size.to_bytes(4, "big") + data[head + 4 : place] + new + data[place + len(old) :]
    (tmp_path / "a.jp2").write_bytes(data)
    assert np.abs(pictures.read_picture(tmp_path / "a.jp2") - levels(8, 3)[..., ::-1]).max() < 2


def test_cut_short(tmp_path):
    data = encoded(levels(16, 3), 16, "jp2")
    for length in (13, 40, 90, 100, 200, len(data) // 2, len(data) - 5):
        (tmp_path / "a.jp2").write_bytes(data[:length])
        refused(tmp_path / "a.jp2", "damaged")


def test_a_size_beyond_measure(tmp_path):
    data = bytearray(encoded(levels(16, 3), 16, "j2k"))
    data[8:16] = (100_000).to_bytes(4, "big") * 2
    (tmp_path / "a.j2k").write_bytes(data)
    refused(tmp_path / "a.j2k", "has more than 300 million pixels")


def test_one_that_is_cmyk(tmp_path):
    data = bytearray(encoded(levels(16, 4), 16, "jp2"))
    place = data.index(b"colr") + 7
    data[place : place + 4] = (12).to_bytes(4, "big")
    (tmp_path / "a.jp2").write_bytes(data)
    refused(tmp_path / "a.jp2", "is a JPEG 2000 of another kind than grey or RGB: save it as one of these, or as PNG")


def test_as_pillow_has_it(tmp_path):
    Image.fromarray(levels(8, 3)).save(tmp_path / "a.jp2", irreversible=False)
    assert np.array_equal(pictures.read_picture(tmp_path / "a.jp2"), levels(8, 3))
