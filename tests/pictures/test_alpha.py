"""Transparency: what is painted under it, and that it comes back."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from nstk import pictures
from nstk.pictures import alpha
from tests.pictures.samples import disc

RED, BLUE = (200, 30, 20), (10, 60, 220)


def layers(colours, transparency):
    return np.dstack([pictures.to_uint8(colours), pictures.to_uint8(255 * transparency)])


@pytest.mark.parametrize("hidden", [(0, 0, 0), (255, 255, 255), (0, 255, 0)])
def test_hidden_takes_the_colour_around(tmp_path, hidden):
    """No fringe: whatever a file has where it is transparent, the picture under a soft edge goes on in its own colour."""
    transparency = disc()
    colours = np.where(pictures.to_uint8(255 * transparency)[..., None] > 0, RED, hidden)
    Image.fromarray(layers(colours, transparency)).save(tmp_path / "a.png")
    picture = pictures.read_picture(tmp_path / "a.png", straight=True)
    assert np.abs(picture - RED).max() < 0.01
    smaller = pictures.resize(picture, 23, 23)
    assert np.abs(smaller - RED).max() < 0.01


def test_holes_are_filled_from_their_side():
    colours = np.zeros((40, 60, 3), np.float32)
    colours[:, :30], colours[:, 30:] = RED, BLUE
    transparency = np.ones((40, 60), np.float32)
    transparency[10:20, 4:14] = transparency[10:20, 46:56] = 0
    filled = alpha.filled(np.where(transparency[..., None] > 0, colours, 255), transparency)
    assert np.abs(filled - colours).max() < 1


def test_what_shows_is_left_as_it_is():
    rng = np.random.default_rng(0)
    colours = rng.uniform(0, 255, (37, 50, 3)).astype(np.float32)
    transparency = rng.choice(np.float32([0, 1 / 255, 0.5, 1]), (37, 50))
    filled = alpha.filled(colours, transparency)
    assert np.array_equal(filled[transparency > 0], colours[transparency > 0])
    assert not np.array_equal(filled, colours)
    assert 0 <= filled.min() <= filled.max() <= 255


@pytest.mark.parametrize("level", [0, 1])
def test_nothing_to_fill_or_to_fill_from(level):
    colours = np.random.default_rng(0).uniform(0, 255, (20, 30, 3)).astype(np.float32)
    assert np.array_equal(alpha.filled(colours, np.full((20, 30), level, np.float32)), colours)
    assert np.array_equal(alpha.filled(colours, None), colours)


def test_an_opaque_alpha_is_none(tmp_path):
    Image.new("RGBA", (20, 30), (*RED, 255)).save(tmp_path / "a.png")
    assert pictures.read_all(tmp_path / "a.png").alpha is None
    Image.new("RGBA", (20, 30), (*RED, 254)).save(tmp_path / "a.png")
    assert pictures.read_all(tmp_path / "a.png").alpha == pytest.approx(254 / 255)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "P", "RGBa"])
def test_straight_colours_of_every_kind(tmp_path, mode):
    """Half transparent grey is that grey under white paper, and lighter on it."""
    name = "a.tif" if mode == "RGBa" else "a.png"
    image = Image.new("RGBA", (20, 30), (100, 100, 100, 128))
    if mode == "P":
        image = Image.new("P", (20, 30), 1)
        image.putpalette([0, 0, 0, 100, 100, 100])
        image.save(tmp_path / name, transparency=bytes([255, 128]))
    elif mode == "RGBa":
        tifffile.imwrite(tmp_path / name, np.asarray(image.convert("RGBa")), photometric="rgb", extrasamples=["assocalpha"])
    else:
        image.convert("LA" if mode == "LA" else "RGBA").save(tmp_path / name)
    picture = pictures.read_all(tmp_path / name)
    assert picture.colours == pytest.approx(100, abs=1)
    assert picture.alpha == pytest.approx(128 / 255)
    assert pictures.read_picture(tmp_path / name) == pytest.approx(255 - 155 * 128 / 255, abs=1)


def test_alpha_is_turned_with_the_picture(tmp_path):
    transparency = np.zeros((20, 30), np.float32)
    transparency[:, :10] = 1
    exif = Image.Exif()
    exif[0x0112] = 6  # the file's left is the viewer's top
    Image.fromarray(layers(np.full((20, 30, 3), 9), transparency)).save(tmp_path / "a.png", exif=exif)
    picture = pictures.read_all(tmp_path / "a.png")
    assert picture.size == (20, 30)
    assert np.array_equal(picture.alpha, np.rot90(transparency, -1))


@pytest.mark.parametrize("size", [(15, 15), (64, 64), (150, 97)])
def test_alpha_in_another_size_has_no_ring(size):
    hard = np.zeros((64, 64), np.float32)
    hard[16:48, 16:48] = 1
    resized = pictures.resize_alpha(hard, *size)
    assert resized.shape == size[::-1]
    assert resized.min() == 0
    assert resized.max() == 1
    assert resized[: size[1] // 5].max() < 0.3 / 255
    assert (resized[3 * size[1] // 8 : 5 * size[1] // 8, 3 * size[0] // 8 : 5 * size[0] // 8] == 1).all()


@pytest.mark.parametrize("suffix", [suffix for suffix in pictures.FORMATS if suffix not in (".jpg", ".jpeg", ".bmp")])
def test_formats_keep_alpha_and_under_it(tmp_path, suffix):
    y, x = np.mgrid[:64, :64]
    colours = np.stack([4.0 * x, 3.0 * y, 255 - 3.0 * y], axis=-1)
    for quality in (None, 60):
        pictures.write_picture(colours, tmp_path / f"a{suffix}", quality, alpha=disc())
        back = pictures.read_all(tmp_path / f"a{suffix}")
        exact = "quality" not in pictures.FORMATS[suffix]
        assert np.abs(back.alpha - disc()).max() <= (0.5 / 255 + 1e-6 if exact else 0.1)
        assert np.abs(back.colours - colours).mean() <= (0.5 if exact else 8)  # hidden ones too


@pytest.mark.parametrize("suffix", [".jpg", ".bmp"])
def test_opaque_formats_get_white_paper(tmp_path, suffix):
    pictures.write_picture(np.full((64, 64, 3), RED), tmp_path / f"a{suffix}", alpha=disc())
    picture = pictures.read_all(tmp_path / f"a{suffix}")
    assert picture.alpha is None
    assert picture.colours[0, 0] == pytest.approx(255, abs=2)
    assert picture.colours[32, 32] == pytest.approx(RED, abs=2)
    assert np.abs(picture.colours - pictures.over_white(np.full((64, 64, 3), RED), disc())).mean() < 3


def test_alpha_takes_the_pictures_size(tmp_path):
    pictures.write_picture(np.full((48, 32, 3), RED), tmp_path / "a.png", alpha=disc())
    assert pictures.read_all(tmp_path / "a.png").alpha == pytest.approx(
        pictures.resize_alpha(disc(), 32, 48), abs=0.5 / 255 + 1e-6
    )
