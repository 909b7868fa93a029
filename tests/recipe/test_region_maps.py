"""The map of a region: checked, grown, feathered and inverted."""

from __future__ import annotations

import numpy as np
import pytest

import nstk
from nstk.recipe.region_maps import feathered, grown, region_map


class Given(nstk.Region):
    """A map that the test gives."""

    name = "given"

    def __call__(self, pictures):
        return pictures.styles["map"]


def mapped(map_, per_pixel=1.0, **keys):
    content = np.zeros((*np.shape(map_)[:2], 3), np.float32)
    return region_map(Given(**keys), nstk.Pictures(content, {"map": map_}), per_pixel)


def dot(height, width, y, x):
    map_ = np.zeros((height, width), np.float32)
    map_[y, x] = 1
    return map_


def edge(height, width, first):
    """All from the column `first` on."""
    return np.tile((np.arange(width) >= first).astype(np.float32), (height, 1))


def test_a_plain_map_stays_and_is_a_copy():
    map_ = dot(7, 11, 3, 5)
    made = mapped(map_)
    assert np.array_equal(made, map_)
    assert not np.shares_memory(made, map_)


@pytest.mark.parametrize("reach", [1, 2, 3, 10, 25])
def test_a_dot_grows_to_nearly_a_disc(reach):
    height, width = 57, 63
    made = grown(dot(height, width, 28, 31), reach)
    y, x = np.mgrid[:height, :width]
    distance = np.hypot(y - 28, x - 31)
    assert made[28, 31 + reach] == made[28 - reach, 31] == 1
    assert made[28, 31 + reach + 1] == 0
    assert (made[distance <= reach * 0.92] == 1).all()
    assert (made[distance > reach * 1.1 + 0.7] == 0).all()


def test_between_whole_pixels_it_is_a_mean():
    map_ = dot(9, 9, 4, 4)
    assert np.allclose(grown(map_, 2.25), 0.75 * grown(map_, 2) + 0.25 * grown(map_, 3))


def test_below_zero_it_becomes_narrower_but_not_from_the_border():
    made = mapped(edge(5, 13, 6), grow=-3)
    assert np.array_equal(made, edge(5, 13, 9))


def test_more_than_the_map_is_all_or_nothing():
    assert (mapped(dot(5, 9, 0, 0), grow=500) == 1).all()
    assert (mapped(edge(5, 9, 2), grow=-500) == 0).all()
    assert np.allclose(mapped(edge(5, 9, 0), feather=999), 1)


def test_a_soft_edge_stays_soft_when_it_grows():
    map_ = np.tile(np.clip((np.arange(21, dtype=np.float32) - 8) / 4, 0, 1), (3, 1))
    assert np.allclose(grown(map_, 2)[:, :15], map_[:, 2:17])


def test_an_edge_becomes_as_wide_as_it_says():
    made = feathered(edge(9, 41, 20), 12)[4]
    assert made[20 - 7] == 0
    assert made[20 + 6] == 1
    assert 0 < made[20 - 6] < made[19] < 0.5 < made[20] < made[20 + 5] < 1
    assert made[19] + made[20] == pytest.approx(1)
    assert (np.diff(made) >= 0).all()


def test_upright_edges_and_level_ones_are_the_same():
    assert np.allclose(feathered(edge(31, 17, 8), 7), feathered(np.ascontiguousarray(edge(31, 17, 8).T), 7).T)


def test_inverted_last():
    map_ = dot(9, 15, 4, 7)
    assert np.allclose(mapped(map_, grow=2, feather=3, invert=True), 1 - feathered(grown(map_, 2), 3))


def test_at_half_the_size_it_is_half_the_pixels():
    map_ = dot(31, 31, 15, 15)
    assert np.allclose(mapped(map_, 0.5, grow=8, feather=6), mapped(map_, grow=4, feather=3))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (np.zeros((4, 5)), r"region `given` made an array of shape \(4, 5\), not \(5, 4\)"),
        (np.full((5, 4), np.nan), "NaN"),
        (np.full((5, 4), 255.0), "255 to 255, not of 0 to 1"),
        (np.full((5, 4), -0.5), "-0.5"),
    ],
)
def test_what_is_no_map_is_refused(made, said):
    pictures = nstk.Pictures(np.zeros((5, 4, 3), np.float32), {"map": made})
    with pytest.raises(nstk.RunError, match=said):
        region_map(Given(), pictures)


def test_what_rounding_leaves_is_cut_off():
    assert mapped(np.full((5, 4), 1.0001)).max() == 1


def test_a_plugin_that_fails_is_blamed_with_its_line():
    with pytest.raises(nstk.RunError, match=r"region `given` failed: KeyError: 'map' \(test_region_maps.py:\d+\)"):
        region_map(Given(), nstk.Pictures(np.zeros((5, 4, 3), np.float32), {}))
