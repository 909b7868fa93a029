"""Files of several pictures: the one that is read is the one that a person means, whatever lies beside it."""

from __future__ import annotations

import io

import numpy as np
import tifffile
from hypothesis import given
from PIL import Image

from nstk.pictures import read_all
from tests.fuzz.damage import RANDOM, fuzz, in_time

THUMBNAIL, PAGE = 1, 2
"""What a TIFF says that one of its pages is."""

ANIMATED = {"GIF": {}, "PNG": {}, "WEBP": {"lossless": True, "exact": True}, "TIFF": {}}


def noise(random, *, deep=False):
    """A picture of any size, 8 or 16 bits, grey or RGB."""
    rng = np.random.default_rng(random.getrandbits(32))
    shape = (random.randint(16, 40), random.randint(16, 40), *random.choice([(), (3,)]))
    return rng.integers(0, 65536 if deep else 256, shape).astype(np.uint16 if deep else np.uint8)


def written(pages):
    """A TIFF of pages, each with what it is and with the pages that are kept below it."""
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as tiff:
        for numbers, kind, below in pages:
            for part, said, subs in ((numbers, kind, len(below)), *((it, THUMBNAIL, 0) for it in below)):
                grey = "minisblack" if part.ndim == 2 else "rgb"
                tiff.write(part, photometric=grey, subfiletype=said, subifds=subs, metadata=None)
    return buffer.getvalue()


@fuzz(0.025)
@given(RANDOM)
def test_pages_of_a_tiff(tmp_path, random):
    kinds = [random.choice([0, 0, PAGE, THUMBNAIL, THUMBNAIL | PAGE]) for _ in range(random.randint(1, 5))]
    pages = [
        (noise(random, deep=random.random() < 0.5), kind, [noise(random) for _ in range(random.choice([0, 0, 1, 2]))])
        for kind in kinds
    ]
    wanted = [page for page in pages if not page[1] & THUMBNAIL]
    (tmp_path / "a.tif").write_bytes(written(pages))
    with in_time():
        picture = read_all(tmp_path / "a.tif")
    if wanted:
        same(picture, wanted[0][0])
    else:  # nothing but thumbnails: a person would take the largest
        sizes = [it.shape[:2] for numbers, _, below in pages for it in (numbers, *below)]
        assert max(h * w for h, w in sizes) == picture.size[0] * picture.size[1]


@fuzz(0.025)
@given(RANDOM)
def test_frames_of_an_animation(tmp_path, random):
    form = random.choice([*ANIMATED])
    frames = [Image.fromarray(noise(random)).convert("RGB").resize((24, 20)) for _ in range(random.randint(2, 5))]
    frames = [frame.quantize(64) for frame in frames] if form == "GIF" else frames
    frames[0].save(tmp_path / "a", form, save_all=True, append_images=frames[1:], **ANIMATED[form])
    with in_time():
        same(read_all(tmp_path / "a"), np.asarray(frames[0].convert("RGB")))


def same(picture, numbers):
    """Whether what is read is these levels, to their last bit."""
    levels = numbers if numbers.ndim == 3 else numbers[..., None]
    assert picture.size == levels.shape[1::-1]
    assert np.abs(picture.colours - levels * (255 / np.iinfo(levels.dtype).max)).max() < 0.01
