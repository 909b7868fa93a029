"""The pictures that a run starts from."""

from __future__ import annotations

import numpy as np
import pytest

import nstk
from nstk import testing
from nstk.checkpoints.provenance import origins
from nstk.engine import scale
from nstk.plugins.initializers.content import Content
from nstk.plugins.initializers.image import Image
from nstk.plugins.initializers.noise import IMAGENET_MEAN, Noise

PICTURES = testing.pictures((40, 60))
CONTENT = PICTURES.content


def start(initializer, seed=0, pictures=PICTURES):
    return np.asarray(initializer(pictures, np.random.default_rng(seed)))


def test_content_is_a_copy():
    made = start(Content())
    assert np.array_equal(made, CONTENT)
    assert not np.shares_memory(made, CONTENT)
    made[:] = 0  # it can be written to


@pytest.mark.parametrize("init", ["content", {"use": "noise", "blend": 0.5}])
def test_a_run_leaves_the_content_as_it_was(init, tmp_path, monkeypatch):
    seen = []

    def keep(*args, original=scale.pictures_of):
        made = original(*args)
        seen.append((made, made.content.copy(), made.styles["style"].copy()))
        return made

    monkeypatch.setattr(scale, "pictures_of", keep)
    result = testing.run_recipe(tmp_path, init=init, run_eagerly=True)
    ((made, content, style),) = seen
    assert np.array_equal(made.content, content)
    assert np.array_equal(made.styles["style"], style)
    assert not np.array_equal(result.picture, content)  # something was painted


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_noise_follows_the_seed(kind):
    noise = Noise(kind=kind)
    assert start(noise, 3).tobytes() == start(noise, 3).tobytes()
    assert start(noise, 3).tobytes() != start(noise, 4).tobytes()


def test_uniform_noise_fills_its_amplitude_around_the_mean_colour():
    off = start(Noise(amplitude=30)) - np.array(IMAGENET_MEAN)
    assert np.abs(off).max() <= 30.001
    assert np.abs(off).max() > 29
    assert off.std() == pytest.approx(30 / 3**0.5, rel=0.05)


def test_normal_noise_has_its_amplitude_as_standard_deviation():
    off = start(Noise(kind="normal", amplitude=10, around="grey")) - 128
    assert off.std() == pytest.approx(10, rel=0.05)
    assert np.abs(off).max() > 25


def test_noise_without_amplitude_is_one_colour():
    around = {"imagenet": IMAGENET_MEAN, "grey": (128, 128, 128), "content": CONTENT.mean((0, 1))}
    for name, colour in around.items():
        np.testing.assert_allclose(start(Noise(amplitude=0, around=name)), np.broadcast_to(colour, CONTENT.shape), rtol=1e-5)


def test_a_blend_of_0_6_is_the_courses_first_picture():
    """The course works on pictures minus the mean colour: `0.6 * noise + 0.4 * content`."""
    mean = np.array([123.68, 116.779, 103.939])
    noise = np.random.default_rng(5).uniform(-20, 20, CONTENT.shape)
    generated = noise * 0.6 + (CONTENT - mean) * (1 - 0.6)
    made = start(Noise(blend=0.6), 5)
    np.testing.assert_allclose(made, np.clip(generated + mean, 0, 255), atol=1e-3)
    assert made.dtype == np.float32
    assert np.array_equal(start(Noise(blend=0)), CONTENT)


def test_noise_stays_a_picture():
    made = start(Noise(kind="normal", amplitude=255))
    assert made.min() == 0
    assert made.max() == 255


def test_image_is_a_file_brought_to_the_contents_size(tmp_path):
    halves = np.zeros((20, 90, 3), np.float32)
    halves[:, 45:] = [250, 100, 50]
    nstk.write_picture(halves, tmp_path / "halves.png")
    made = start(Image(file=str(tmp_path / "halves.png")))
    assert made.shape == CONTENT.shape
    np.testing.assert_allclose(made[:, :25], 0, atol=1)
    np.testing.assert_allclose(made[:, 35:], np.broadcast_to([250, 100, 50], (40, 25, 3)), atol=1)

    nstk.write_picture(CONTENT, tmp_path / "same.png")
    assert np.array_equal(start(Image(file=str(tmp_path / "same.png"))), np.rint(CONTENT))


def test_image_in_a_recipe_is_relative_to_it_and_in_the_record(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nstk.write_picture(testing.pictures((36, 48), seed=9).content, "first.png")
    recipe = testing.recipe(tmp_path, init={"use": "image", "file": "first.png"})
    assert recipe.inputs()["init.file"] == tmp_path / "first.png"
    assert origins(recipe)["inputs"]["init.file"]["path"] == str(tmp_path / "first.png")


BROKEN = """
class Odd(nstk.Initializer):
    \"\"\"Broken in a chosen way.\"\"\"
    name = "odd"
    way: str = ""

    def __call__(self, pictures, rng):
        if self.way == "shape":
            return pictures.content[1:]
        if self.way == "nan":
            return np.full_like(pictures.content, np.nan)
        if self.way == "writes":
            pictures.content[0] = 0
        raise ValueError("no idea")

@nstk.hookimpl
def nstk_initializers():
    return [Odd]
"""


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("shape", r"initializer `odd` made an array of shape \(35, 48, 3\), not \(36, 48, 3\)"),
        ("nan", "initializer `odd` made a picture with NaN or infinite pixels"),
        ("writes", r"initializer `odd` failed: ValueError: assignment destination is read-only \(mine.py:17\)"),
        ("", r"initializer `odd` failed: ValueError: no idea \(mine.py:18\)"),
    ],
)
def test_a_broken_initializer_is_named(way, message, tmp_path, plugin):
    with pytest.raises(nstk.RunError, match=message):
        testing.run_recipe(tmp_path, plugins=[plugin(BROKEN)], init={"use": "odd", "way": way})
    assert not (tmp_path / "out.png").exists()
