"""Which number of a deep picture is white: most of its samples say it, not one."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from nstk import pictures
from tests.pictures.samples import H, W, refused

BASE = np.linspace(0, 1, H * W * 3).reshape(H, W, 3)
RNG = np.random.default_rng(0)


def read(folder, numbers, **options):
    """The picture of a TIFF of these numbers."""
    numbers = np.asarray(numbers)
    kind = "rgb" if numbers.shape[2:] in ((3,), (4,)) else "minisblack"
    tifffile.imwrite(folder / "a.tif", numbers, **{"photometric": kind, "metadata": None} | options)
    return pictures.read_all(folder / "a.tif")


def but(value, white=1.0, dtype=np.float32):
    numbers = (BASE * white).astype(dtype)
    numbers[3, 4, 1] = value
    return numbers


@pytest.mark.parametrize("white", [1, 255, 65535])
@pytest.mark.parametrize("over", [1.01, 40, 1e6])
def test_one_sample_decides_nothing(tmp_path, caplog, white, over):
    picture = read(tmp_path, but(over * white, white))
    expected = 255 * but(1, 1)
    assert np.abs(picture.colours - expected).max() < 0.01
    (message,) = caplog.messages
    assert message.startswith(f"{tmp_path / 'a.tif'} is read as 0..{white}: one sample is above {white} (")
    assert message.endswith(") and clipped to white")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 3])
def test_many_highlights_are_clipped(tmp_path, caplog, dtype, channels):
    render = RNG.lognormal(-1, 1.2, (H, W, channels)).astype(dtype)
    picture = read(tmp_path, render if channels == 3 else render[..., 0])
    assert np.abs(picture.colours - 255.0 * render.astype(float).clip(0, 1)).max() < 0.01
    assert f"{np.count_nonzero(render > 1)} samples are above 1" in caplog.text


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("whole", [False, True])
def test_floats_of_255(tmp_path, caplog, dtype, whole):
    numbers = (np.rint(BASE * 255) if whole else BASE * 255).astype(dtype)
    assert np.abs(read(tmp_path, numbers).colours - numbers).max() < 0.01
    assert not caplog.messages


def test_floats_of_65535(tmp_path, caplog):
    assert np.abs(read(tmp_path, (BASE * 65535).astype(np.float32)).colours - BASE * 255).max() < 0.01
    assert not caplog.messages


def test_a_mask_with_one_highlight(tmp_path):
    mask = (RNG.random((H, W, 3)) > 0.5).astype(np.float32)
    mask[0, 0, 0] = 300
    assert np.array_equal(read(tmp_path, mask).colours, 255 * mask.clip(0, 1))


def test_levels_of_a_dark_picture(tmp_path):
    """A starry sky of 0..255: most of its levels are 0 and 1."""
    sky = RNG.poisson(0.7, (H, W, 3)).astype(np.float32)
    sky[::7, ::5] = 200
    assert np.array_equal(read(tmp_path, sky).colours, sky)


def test_a_picture_on_black(tmp_path, caplog):
    """A picture of 0..255 that was resized: its black is not quite black, and most of it is black."""
    numbers = (BASE * 255).astype(np.float32)
    numbers[: 2 * H // 3] = RNG.uniform(0.001, 0.9, (2 * H // 3, W, 3))
    assert np.abs(read(tmp_path, numbers).colours - numbers).max() < 1e-3
    assert "are read as 0..255" in caplog.text


@pytest.mark.parametrize("light", [12, 50, 250, 5000])
@pytest.mark.parametrize("share", [0.001, 0.03, 0.2])
def test_a_lamp_in_a_render(tmp_path, light, share):
    render = (0.7 * BASE + 0.01).astype(np.float32)
    render[: max(1, round(share * H))] = light
    assert np.abs(read(tmp_path, render).colours - 255.0 * render.clip(0, 1)).max() < 0.01


def test_a_doubt_is_said(tmp_path, caplog):
    render = RNG.lognormal(0.3, 1.2, (H, W, 3)).astype(np.float32)
    assert np.abs(read(tmp_path, render).colours - 255 * render.clip(0, 1)).max() < 0.01
    assert "does not say which number is white: its numbers, up to" in caplog.text
    assert "are read as 0..1" in caplog.text


@pytest.mark.parametrize(
    ("dtype", "most", "white"),
    [("u4", 255, 255), ("u4", 65535, 65535), ("i4", 65535, 65535), ("u8", 255, 255), ("i2", 32767, 32767), ("i1", 127, 127)],
)
def test_integers_of_other_sizes(tmp_path, dtype, most, white):
    numbers = np.rint(BASE * most).astype(dtype)
    assert np.abs(read(tmp_path, numbers).colours - numbers / white * 255).max() < 0.01


def test_twelve_bits_in_sixteen_are_dark(tmp_path, caplog):
    numbers = np.rint(BASE * 4095).astype(np.uint16)
    assert np.abs(read(tmp_path, numbers).colours - numbers / 257).max() < 0.01
    assert "is almost black: its numbers, up to 4095, are read as 0..65535" in caplog.text


@pytest.mark.parametrize("white", [1, 255])
@pytest.mark.parametrize("opaque", [1, 255])
def test_alpha_has_its_own_scale(tmp_path, white, opaque):
    numbers = np.dstack([BASE * white, BASE[..., 0] * opaque]).astype(np.float32)
    picture = read(tmp_path, numbers, extrasamples=["unassalpha"])
    assert np.abs(picture.colours - 255 * BASE).max() < 0.01
    assert np.abs(picture.alpha - BASE[..., 0]).max() < 1e-4


def test_alpha_a_little_above_1(tmp_path, caplog):
    numbers = np.dstack([BASE, BASE[..., 0]]).astype(np.float32)
    numbers[0, 0, 3] = 1.02
    picture = read(tmp_path, numbers, extrasamples=["unassalpha"])
    assert picture.alpha[0, 0] == 1
    assert np.abs(picture.alpha - BASE[..., 0])[1:].max() < 1e-4
    assert "one sample of its alpha is above 1 (1.02) and clipped to opaque" in caplog.text


@pytest.mark.parametrize("white", [1, 255, 65535])
def test_premultiplied_floats(tmp_path, white):
    alpha = BASE[..., :1] / 2 + 0.5
    numbers = np.dstack([BASE * alpha, alpha]).astype(np.float32) * white
    picture = read(tmp_path, numbers, extrasamples=["assocalpha"])
    assert np.abs(picture.colours - 255 * BASE).max() < 0.02
    assert np.abs(picture.alpha - alpha[..., 0]).max() < 1e-4


def test_negative_numbers_are_black(tmp_path, caplog):
    picture = read(tmp_path, but(-0.5))
    assert np.abs(picture.colours - 255 * but(0)).max() < 0.01
    assert "is read as 0..1: one sample is below 0 (-0.5) and clipped to black" in caplog.text


def test_what_is_no_number_of_a_picture(tmp_path):
    for numbers, words in (
        (but(np.nan), "holds one sample that is NaN or infinite"),
        (np.full((H, W, 3), 1j, np.complex64), "holds numbers of type complex64"),
        (np.full((H, W, 3), 70_000, np.uint32), "holds numbers from 70000 to 70000"),
        (RNG.uniform(0, 1e9, (H, W, 3)).astype(np.float32), "holds numbers from"),
    ):
        tifffile.imwrite(tmp_path / "a.tif", numbers, photometric="rgb")
        refused(tmp_path / "a.tif", words, "save it with 8 or 16 bits a channel")


@pytest.mark.parametrize("numbers", [but(1.5)[..., 0] * 2, but(1)[..., 0], (BASE[..., 0] * 255).astype(np.float32)])
def test_an_image_is_read_as_its_file(tmp_path, numbers):
    image = Image.fromarray(numbers)
    image.save(tmp_path / "a.tif")
    assert image.mode == "F"
    assert np.array_equal(pictures.given(image, "it").read().colours, pictures.read_all(tmp_path / "a.tif").colours)


def test_a_warning_is_said_once(tmp_path, caplog):
    tifffile.imwrite(tmp_path / "a.tif", but(1.5), photometric="rgb")
    held = pictures.Original.of(tmp_path / "a.tif")
    for _ in range(3):
        assert held.size == (W, H)
        held.read()
    assert len(caplog.messages) == 1
