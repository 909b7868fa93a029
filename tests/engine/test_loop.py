"""The run as a whole, mostly on one small compiled run."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import nstk
from nstk import testing
from tests.engine.samples import SETTINGS
from tests.helpers import same


def test_the_same_seed_gives_the_same_bytes(done, tmp_path):
    again = testing.run_recipe(tmp_path, **SETTINGS)
    assert same(again.path, done.path)
    assert again.history == done.history
    other = testing.run_recipe(tmp_path, **{**SETTINGS, "seed": 8})
    assert not same(other.path, done.path)


@pytest.mark.slow
def test_another_process_gives_the_same_bytes(done, tmp_path):
    code = f"import sys; from nstk import testing; testing.run_recipe({str(tmp_path)!r}, **{SETTINGS!r})"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=100)
    assert same(tmp_path / "out.png", done.path)


def test_eager_and_compiled_paint_the_same(done, tmp_path):
    eager = testing.run_recipe(tmp_path, **SETTINGS, run_eagerly=True)
    assert np.abs(eager.picture.astype(int) - done.picture).max() <= 1
    for ours, theirs in zip(eager.history, done.history, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-4)


COUNTING = """
TARGETS, CALLS = [], []

class Counting(nstk.Loss):
    \"\"\"Counts.\"\"\"
    name = "counting"

    def target(self, refs):
        TARGETS.append(refs.content["image"].shape)
        return refs.content["image"]

    def __call__(self, features, target):
        CALLS.append(tf.executing_eagerly())
        return tf.reduce_mean(tf.square(features["image"] - target))

class Drawing(nstk.Loss):
    \"\"\"Draws at random.\"\"\"
    name = "drawing"

    def __call__(self, features, target):
        return tf.reduce_mean(features["image"] * tf.random.uniform(features["image"].shape))

@nstk.hookimpl
def nstk_losses():
    return [Counting, Drawing]
"""


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_targets_are_computed_once(run_eagerly, tmp_path, plugin):
    losses = {"counting": None, "gram": None}
    recipe = testing.recipe(tmp_path, plugins=[plugin(COUNTING)], losses=losses, run_eagerly=run_eagerly, steps=4)
    module = recipe.registry.plugins[-1].modules[0]
    nstk.run(recipe)
    assert module.TARGETS == [(1, 36, 48, 3)]
    assert ([True] * 5 if run_eagerly else [False, True]) == module.CALLS  # each step or its trace; the last picture


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_losses_that_draw_follow_the_seed(run_eagerly, tmp_path, plugin):
    settings = {"plugins": [plugin(COUNTING)], "losses": {"drawing": None}, "run_eagerly": run_eagerly}
    one, two = testing.run_recipe(tmp_path, **settings), testing.run_recipe(tmp_path, **settings)
    assert one.history == two.history
    assert testing.run_recipe(tmp_path, seed=1, **settings).history != one.history
