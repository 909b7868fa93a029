"""Pictures that are given in Python: what is one, what it holds, what is refused."""

from __future__ import annotations

import gc
import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from nstk import pictures
from nstk.errors import PictureError
from nstk.pictures import Original, given, is_picture

RNG = np.random.default_rng(0)
ARRAY = RNG.integers(0, 256, (20, 30, 3), np.uint8)


def encoded(array: np.ndarray = ARRAY, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind, **options)
    return buffer.getvalue()


def opened(data: bytes) -> io.BytesIO:
    """A file that was written to its end, as after `image.save(file)`."""
    file = io.BytesIO()
    file.write(data)
    return file


SAME = {
    "uint8": ARRAY,
    "float32": ARRAY.astype(np.float32),
    "float64": ARRAY.astype(np.float64),
    "upside down twice": ARRAY[::-1].copy()[::-1],
    "an image": Image.fromarray(ARRAY),
    "an image of a file": Image.open(io.BytesIO(encoded())),
    "bytes": encoded(),
    "a bytearray": bytearray(encoded()),
    "a memoryview": memoryview(encoded()),
    "a file": io.BytesIO(encoded()),
    "a file at its end": opened(encoded()),
}


@pytest.mark.parametrize("kind", SAME)
def test_every_kind_holds_the_same_pixels(kind):
    assert is_picture(SAME[kind])
    original = given(SAME[kind], "the content")
    read = original.read()
    assert original.size == read.size == (30, 20)
    assert read.colours.dtype == np.float32
    assert np.array_equal(read.colours, ARRAY)
    assert read.alpha is None


@pytest.mark.parametrize("value", ["a.png", 5, None, np.float64(3), np.array(3), [1, 2], {"a": 1}, io.BytesIO, np])
def test_what_is_no_picture(value):
    assert not is_picture(value)


def test_floats_keep_every_digit():
    array = RNG.uniform(0, 255, (20, 30, 3)).astype(np.float32)
    assert np.array_equal(given(array, "the content").read().colours, array)


@pytest.mark.parametrize("levels", [np.uint8, np.float32])
def test_a_fourth_channel_is_alpha(levels):
    array = np.dstack([ARRAY, np.full((20, 30), 255)]).astype(levels)
    assert given(array, "the content").read().alpha is None, "all of it is opaque"
    array[3, 4, 3] = 51
    alpha = given(array, "the content").read().alpha
    assert alpha is not None
    assert (alpha[3, 4], alpha[0, 0]) == (np.float32(0.2), 1)
    image = Image.fromarray(array.astype(np.uint8))
    assert np.array_equal(given(image, "the content").read().alpha, alpha)


def test_an_image_is_turned_as_its_file_is():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(kind="JPEG", exif=exif)
    turned, image = given(data, "a"), given(Image.open(io.BytesIO(data)), "b")
    assert turned.size == image.size == (20, 30)
    assert np.array_equal(turned.read().colours, image.read().colours)


def test_grey_and_palette_images_become_colours():
    for mode in ("L", "P", "1", "CMYK", "I;16", "F"):
        image = Image.fromarray(ARRAY).convert("L" if mode in ("I;16", "F") else mode).convert(mode)
        assert given(image, "the content").read().colours.shape == (20, 30, 3), mode


def test_16_bits_are_kept():
    import imagecodecs

    levels = RNG.integers(0, 65536, (20, 30, 3), np.uint16)
    read = given(imagecodecs.png_encode(levels), "the content").read().colours
    assert np.allclose(read, levels / 257, atol=1e-4)


def test_a_later_change_changes_nothing():
    array, floats, image = ARRAY.copy(), ARRAY.astype(np.float32), Image.fromarray(ARRAY)
    held = [given(it, "the content") for it in (array, floats, image)]
    array[:], floats[:] = 0, 0
    image.paste(0, (0, 0, 30, 20))
    for original in held:
        assert np.array_equal(original.read().colours, ARRAY)
    held[0].read().colours[:] = 1
    assert np.array_equal(held[0].read().colours, ARRAY), "nor does what a reader does to its own"


def test_it_is_found_by_its_name_while_held():
    original = given(ARRAY, "the content given in Python")
    name = str(original.path)
    assert name == f"python:{original.sha256[:16]}"
    assert Original.of(name) is Original.of(original.path) is given(ARRAY.copy(), "the same") is original
    assert np.array_equal(pictures.read_picture(name), ARRAY)
    del original
    gc.collect()
    with pytest.raises(PictureError, match="was given in Python, and nobody holds it any more: give it again"):
        Original.of(name)


def test_hashes():
    data = encoded()
    assert given(data, "").sha256 == hashlib.sha256(data).hexdigest()
    kinds = [ARRAY, ARRAY.astype(np.float32), ARRAY.reshape(30, 20, 3), ARRAY + np.uint8(1), Image.fromarray(ARRAY)]
    assert len({given(it, "").sha256 for it in kinds}) == len(kinds), "of the shape, the number type and the data"
    assert given(ARRAY[:, ::-1][:, ::-1], "").sha256 == given(ARRAY, "").sha256


def but(value: float) -> np.ndarray:
    array = ARRAY.astype(np.float32)
    array[3, 4, 1] = value
    return array


WANTED = "a picture is an array of height x width x 3 (or x 4, with alpha), uint8 or floats of 0..255"
WRONG = [
    (ARRAY[..., 0], "is an array of shape (20, 30): make it three channels, `np.dstack([grey] * 3)`"),
    (ARRAY[..., :1], f"is an array of shape (20, 30, 1): {WANTED}"),
    (ARRAY[None], f"is an array of shape (1, 20, 30, 3): {WANTED}"),
    (ARRAY[0, 0], f"is an array of shape (3,): {WANTED}"),
    (ARRAY.astype(np.int64), f"is an array of int64: {WANTED}"),
    (ARRAY.astype(np.uint16), f"is an array of uint16: {WANTED}"),
    (ARRAY > 3, f"is an array of bool: {WANTED}"),
    (ARRAY.astype(str), f"is an array of <U3: {WANTED}"),
    (ARRAY.astype(object), f"is an array of object: {WANTED}"),
    (ARRAY[:0], "is 30 x 0 pixels: at least 16 x 16 are needed"),
    (ARRAY[:15], "is 30 x 15 pixels: at least 16 x 16 are needed"),
    (but(np.nan), f"has pixels that are NaN or infinite: {WANTED}"),
    (but(-np.inf), f"has pixels that are NaN or infinite: {WANTED}"),
    (but(300), "has values from 0 to 300: pixels are 0..255, `array.clip(0, 255)` for example"),
    (but(-1), "has values from -1 to 255: pixels are 0..255"),
    (ARRAY / 255, "has values from 0 to 1, which is all black: pixels are 0..255, `255 * array`"),
    (but(1.5) / 255 + 1e-3, "has values from 0.001 to 1.001"),
    (
        np.where(ARRAY > 250, 40.5, ARRAY / 255),
        "has values from 0 to 40.5, most of them below 1, which is almost black: pixels are",
    ),
    (b"", "is empty (0 bytes): give the bytes of a picture file"),
    (b"GIF89a nonsense\0", "is damaged, or no picture that Pillow can read"),
    (encoded()[:200], "is cut short or damaged"),
    (io.StringIO("a"), "reads as str, not as bytes: open the file with `open(path, 'rb')`"),
    (Image.new("RGB", (15, 20)), "is 15 x 20 pixels: at least 16 x 16 are needed"),
]


@pytest.mark.parametrize(("value", "message"), WRONG, ids=[str(index) for index in range(len(WRONG))])
def test_anything_else_is_a_sentence(value, message):
    assert is_picture(value)
    with pytest.raises(PictureError) as caught:
        given(value, "the content given in Python").read()
    assert str(caught.value).startswith(f"the content given in Python {message}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("most", [2, 3, 9])
def test_a_dark_array_is_a_picture(most):
    """The last pictures before a film is black, in floats."""
    array = (ARRAY // (256 // (most + 1))).clip(0, most).astype(np.float32)
    assert np.array_equal(given(array, "the content").read().colours, array)


def test_black_is_a_picture():
    assert not given(np.zeros((20, 30, 3)), "the content").read().colours.any()


def test_a_closed_file_is_a_sentence(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded())
    with open(tmp_path / "a.png", "rb") as file:
        image = Image.open(file)
    for value in (file, image):
        with pytest.raises(PictureError, match=r"^the style .*closed file"):
            given(value, "the style")
