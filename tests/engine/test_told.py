"""What callbacks may ask of a run: the photograph, the paintings, how hard losses pull, how the picture was made."""

from __future__ import annotations

import numpy as np
import pytest

import nstk
from nstk import testing
from nstk.engine.watch import watching

LOSSES = {"gram": {"layers": ["block1_conv1"]}, "tv": {"weight": 3}, "content": {"layers": ["image"], "weight": 0}}


def at_end(folder, ask, **settings):
    """What a callback gets that asks at the end of a run."""
    said = []
    watch = watching(lambda run, step: None, lambda run: said.append(ask(run)))
    result = nstk.run(testing.recipe(folder, run_eagerly=True, **settings), watch=watch)
    return said[0], result


@pytest.mark.parametrize("tiles", ["off", 64])
def test_pulls_are_the_lengths_that_are_explained(tmp_path, tiles):
    settings = {"losses": LOSSES, "size": 96, "tiles": tiles}
    pulls, result = at_end(tmp_path, lambda run: run.pulls(), **settings)
    nstk.write_picture(result.picture, tmp_path / "result.png")
    explained = nstk.explain(testing.recipe(tmp_path, **settings), tmp_path / "result.png").pictures[-1]
    assert set(pulls) == {"gram", "tv"}  # a loss of weight 0 is no loss of the run
    assert pulls == pytest.approx({label: explained.losses[label].gradient for label in pulls}, rel=0.05)


def test_a_loss_that_does_not_count_at_this_scale_pulls_0(tmp_path):
    losses = {**LOSSES, "tv": {"weight": [3, 0]}}
    pulls, _ = at_end(tmp_path, lambda run: run.pulls(), losses=losses, pyramid={"levels": 2})
    assert pulls["tv"] == 0 < pulls["gram"]


def test_pulls_change_nothing_of_the_picture(tmp_path):
    (tmp_path / "asked").mkdir()
    plain = testing.run_recipe(tmp_path, losses=LOSSES, run_eagerly=True)
    _, asked = at_end(tmp_path / "asked", lambda run: run.pulls(), losses=LOSSES)
    assert np.array_equal(plain.picture, asked.picture)


def test_photograph_and_paintings_are_small(tmp_path):
    ask = lambda run: (run.photograph(500), run.photograph(20), run.paintings(20))  # noqa: E731
    (whole, small, paintings), result = at_end(tmp_path, ask, size="32x32", losses=LOSSES)
    assert whole.shape == result.picture.shape == (32, 32, 3)
    assert small.shape == (20, 20, 3)
    assert paintings["style"].shape == (15, 20, 3)
    middle = testing.pictures((36, 48)).content[:, 6:42]
    assert np.allclose(whole, nstk.resize(middle, 32, 32), atol=1)


def test_the_record_says_how_the_picture_is_made(tmp_path):
    record, result = at_end(tmp_path, lambda run: run.record(), losses=LOSSES)
    assert [(it["width"], it["height"], it["done"]) for it in record["scales"]] == [(48, 36, len(result.history))]
    assert record["recipe"].startswith("content: ")
    assert str(tmp_path / "out.png") not in str(record)


def test_before_the_first_scale_nothing_pulls(tmp_path):
    class Asks(nstk.Callback):
        """Asks too early."""

        name = "asks"

        def on_start(self, run):
            run.pulls()

    with pytest.raises(nstk.CallbackError, match="there is no picture before the first scale"):
        testing.run_recipe(tmp_path, plugins=[Asks], callbacks={"asks": {"use": "python:asks"}}, losses=LOSSES)
