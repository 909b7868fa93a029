"""The fixtures for pytest, asked for as a plugin author does."""

from __future__ import annotations

import pytest

from nstk import testing

pytest_plugins = ["nstk.testing.fixtures"]

SETTINGS = {"losses": {"tv": {}}, "init": "noise"}


def test_a_recipe_in_the_folder_of_the_test(nstk_recipe, tmp_path):
    recipe = nstk_recipe(steps=7)
    assert (recipe.steps, recipe.path) == (7, tmp_path / "out.png")


def test_a_run(nstk_run, tmp_path):
    result = nstk_run(**SETTINGS)
    assert (result.stopped, len(result.history)) == ("done", 3)
    assert (tmp_path / "out.png").exists()
    assert nstk_run.keywords == {"run_eagerly": True}


def test_a_run_that_is_resumed_is_the_same(nstk_run, nstk_resume):
    whole = nstk_run(**SETTINGS)
    again = nstk_resume(after=1, **SETTINGS)
    assert [row["loss"] for row in again.history] == [row["loss"] for row in whole.history]


@pytest.mark.parametrize("after", [1, 2])
def test_a_run_is_interrupted_where_it_is_asked(after, nstk_resume, tmp_path):
    nstk_resume(after=after, callbacks={"json_log": {}, "snapshots": {"every": 3}}, **SETTINGS)
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) >= 3
    assert sorted(path.name for path in tmp_path.glob("out-*.png")) == [f"out-{it:05}.png" for it in sorted({after, 3})]


def test_the_pictures(nstk_pictures):
    assert (nstk_pictures.content == testing.pictures().content).all()
