"""The scales and steps that nstk chooses."""

from __future__ import annotations

import pytest

import nstk
from nstk.recipe.automatic import decided
from nstk.recipe.scales import Pyramid, plan
from nstk.recipe.settings import Settings

PICTURES = {"content": "photo.png", "style": "painting.png"}


def chosen(size, least=16, **values):
    """The long edge and the steps of each scale, where the pictures ask for at least so many pixels."""
    steps, pyramid = decided(Settings.model_validate(PICTURES | values), size, lambda edge: edge >= least)
    return [(scale.width, scale.steps) for scale in plan(4, 3, size, steps, pyramid)]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (100, [(100, 40)]),
        (200, [(200, 40)]),
        (256, [(128, 40), (256, 24)]),
        (512, [(128, 40), (256, 24), (512, 14)]),
        (1000, [(250, 40), (500, 24), (1000, 14)]),
        (8192, [(128, 40), (256, 24), (512, 14), (1024, 10), (2048, 8), (4096, 8), (8192, 8)]),
    ],
)
def test_scales_are_doubled_up_to_the_size(size, expected):
    assert chosen(size) == expected


def test_steps_of_ones_own_choose_the_scales():
    assert [steps for _, steps in chosen(512, steps=50)] == [17, 17, 16]
    assert [steps for _, steps in chosen(512, steps=2)] == [1, 1]
    assert chosen(512, steps=[9, 8]) == [(256, 9), (512, 8)]
    assert chosen(512, steps=[9]) == [(512, 9)]
    assert chosen(400, steps=[9, 8, 7, 6]) == [(50, 9), (100, 8), (200, 7), (400, 6)]
    assert chosen(400, steps=[9, 8, 7, 6], least=100) == [(100, 8), (200, 7), (400, 6)]
    assert chosen(80, steps=[9, 8, 7, 6], least=60) == [(80, 6)]


def test_a_pyramid_of_ones_own_has_nstks_steps():
    assert chosen(512, pyramid=False) == [(512, 100)]
    assert chosen(512, pyramid={"levels": 2}) == [(256, 40), (512, 24)]
    assert chosen(512, pyramid={"start": 100, "ratio": 4}) == [(128, 40), (512, 24)]


def test_pictures_that_would_be_too_small_are_left_out():
    assert chosen(512, least=200) == [(256, 40), (512, 24)]
    assert chosen(512, least=1000) == [(512, 40)], "the checks say what is wrong with it"


def test_a_narrow_photograph_begins_larger(project):
    nstk.write_picture(nstk.resize(nstk.read_picture(project / "photo.png"), 640, 40), project / "wide.png")
    recipe = nstk.load_recipe({"content": str(project / "wide.png"), "style": str(project / "painting.png"), "size": 600})
    assert (recipe.pyramid, recipe.steps) == (Pyramid(levels=2), [40, 24])
