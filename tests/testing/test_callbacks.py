"""`check_callback`: it finds each kind of broken callback, and passes a good one."""

from __future__ import annotations

import sys
import time
from functools import partial

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import testing
from nstk.testing import callbacks
from tests.testing.samples import broken, found

ONE = {"wasserstein": {"use": "gram", "layers": ["image"]}}
"""The losses of quick runs."""


class Good(nstk.Callback):
    """Counts steps, and writes what it has counted."""

    name = "good"

    def on_start(self, run):
        self.count = 0
        self.file = open(run.beside("{name}-good.txt"), "w")  # noqa: SIM115 (`on_end` closes it)

    def on_step(self, run, step):
        self.count += 1
        print(step.index, step.losses["wasserstein"], file=self.file)

    def on_end(self, run):
        self.file.close()

    def state(self):
        return {"count": self.count}

    def restore(self, run, state):
        self.count = state["count"]


class Stops(nstk.Callback):
    """Ends the run."""

    name = "stops"

    def on_step(self, run, step):
        run.stop("enough")


class Shows(nstk.Callback):
    """Shows."""

    name = "shows"
    shows = True

    def on_step(self, run, step):
        print("step", step.index, file=sys.stderr)


@pytest.mark.parametrize("good", [Good(), Good(every=3), Stops(), Shows()])
def test_a_good_callback_passes(good, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    testing.check_callback(good, losses=ONE)
    assert [*tmp_path.iterdir()] == []  # nothing is left behind


def test_the_recipe_can_be_another():
    class Needs(nstk.Callback):
        """Needs a loss."""

        name = "needs"

        def on_step(self, run, step):
            assert step.losses["mine"] > 0

    testing.check_callback(Needs(), losses={"mine": {"use": "tv"}})  # the recipe's keys can be given
    found(testing.check_callback, Needs(), r"callback `needs` failed in on_step in a run: KeyError: 'mine'")


class Picky(Good):
    """It wants to be told of many steps at once."""

    name = "picky"
    every: int = nstk.Field(50, ge=50)


class Careless(Good):
    """It takes any number."""

    name = "careless"
    every: int = nstk.Field(1)


class Odd(Good):
    """Made around its own check."""

    name = "odd"
    level: int = nstk.Field(1, ge=0)


def say(self, run, step):
    print("step", step.index)


def draw(self, run):
    tf.random.get_global_generator().uniform([3])


def paint(self, run, step):
    run.work.canvas.picture.assign(run.work.canvas.picture * 0.9)


def when_resumed(self, run):
    if run.resumed:
        raise ValueError("there is nothing to go on with")
    Good.on_start(self, run)


def late(self, run, scale):
    self.scale = scale.index


BROKEN = {
    "an exception": (
        broken(Good, on_step=lambda s, r, t: {}["x"]),
        r"failed in on_step in a run: KeyError: 'x' \(test_callbacks",
    ),
    "too few arguments": (broken(Good, on_step=lambda s, r: None), "failed in on_step in a run: TypeError"),
    "its own key": (broken(Good, on_start=lambda s, r: setattr(s, "every", 3)), "Broken.every is a recipe key"),
    "a misspelt event": (
        broken(Good, on_stop=lambda s, r: None),
        "`on_stop`, which is no event and is never called: did you mean",
    ),
    "no event": (broken(Good, on_quux=lambda s: None), "the events are on_start, on_scale, on_step, on_end"),
    "any `every`": (Careless(), "callback `careless` takes `every: 0`: keep `ge=1`"),
    "few `every`": (Picky(), "callback `picky` does not take `every: 2`, which is a key of every callback"),
    "a dump that does not load": (Odd.model_construct(level=-1, every=1), "does not survive a dump"),
    "an open file": (broken(Good, on_end=lambda s, r: None), "leaves the file in `file` open in a run: close it in on_end"),
    "a print": (broken(Good, on_step=say), r"prints to the terminal \('step 1.*: say `shows = True`"),
    "another picture": (broken(Good, on_step=paint), "changes the picture: with it, the losses of the steps are"),
    "no restore": (
        broken(Good, restore=lambda s, r, t: None),
        r"restore\(\) was given {'count': 1}, and state\(\) then returned",
    ),
    "a state that JSON cannot hold": (broken(Good, state=lambda s: np.zeros(2)), "what JSON cannot hold"),
    "it cannot be resumed": (
        broken(Good, on_start=when_resumed),
        "failed in on_start in a run that is interrupted and resumed",
    ),
    "it cannot end early": (
        broken(Good, on_scale=late, on_end=lambda s, r: (Good.on_end(s, r), s.scale)),
        "failed in on_end in a run that fails before its first scale: AttributeError",
    ),
    "a file open in a run that fails": (
        broken(Good, on_end=lambda s, r: None if r.error else s.file.close()),
        "leaves the file in `file` open in a run that fails at its first step",
    ),
    "a failure that is only muted": (broken(Shows, on_scale=late, on_end=lambda s, r: s.nothing), "failed in on_end in a run"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_callback_is_told_why(what):
    found(partial(testing.check_callback, losses=ONE), *BROKEN[what])


def test_a_slow_callback_is_found(monkeypatch):
    monkeypatch.setattr(callbacks, "SECONDS", 0.02)
    slow = broken(Good, on_step=lambda s, r, t: time.sleep(0.03))
    found(testing.check_callback, slow, r"takes 0.03 seconds in on_step at a picture of 48 pixels: no run should wait")
