"""PGM, PPM, PAM and PFM: the levels are those of their headers."""

from __future__ import annotations

import numpy as np
import pytest

from nstk import pictures
from tests.pictures.samples import refused
from tests.pictures.test_heif import H, W, levels


def written(most, channels):
    numbers = np.rint(levels(16, channels) / 65535 * most).astype(np.uint16)
    return numbers, np.broadcast_to(np.atleast_3d(numbers)[..., : 1 if channels < 3 else 3] / most * 255, (H, W, 3))


@pytest.mark.parametrize("most", [1, 15, 100, 255, 256, 1023, 4095, 65535])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("plain", [True, False])
def test_every_largest_level(tmp_path, most, channels, plain):
    numbers, expected = written(most, channels)
    kind = {(1, True): "P2", (3, True): "P3", (1, False): "P5", (3, False): "P6"}[channels, plain]
    head = f"{kind}\n# a comment\n{W} {H}\n{most}\n".encode()
    words = " ".join(map(str, numbers.ravel())).encode()
    body = words if plain else numbers.astype(">u2" if most > 255 else np.uint8).tobytes()
    (tmp_path / "a.ppm").write_bytes(head + body)
    assert np.abs(pictures.read_picture(tmp_path / "a.ppm") - expected).max() < 1e-3


@pytest.mark.parametrize("most", [1, 255, 65535])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_pam(tmp_path, most, channels):
    numbers, expected = written(most, channels)
    head = f"P7\nWIDTH {W}\nHEIGHT {H}\nDEPTH {channels}\nMAXVAL {most}\nTUPLTYPE ANY\nENDHDR\n".encode()
    (tmp_path / "a.pam").write_bytes(head + numbers.astype(">u2" if most > 255 else np.uint8).tobytes())
    picture = pictures.read_all(tmp_path / "a.pam")
    assert np.abs(picture.colours - expected).max() < 1e-3
    if channels in (2, 4):
        alpha = numbers[..., -1] / most
        assert picture.alpha is None if alpha.min() == 1 else np.abs(picture.alpha - alpha).max() < 1e-5


@pytest.mark.parametrize(("scale", "dtype"), [("-1.0", "<f4"), ("1.0", ">f4")])
@pytest.mark.parametrize("channels", [1, 3])
def test_pfm(tmp_path, scale, dtype, channels):
    """Its rows go from the bottom to the top."""
    numbers, expected = written(65535, channels)
    floats = np.flip(numbers / 65535, 0).astype(dtype)
    head = f"{'Pf' if channels == 1 else 'PF'}\n{W} {H}\n{scale}\n".encode()
    (tmp_path / "a.pfm").write_bytes(head + floats.tobytes())
    assert np.abs(pictures.read_picture(tmp_path / "a.pfm") - expected).max() < 1e-3


def test_cut_short(tmp_path):
    numbers, _ = written(4095, 3)
    data = f"P6 {W} {H} 4095\n".encode() + numbers.astype(">u2").tobytes()
    for length in (3, 8, 16, 100, len(data) // 2, len(data) - 1):
        (tmp_path / "a.ppm").write_bytes(data[:length])
        refused(tmp_path / "a.ppm", "damaged")


def test_headers_that_lie(tmp_path):
    for head, what in [
        (b"P6 100000 100000 4095\n", "has more than 300 million pixels"),
        (b"P5 64 48 0\n", "is cut short or damaged (its largest level is said to be 0)"),
        (b"P7\nWIDTH 64\nHEIGHT 48\nDEPTH 9\nMAXVAL 255\nENDHDR\n", "has 9 channels: save it as grey or RGB"),
        (b"P7\nWIDTH 64\nENDHDR\n", "is cut short or damaged"),
        (b"PF 64 48 nothing\n", "is cut short or damaged"),
    ]:
        (tmp_path / "a.ppm").write_bytes(head + bytes(64 * 48 * 6))
        refused(tmp_path / "a.ppm", what)
