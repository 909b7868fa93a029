"""Fixtures for pytest. A test file says `pytest_plugins = ["nstk.testing.fixtures"]`, and then has them.

    pytest_plugins = ["nstk.testing.fixtures"]

    def test_it_writes_a_log(nstk_run, tmp_path):
        nstk_run(plugins=["my_log.py"], callbacks={"my_log": {}})
        assert (tmp_path / "out-my_log.txt").exists()

They are asked for by name and not installed into every pytest: tests of projects that have nothing to do with nstk start as
fast as before.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .runs import recipe, resume_recipe, run_recipe

if TYPE_CHECKING:
    from ..api import Pictures
    from ..engine.result import Result
    from ..recipe.model import Recipe


@pytest.fixture
def nstk_recipe(tmp_path: Path) -> Callable[..., Recipe]:
    """Makes a recipe for a few steps on small pictures in `tmp_path`: `nstk_recipe(steps=2)`, see `nstk.testing.recipe`."""
    return partial(recipe, tmp_path)


@pytest.fixture
def nstk_run(tmp_path: Path) -> Callable[..., Result]:
    """Runs such a recipe, to `tmp_path / "out.png"`: `nstk_run(plugins=["my_loss.py"])`, see `nstk.testing.run_recipe`.

    It is not compiled, which takes longer than a few steps: `nstk_run(run_eagerly=False)` is.
    """
    return partial(run_recipe, tmp_path, run_eagerly=True)


@pytest.fixture
def nstk_resume(tmp_path: Path) -> Callable[..., Result]:
    """Runs it, interrupts it and resumes it: `nstk_resume(after=2, **settings)`, see `nstk.testing.resume_recipe`."""
    return partial(resume_recipe, tmp_path, run_eagerly=True)


@pytest.fixture
def nstk_pictures() -> Pictures:
    """A content and a style picture of 37 x 50 pixels, see `nstk.testing.pictures`."""
    from .samples import pictures

    return pictures()
