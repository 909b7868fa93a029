"""Pictures that are written: every format, and what is left when a write fails."""

from __future__ import annotations

import errno
import os

import numpy as np
import pytest
from PIL import Image

from nstk import pictures
from nstk.errors import OutputError
from nstk.files import write_whole
from tests.helpers import failing


@pytest.mark.parametrize("suffix", pictures.FORMATS)
def test_every_format_is_read_back(tmp_path, suffix):
    y, x = np.mgrid[:40, :50]
    picture = np.stack([4.0 * x, 5.0 * y, 2.0 * x + 2 * y], axis=-1) + 0.4
    for name in (f"a{suffix}", f"A{suffix.upper()}"):
        pictures.write_picture(picture, tmp_path / name)
        back = pictures.read_picture(tmp_path / name)
        if "quality" in pictures.FORMATS[suffix]:
            assert np.abs(back - picture).mean() < 4
        else:
            assert np.array_equal(back, pictures.to_uint8(picture))


@pytest.mark.parametrize("suffix", pictures.FORMATS)
def test_same_picture_same_bytes(tmp_path, noise, suffix):
    pictures.write_picture(noise, tmp_path / f"a{suffix}")
    pictures.write_picture(noise.astype(np.float64), tmp_path / f"b{suffix}")
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", pictures.FORMATS)
def test_quality(tmp_path, noise, suffix):
    sizes = []
    for quality in (20, None, 100):
        pictures.write_picture(noise, tmp_path / f"a{suffix}", quality)
        sizes.append((tmp_path / f"a{suffix}").stat().st_size)
    if "quality" in pictures.FORMATS[suffix]:
        assert sizes[0] < sizes[1] < sizes[2]
    else:
        assert len(set(sizes)) == 1


def test_jpeg_keeps_every_pixels_colour(tmp_path):
    stripes = np.zeros((32, 32, 3))
    stripes[:, ::2, 0] = 255
    stripes[:, 1::2, 2] = 255
    pictures.write_picture(stripes, tmp_path / "a.jpg")
    assert np.abs(pictures.read_picture(tmp_path / "a.jpg") - stripes).max() < 40


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("a.jgp", "a.jgp: cannot write `.jgp` pictures; did you mean `.jpg`? the formats are .png, .jpg"),
        ("a.xyz", "a.xyz: cannot write `.xyz` pictures; the formats are .png"),
        ("a", "a: the name has no suffix that says the format; the formats are .png"),
    ],
)
def test_unknown_suffixes(tmp_path, noise, name, sentence):
    with pytest.raises(OutputError) as error:
        pictures.check_output(name)
    assert str(error.value).startswith(sentence)
    with pytest.raises(OutputError):
        pictures.write_picture(noise, tmp_path / "folder" / name)
    assert not list(tmp_path.iterdir())


def test_quality_out_of_range():
    pictures.check_output("a.jpg", 1)
    pictures.check_output("a.JPG", 100)
    for quality in (0, 101):
        with pytest.raises(OutputError, match=f"quality {quality} is not between 1 and 100"):
            pictures.check_output("a.jpg", quality)


def test_folders_are_made(tmp_path, noise):
    pictures.write_picture(noise, tmp_path / "a" / "b" / "c.png")
    assert np.array_equal(pictures.read_picture(tmp_path / "a" / "b" / "c.png"), noise)


def test_too_large_for_its_format(tmp_path):
    with pytest.raises(OutputError, match=r"cannot write .*a\.webp, 16400 x 1 pixels"):
        pictures.write_picture(np.zeros((1, 16_400, 3)), tmp_path / "a.webp")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("broken", ["fsync", "replace"])
@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=["full", "interrupt"]
)
def test_a_failed_write_keeps_the_old_file(tmp_path, noise, monkeypatch, broken, error):
    path = tmp_path / "a.png"
    pictures.write_picture(noise, path)
    before = path.read_bytes()
    monkeypatch.setattr(os, broken, failing(error))
    expected = KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else OutputError
    with pytest.raises(expected) as raised:
        pictures.write_picture(255 - noise, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    if expected is OutputError:
        assert str(raised.value).startswith(f"cannot write {path} (No space left on device)")


def test_a_failed_encoder_keeps_the_old_file(tmp_path, noise, monkeypatch):
    path = tmp_path / "a.png"
    pictures.write_picture(noise, path)
    before = path.read_bytes()

    def half(self, buffer, **options):
        buffer.write(before[:100])
        raise OSError("encoder error -2")

    monkeypatch.setattr(Image.Image, "save", half)
    with pytest.raises(OutputError, match="encoder error -2"):
        pictures.write_picture(255 - noise, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_the_umask_decides_permissions(tmp_path, noise, umask, mode):
    before = os.umask(umask)
    try:
        pictures.write_picture(noise, tmp_path / "a.png")
        write_whole(tmp_path / "a.txt", "text")
    finally:
        os.umask(before)
    assert (tmp_path / "a.png").stat().st_mode & 0o777 == mode
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == mode
