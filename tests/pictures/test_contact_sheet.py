"""Pictures in rows with captions."""

from __future__ import annotations

import numpy as np

from nstk.pictures.contact_sheet import GAP, Cell, contact_sheet


def test_pictures_stand_in_rows_on_white():
    cells = [Cell(np.full((40, 60, 3), level, np.float32), f"level {level}", "grey") for level in (10, 60, 110, 160, 210)]
    page = contact_sheet(cells, columns=2)
    assert page.dtype == np.uint8
    assert page.shape[1] == 2 * (60 + GAP) + GAP
    down = (page.shape[0] - GAP) // 3
    assert down > 40 + GAP  # room for two lines of letters
    for index, level in enumerate((10, 60, 110, 160, 210)):
        left, top = GAP + index % 2 * (60 + GAP), GAP + index // 2 * down
        assert (page[top : top + 40, left : left + 60] == level).all()
        assert page[top + 40 : top + down - GAP, left : left + 60].min() < 100  # the caption
    assert (page[GAP + 2 * down :, GAP + 60 + GAP :] == 255).all()


def test_without_a_number_a_sheet_is_about_as_wide_as_high():
    page = contact_sheet([Cell(np.zeros((50, 50, 3), np.float32), "black")] * 9)
    assert 0.6 < page.shape[1] / page.shape[0] < 1.6
