"""The region `face`."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import nstk
from nstk.plugins.regions._faces import faces
from nstk.plugins.regions.face import Face

from .samples import FACE, landscape, portrait


def drawn(side: int) -> np.ndarray:
    """Where the drawn face is, as 0 and 1."""
    x, y, half_width, half_height = (it * side / 512 for it in FACE)
    rows, columns = np.mgrid[:side, :side] + 0.5
    return ((columns - x) / half_width) ** 2 + ((rows - y) / half_height) ** 2 <= 1


@pytest.mark.parametrize("side", [128, 700])
def test_a_face_is_found_where_it_is_at_every_size(side):
    map_ = Face()(nstk.Pictures(portrait(side), {}))
    assert (map_.shape, map_.dtype) == ((side, side), np.float32)
    found, wanted = map_ > 0.5, drawn(side)
    assert (found & wanted).sum() > 0.75 * (found | wanted).sum()
    assert (map_.min(), map_.max()) == (0, 1)


def test_a_head_that_leans_has_a_face_that_leans():
    """Turned by 20 degrees against the clock, the mouth is to the right of where it was."""
    for degrees in (0, 20):
        leaning = Image.fromarray(portrait(256).astype(np.uint8)).rotate(degrees, fillcolor=(120, 150, 170))
        (face,) = faces(np.asarray(leaning, np.float32))
        x, y = face.points[3] - face.points[:2].mean(axis=0)
        assert np.degrees(np.arctan2(x, y)) == pytest.approx(degrees, abs=6)


def test_a_face_that_is_hard_to_see_is_looked_at_again():
    """Of a head that lies on its side, the first look is not sure."""
    lying = Image.fromarray(portrait(512).astype(np.uint8)).rotate(90, fillcolor=(120, 150, 170))
    (face,) = faces(np.asarray(lying, np.float32))
    assert 0.5 < face.score < 0.78
    assert np.abs(face.centre - (225, 257)).max() < 20


def test_small_faces_in_a_large_photograph():
    """Two of them, an eighth of the photograph's height each, are too small for a look at all of it."""
    wall = np.full((512, 900, 3), (120, 150, 170), np.float32)
    for left in (150, 600):
        wall[200:328, left : left + 128] = portrait(128)
    found = sorted(faces(wall), key=lambda it: it.centre[0])
    assert len(found) == 2
    for face, left in zip(found, (150, 600), strict=True):
        assert np.abs(face.centre - (left + 64, 200 + 58)).max() < 10


def test_there_is_none_in_a_landscape():
    assert not Face()(nstk.Pictures(landscape(), {})).any()
