"""Pictures of any size, which lie in their files in any way: rows that end in the middle of a byte, strips, tiles, planes."""

from __future__ import annotations

import imagecodecs
import numpy as np
from hypothesis import given
from PIL import Image

from nstk.pictures import read_all
from tests.fuzz.damage import RANDOM, fuzz, in_time
from tests.pictures.colours import saved
from tests.pictures.formats.cells_photos import coded
from tests.pictures.formats.cells_png import png
from tests.pictures.formats.cells_tiff import by_hand, tiff

KINDS = {1: 0, 2: 4, 3: 2, 4: 6}
"""What a PNG calls so many channels."""

BY_PILLOW = {
    "BMP": ("L", "RGB"),
    "TGA": ("L", "RGB", "RGBA"),
    "SGI": ("L", "RGB", "RGBA"),
    "PCX": ("L", "RGB"),
    "PPM": ("L", "RGB"),
    "QOI": ("RGB", "RGBA"),
    "WEBP": ("RGB", "RGBA"),
    "TIFF": ("L", "RGB", "RGBA", "LA"),
    "JPEG2000": ("L", "RGB", "RGBA"),
}
EXACT = {"WEBP": {"lossless": True, "exact": True}, "JPEG2000": {"irreversible": False}}


def pixels(random, bits, channels):
    """A picture of a random size, of which no side is below 16: height x width x channels."""
    rng = np.random.default_rng(random.getrandbits(32))
    shape = (random.randint(16, 80), random.randint(16, 80), channels)
    return rng.integers(0, 2**bits, shape).astype(np.uint8 if bits <= 8 else np.uint16)


def as_png(random):
    channels = random.choice([*KINDS])
    bits = random.choice([1, 2, 4, 8, 16] if channels == 1 else [8, 16])
    numbers = pixels(random, bits, channels)
    return png(numbers, bits, KINDS[channels], interlaced=random.random() < 0.5), numbers, bits


def as_small_tiff(random):
    bits = random.choice([1, 2, 4, 8, 16])
    numbers = pixels(random, bits, 1)
    return by_hand(numbers, bits, 1, random.choice("<>")), numbers, bits


def as_tiff(random):
    bits, channels = random.choice([8, 16]), random.choice([1, 3, 4])
    numbers = pixels(random, bits, channels)
    lay: dict[str, object] = random.choice(
        [{}, {"rowsperstrip": random.randint(1, 90)}, {"tile": (16, 32)}, {"tile": (48, 16)}]
    )
    lay |= {"compression": random.choice([None, "lzw", "zlib", "packbits", "zstd", "lzma"]), "byteorder": random.choice("<>")}
    if channels == 4:
        lay |= {"extrasamples": ["unassalpha"]}
    if lay["compression"] in ("lzw", "zlib", "zstd") and random.random() < 0.5:
        lay |= {"predictor": True}
    planes = channels == 3 and random.random() < 0.5
    lay |= {"planarconfig": "separate"} if planes else {}
    return tiff(np.moveaxis(numbers, -1, 0) if planes else numbers, **lay), numbers, bits


def by_pillow(random):
    form = random.choice([*BY_PILLOW])
    mode = random.choice(BY_PILLOW[form])
    numbers = pixels(random, 8, len(mode))
    return saved(form, Image.fromarray(numbers.squeeze(), mode), **EXACT.get(form, {})), numbers, 8


def as_new_format(random):
    bits, channels = random.choice([8, 10, 12]), random.choice([3, 4])
    numbers = pixels(random, bits, channels)
    return coded(numbers, bits, 1, 13), numbers, bits


def as_jpeg_xl(random):
    numbers = pixels(random, 8, random.choice([1, 2, 3, 4]))
    return imagecodecs.jpegxl_encode(numbers, lossless=True), numbers, 8


WAYS = [as_png, as_png, as_small_tiff, as_tiff, as_tiff, by_pillow, by_pillow, as_new_format, as_jpeg_xl]


@fuzz(0.1)
@given(RANDOM)
def test_any_size(tmp_path, random):
    data, numbers, bits = random.choice(WAYS)(random)
    (tmp_path / "a").write_bytes(data)
    with in_time():
        picture = read_all(tmp_path / "a")
    wanted = numbers.shape[2] - 1 + numbers.shape[2] % 2
    unit = 255 / (2**bits - 1)
    assert picture.size == numbers.shape[1::-1]
    assert np.abs(picture.colours - numbers[..., :wanted] * unit).max() < 0.01
    opacity = np.full(numbers.shape[:2], 255.0) if wanted == numbers.shape[2] else numbers[..., -1] * unit
    found = 255.0 if picture.alpha is None else 255 * picture.alpha
    assert np.abs(found - opacity).max() < 0.01
