"""Each picture file is decoded and hashed once for all who ask while one of them holds it."""

from __future__ import annotations

import os

import numpy as np
import pytest
from PIL import Image

from nstk import files, pictures
from nstk.pictures import original


@pytest.fixture
def decoded(monkeypatch):
    """The files that were decoded, one entry each time."""
    names = []
    real = original.decode

    def decode(path, name, *more):
        names.append(os.path.basename(path))
        return real(path, name, *more)

    monkeypatch.setattr(original, "decode", decode)
    return names


def write(path, colour):
    Image.new("RGB", (20, 30), colour).save(path)
    return path


def test_a_file_is_decoded_once_for_all(tmp_path, decoded):
    path = write(tmp_path / "a.png", "red")
    held = pictures.Original.of(path)
    assert held.size == (20, 30)
    assert pictures.check_picture(path) == (20, 30)
    assert np.array_equal(pictures.read_picture(path), held.read().colours)
    assert held.sha256 == files.file_hash(path)
    assert decoded == ["a.png"]


def test_a_file_that_has_changed_is_read_anew(tmp_path, decoded):
    path = write(tmp_path / "a.png", "red")
    held = pictures.Original.of(path)
    first, red = held.sha256, held.read().colours[0, 0]
    write(path, (0, 0, 250))
    os.utime(path, ns=(1, 1))
    assert held.sha256 == files.file_hash(path) != first
    assert not np.array_equal(held.read().colours[0, 0], red)
    assert decoded == ["a.png", "a.png"]


def test_what_is_too_large_is_not_kept(tmp_path, decoded, monkeypatch):
    monkeypatch.setattr(original, "HELD", 20 * 30 * 3 - 1)
    held = pictures.Original.of(write(tmp_path / "a.png", "red"))
    assert held.size == held.size == (20, 30)
    assert decoded == ["a.png", "a.png"]


def test_a_file_is_hashed_once(tmp_path, monkeypatch):
    hashed = []
    monkeypatch.setattr(original, "file_hash", lambda path: hashed.append(path.name) or files.file_hash(path))
    path = write(tmp_path / "a.png", "red")
    held = pictures.Original.of(path)
    assert held.sha256 == pictures.Original.of(str(path)).sha256
    assert hashed == ["a.png"]


def test_the_one_read_last_is_kept_longest(tmp_path, decoded, monkeypatch):
    monkeypatch.setattr(original, "HELD", 2 * 20 * 30 * 3)
    one, two, three = (pictures.Original.of(write(tmp_path / f"{name}.png", "red")) for name in "abc")
    original._held.clear()
    for picture in (one, two, one, three, one, two):
        assert picture.size == (20, 30)
    assert decoded == ["a.png", "b.png", "c.png", "b.png"]


def test_what_nobody_holds_is_dropped(tmp_path, decoded):
    path = write(tmp_path / "a.png", "red")
    before = len(original._held)
    for _ in range(2):
        pictures.check_picture(path)
        assert len(original._held) == before
    assert decoded == ["a.png", "a.png"]
