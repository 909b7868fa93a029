"""Scores of pictures, through the real VGG-19."""

from __future__ import annotations

import numpy as np
import pytest

import nstk
from nstk.judging.scores import _too_small
from nstk.recipe.defaults import recipes_folder

IMAGES = recipes_folder() / "images"


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    return nstk.resize(nstk.read_picture(IMAGES / "louvre.jpg"), 160, 120)


@pytest.fixture(scope="module")
def painting() -> np.ndarray:
    return nstk.resize(nstk.read_picture(IMAGES / "sandstone.jpg"), 150, 150)


@pytest.fixture(scope="module")
def scores(photograph, painting) -> list[nstk.Score]:
    return nstk.score(photograph, painting, [(photograph + painting[:120, :1]) / 2], size=160)


def test_a_copy_of_the_photograph(scores):
    copy = scores[1]
    assert copy.picture == "the photograph itself"
    assert (copy.cf, copy.ssim) == pytest.approx((1, 1), abs=1e-5)
    assert copy.lp < 0.7
    assert copy.ge < 0.97


def test_a_copy_of_the_painting(scores):
    copy = scores[2]
    assert copy.picture == "the painting itself"
    assert copy.ge > 0.98
    assert copy.lp > 0.75
    assert copy.cf < scores[0].cf < 1
    assert copy.e > max(score.e for score in scores[:2])


def test_a_picture_given_in_python_has_a_number(scores):
    assert scores[0].picture == "picture 1"
    assert set(scores[0].to_json()) == {"picture", "cf", "ge", "lp", "e", "ssim"}


def test_another_aspect_is_refused(photograph, painting):
    with pytest.raises(nstk.UserError, match="picture 1 is 120 x 120 pixels, which is another aspect than the photograph's"):
        nstk.score(photograph, painting, [photograph[:, :120]], size=160)


@pytest.mark.parametrize("size", [64, 4096])
def test_sizes_that_say_nothing_are_refused(photograph, painting, size):
    with pytest.raises(nstk.UserError, match=f"cannot be judged at {size} pixels: choose a long edge from 128 to 2048"):
        nstk.score(photograph, painting, [photograph], size=size)


@pytest.mark.parametrize(
    ("size", "hint"), [(400, "take `--size 150`, or a larger file"), (187, ""), (160, "")], ids=["enlarged", "trifle", "fits"]
)
def test_a_small_painting_is_told(painting, size, hint):
    expected = f"the painting has 150 x 150 pixels, and is enlarged to {size}: LP says little of its marks; {hint}"
    assert _too_small(painting, size) == (expected if hint else "")
