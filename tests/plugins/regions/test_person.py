"""The regions `person` and `background`, the guided filter that gives them their edges, and what runs the networks."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import nstk
from nstk.plugins.regions import _networks
from nstk.plugins.regions._guided import applied, guided, means
from nstk.plugins.regions.background import Background
from nstk.plugins.regions.person import Person

from .samples import landscape, portrait


def of(region: nstk.Region, photograph: np.ndarray) -> np.ndarray:
    photograph.setflags(write=False)
    return region(nstk.Pictures(photograph, {}))


@pytest.fixture(scope="module")
def person():
    return of(Person(), portrait())


def test_a_person_is_found_whole_and_nothing_else(person):
    assert (person.shape, person.dtype) == ((512, 512), np.float32)
    assert 0 <= person.min() <= person.max() <= 1
    assert person[80:500, 250:262].min() > 0.9, "from the hair to the chest"
    assert person[480, 140:370].min() > 0.9, "from shoulder to shoulder"
    assert person[:280, :120].max() < 0.1, "the wall at the left"
    assert person[:280, 400:].max() < 0.1, "the wall at the right"
    assert ((person > 0.02) & (person < 0.98)).mean() < 0.05, "only edges are soft"


def test_the_edge_is_that_of_the_photograph(person):
    """The drawing's hair begins at row 60, in a step over few pixels."""
    assert abs(np.argmax(person[:, 256] > 0.5) - 60) <= 2


@pytest.mark.parametrize("side", [128, 700])
def test_it_is_the_same_region_at_every_size(person, side):
    other = nstk.resize(255 * of(Person(), portrait(side))[..., None], 512, 512)[..., 0] / 255
    assert np.minimum(person, other).sum() > 0.93 * np.maximum(person, other).sum()


def test_all_else_is_background_and_all_of_it_where_nobody_is():
    assert np.allclose(of(Background(), portrait(128)), 1 - of(Person(), portrait(128)))
    assert not of(Person(), landscape()).any()
    assert (of(Background(), landscape()) == 1).all()


def test_small_and_narrow_photographs():
    for width, height in ((16, 16), (400, 17)):
        assert of(Person(), landscape(width, height)).shape == (height, width)


def test_it_is_the_same_twice():
    assert np.array_equal(of(Person(), portrait(200)), of(Person(), portrait(200)))


def test_means_over_windows_that_end_at_the_border():
    planes = np.random.default_rng(0).random((7, 9))
    made = means(planes, 2)
    assert np.allclose(made[0, 0], planes[:3, :3].mean())
    assert np.allclose(made[3, 4], planes[1:6, 2:7].mean())


def test_a_blurred_map_gets_the_sharp_edge_of_the_guide():
    guide = np.full((40, 61, 3), 0.2)
    guide[:, 30:] = (0.7, 0.4, 0.9)
    blurred = np.tile(np.clip((np.arange(61) - 20) / 20, 0, 1), (40, 1))
    sharp = applied(*guided(blurred, guide, 12, 1e-4), guide)
    step = sharp[20, 30] - sharp[20, 29]
    assert step > 0.5
    assert abs(sharp[20, 20:29]).max() < 0.3


def test_functions_of_a_small_guide_give_a_large_map():
    guide = np.full((30, 40, 3), 0.2)
    guide[:, 20:] = 0.8
    small = (guide[..., 0] > 0.5).astype(float)
    large = applied(*guided(small, guide, 3, 1e-4), guide.repeat(3, axis=0).repeat(3, axis=1))
    assert np.abs(large - small.repeat(3, axis=0).repeat(3, axis=1)).max() < 0.05


def test_a_missing_interpreter_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    monkeypatch.setitem(sys.modules, "tensorflow", type(sys)("tensorflow"))
    with pytest.raises(nstk.UserError, match="pip install ai-edge-litert"):
        _networks.Network("selfie_segmentation")


def test_the_networks_come_with_their_licence():
    text = (_networks.FOLDER / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert {path.suffix for path in _networks.FOLDER.iterdir()} == {"", ".tflite"}


def test_the_terminal_stays_clean(capfd):
    _networks.Network("selfie_segmentation")
    assert capfd.readouterr() == ("", "")
