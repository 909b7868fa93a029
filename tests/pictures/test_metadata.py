"""The text in a picture's file: written with the pixels in every format that has a place for it, and found again."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from nstk import PictureError
from nstk.pictures import read_all, read_metadata, write_picture
from nstk.pictures.metadata import MOST, xmp

TEXT = '{"nstk": 1, "recipe": "content: \\"<a> & b\\".jpg\\n# \\u00e9\\n' + "x" * 3000 + '"}'
FORMATS = [("a.png", 8), ("a.png", 16), ("a.jpg", 8), ("a.tif", 8), ("a.tif", 16), ("a.webp", 8), ("a.avif", 8)]
COMMENT = {0x010F: "Canon", 0x8769: {0x9286: b"ASCII\0\0\0by the sea", 0x829A: 0.01}}


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (24, 32, 3)).astype(np.float32)


@pytest.mark.parametrize("exif", [None, COMMENT], ids=["plain", "from a camera"])
@pytest.mark.parametrize(("name", "depth"), FORMATS)
def test_it_is_found_again(tmp_path: Path, picture: np.ndarray, name: str, depth: int, exif: dict) -> None:
    write_picture(picture, tmp_path / "plain" / name, depth=depth, exif=exif)
    write_picture(picture, tmp_path / name, depth=depth, exif=exif, made=TEXT)
    assert read_metadata(tmp_path / name, name) == TEXT
    assert read_metadata(tmp_path / "plain" / name, name) is None
    plain, made = read_all(tmp_path / "plain" / name), read_all(tmp_path / name)
    np.testing.assert_array_equal(made.colours, plain.colours)
    assert set(made.exif) == set(plain.exif)


def test_a_bmp_has_no_place_for_it(tmp_path: Path, picture: np.ndarray) -> None:
    write_picture(picture, tmp_path / "a.bmp", made=TEXT)
    assert read_metadata(tmp_path / "a.bmp", "a.bmp") is None


def test_a_text_too_long_for_a_jpeg_is_left_out_and_said(tmp_path: Path, picture: np.ndarray, caplog) -> None:
    write_picture(picture, tmp_path / "a.jpg", made='{"nstk": 1}' + "x" * 70_000)
    assert read_metadata(tmp_path / "a.jpg", "a.jpg") is None
    assert "a.jpg does not say how it was made: that takes more than the 64 kB that a JPEG has for it" in caplog.text


@pytest.mark.parametrize("where", ["text", "packed", "xmp", "attribute", "exif", "utf-16"])
def test_what_other_programs_have_moved_is_found(tmp_path: Path, where: str) -> None:
    image, info, exif = Image.new("RGB", (20, 20)), PngInfo(), Image.Exif()
    if where == "text":
        info.add_text("nstk", TEXT)
    elif where == "packed":
        info.add_itxt("nstk", TEXT, zip=True)
    elif where == "xmp":
        info.add_itxt("XML:com.adobe.xmp", xmp(TEXT).decode())
    elif where == "attribute":
        told = TEXT.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
        info.add_itxt("XML:com.adobe.xmp", f'<rdf:Description xmlns:ours="urn:nstk:picture:1:" ours:made="{told}"/>')
    elif where == "exif":
        exif[0x8769] = {0x9286: b"ASCII\0\0\0" + TEXT.encode()}
    else:
        exif[0x8769] = {0x9286: b"UNICODE\0" + TEXT.encode("utf-16-le")}
    image.save(tmp_path / "a.png", pnginfo=info, exif=exif)
    assert read_metadata(tmp_path / "a.png", "a.png") == TEXT


def test_the_words_of_others_are_not_ours(tmp_path: Path) -> None:
    info = PngInfo()
    info.add_text("parameters", "a cat, steps: 20")
    info.add_text("nstk", "no text of nstk's")
    Image.new("RGB", (20, 20)).save(tmp_path / "a.png", pnginfo=info)
    assert read_metadata(tmp_path / "a.png", "a.png") is None


def test_a_text_that_would_grow_without_end_is_not_read(tmp_path: Path) -> None:
    image = Image.new("RGB", (20, 20))
    image.save(tmp_path / "a.png")
    body = b"nstk\0\1\0\0\0" + zlib.compress(b'{"nstk": ' + b" " * (64 * MOST))
    chunk = struct.pack(">I", len(body)) + b"iTXt" + body + struct.pack(">I", zlib.crc32(b"iTXt" + body))
    data = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(data[:33] + chunk + data[33:])
    text = read_metadata(tmp_path / "a.png", "a.png")
    assert text is None or len(text) <= MOST


def test_no_picture(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("a word" * 10)
    for name, why in {"a.png": "damaged, or no picture", "b.png": "no file b.png"}.items():
        with pytest.raises(PictureError, match=why):
            read_metadata(tmp_path / name, name)
