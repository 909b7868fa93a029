"""One file of each cell of the table of formats is read, and its pixels are compared with what is known to be in it."""

from __future__ import annotations

import numpy as np
import pytest

from nstk import pictures
from tests.pictures.formats import cells_jpeg_xl, cells_photos, cells_png, cells_simple, cells_tiff
from tests.pictures.formats.cell import TURNS

CELLS = [*cells_png.CELLS, *cells_tiff.CELLS, *cells_photos.CELLS, *cells_jpeg_xl.CELLS, *cells_simple.CELLS]


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_pixels(tmp_path, cell):
    (tmp_path / "picture").write_bytes(cell.data())  # the name says nothing
    picture = pictures.read_all(tmp_path / "picture")
    expected = TURNS[cell.turn](cell.expected())
    colours, alpha = (expected[..., :-1], expected[..., -1]) if cell.alpha else (expected, None)
    assert picture.size == pictures.check_picture(tmp_path / "picture") == expected.shape[1::-1]
    assert picture.colours.dtype == np.float32
    assert np.abs(picture.colours - colours).max() <= cell.within
    assert (picture.alpha is not None) == cell.alpha
    if alpha is not None:
        assert np.abs(255 * picture.alpha - alpha).max() <= cell.within
