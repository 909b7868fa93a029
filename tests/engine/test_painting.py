"""The state of a run, as callbacks are handed it."""

from __future__ import annotations

import numpy as np
import pytest

import nstk
from nstk import testing
from nstk.engine.interrupts import INTERRUPTED
from nstk.engine.painting import Painting
from nstk.engine.plan import Plan
from nstk.errors import OutputError


@pytest.fixture
def run(tmp_path):
    """A run that has not begun."""
    recipe = testing.recipe(tmp_path, losses={"gram": None, "tv": {"weight": 0}})
    return Painting(recipe, Plan.of(recipe))


def test_nothing_is_done_before_the_first_scale(run):
    assert (run.steps, run.resumed, run.history, run.losses) == (0, 0, [], {})
    assert run.total_steps == sum(scale.steps for scale in run.scales)
    assert run.labels == ["gram"], "a loss of weight 0 is not computed"
    with pytest.raises(nstk.RunError, match="before the first scale"):
        run.image()


def test_the_first_reason_to_stop_counts(run):
    run.stop("early_stop")
    run.stop(INTERRUPTED)
    run.end(early=True)
    assert run.stopped == "early_stop"


@pytest.mark.parametrize(("early", "ended"), [(True, INTERRUPTED), (False, "done")])
def test_a_signal_after_the_last_step(run, early, ended):
    run.stop(INTERRUPTED)
    run.end(early)
    assert run.stopped == ended


def test_the_first_error_is_kept(run):
    first = ValueError("too dark")
    run.fail(first)
    run.fail(KeyboardInterrupt())
    assert (run.error, run.stopped) == (first, "ValueError: too dark")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("../{name}.npy", "is not in the output's folder"),
        (".", "is not in the output's folder"),
        ("{name}{suffix}", "is written at the end of the run"),
        ("{name}.run.json", "is written at the end of the run"),
        ("link/a.png", "is a link out of the output's folder"),
    ],
)
def test_a_callback_writes_nowhere_else(run, template, said, tmp_path_factory):
    (run.output.parent / "link").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    assert run.beside("{name}-{step:03}.png", step=7) == run.output.parent / "out-007.png"
    with pytest.raises(OutputError, match=said):
        run.beside(template)


def test_a_callback_spares_what_the_run_reads(tmp_path):
    content = tmp_path / "photo.png"
    nstk.write_picture(np.full((24, 32, 3), 90, np.uint8), content)
    recipe = testing.recipe(tmp_path, content=str(content))
    with pytest.raises(OutputError, match="is also the run's `content`"):
        Painting(recipe, Plan.of(recipe)).beside("photo.png")


def test_a_run_without_a_file_writes_none(tmp_path):
    recipe = nstk.load_recipe(testing.recipe(tmp_path).to_plain() | {"output": False})
    run = Painting(recipe, Plan.of(recipe))
    for write in (lambda: run.beside("a.png"), lambda: run.save(tmp_path / "a.png")):
        with pytest.raises(OutputError, match="`output: false`"):
            write()
