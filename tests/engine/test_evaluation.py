"""Each loss of a given picture, without optimising."""

from __future__ import annotations

import pytest

import nstk
from nstk import testing


def test_losses_are_those_of_the_saved_picture(done, folder):
    judged = nstk.evaluate(folder / "out.recipe.yaml", done.path)
    assert judged["losses"] == pytest.approx(done.losses, rel=5e-3)  # the picture was rounded to 8 bits
    assert judged["loss"] == pytest.approx(sum(done.losses.values()), rel=5e-3)
    assert sum(done.losses.values()) < done.history[-1]["loss"]  # they are not the last step's
    assert judged["weights"] == {"content": 1, "gram": 4, "smooth": 0.1}
    assert judged["unweighted"]["gram"] == pytest.approx(judged["losses"]["gram"] / 4)


def test_another_aspect_is_refused(folder, done, tmp_path):
    nstk.write_picture(testing.pictures((48, 36)).content, tmp_path / "tall.png")
    with pytest.raises(nstk.UserError, match="is 36 x 48 pixels, but the content picture has another aspect"):
        nstk.evaluate(folder / "out.recipe.yaml", tmp_path / "tall.png")


def test_a_picture_is_judged_in_tiles_too(tmp_path):
    nstk.write_picture(testing.pictures((120, 160)).content, tmp_path / "picture.png")
    whole, tiled = (
        nstk.evaluate(testing.recipe(tmp_path, size=160, tiles=tiles), tmp_path / "picture.png") for tiles in ("off", 64)
    )
    assert whole["loss"] > 0
    assert tiled["unweighted"] == pytest.approx(whole["unweighted"], rel=1e-5)
    assert tiled["losses"] != whole["losses"]  # it was in tiles: the sums round differently
