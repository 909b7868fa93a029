"""A run that is quick."""

from __future__ import annotations

import pytest

import nstk
from nstk import testing
from nstk.engine.watch import watching

QUICK = {"run_eagerly": True, "losses": {"gram": {"layers": ["block1_conv1"]}}}
"""Without compilation, such a run takes a tenth of a second."""

TWO_SCALES = {**QUICK, "steps": [5, 4], "pyramid": {"levels": 2}}
"""A run of nine steps on two scales."""


class Breaks(nstk.Callback):
    """Fails at a step, as a full disk may; not in a run that is resumed."""

    name = "breaks"
    at: int

    def on_step(self, run: nstk.Run, step: nstk.Step) -> None:
        if step.index >= self.at and not run.resumed:
            raise RuntimeError("the disk is <full>")


def broken(folder, at, **settings):
    """A run that fails after a step."""
    callbacks = {**settings.pop("callbacks"), "breaks": {"use": "python:breaks", "at": at}}
    with pytest.raises(nstk.CallbackError, match="the disk is <full>"):
        testing.run_recipe(folder, plugins=[Breaks], callbacks=callbacks, **settings)


def interrupted(folder, after, **settings):
    """A run that is broken off after a step, as Ctrl-C does it."""

    def told(run, step):
        if step.index >= after:
            run.stop("interrupted")

    return nstk.run(testing.recipe(folder, **settings), watch=watching(told))
