"""What the caller has set up in TensorFlow: a run works in it or says why not, and leaves the caller's random numbers alone."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import testing
from nstk.engine.surroundings import prepared
from tests.helpers import same

GRAPH, STRATEGY = "does not compute at once here", r"outside of the scope of the `tf\.distribute\.OneDeviceStrategy`"

PLUGIN = '''
import random

import numpy as np
import tensorflow as tf

import nstk


class Grain(nstk.Loss):
    """Draws at random, in every way there is."""

    name = "grain"

    def reads(self):
        return [nstk.IMAGE]

    def target(self, references):
        return random.random() + np.random.uniform()

    def __call__(self, features, target):
        drawn = tf.random.uniform([]) + tf.random.get_global_generator().uniform([])
        return target * drawn * tf.reduce_mean(features[nstk.IMAGE])


@nstk.hookimpl
def nstk_losses():
    return [Grain]
'''


@pytest.mark.parametrize(
    ("where", "words"),
    [(lambda: tf.Graph().as_default(), GRAPH), (lambda: tf.distribute.OneDeviceStrategy("/cpu:0").scope(), STRATEGY)],
    ids=["graph", "strategy"],
)
def test_where_nstk_cannot_work_it_says_so(where, words, tmp_path):
    from nstk.engine.estimate import estimate_in_words

    recipe = testing.recipe(tmp_path)
    for call in (nstk.run, lambda it: nstk.evaluate(it, tmp_path / "content.png"), estimate_in_words):
        with where(), pytest.raises(nstk.UserError, match=words):
            call(recipe)
    assert not recipe.path.exists()
    assert nstk.run(recipe).stopped == "done"


def test_not_in_a_function(tmp_path):
    recipe = testing.recipe(tmp_path)
    with pytest.raises(nstk.UserError, match=GRAPH):
        tf.function(lambda: nstk.run(recipe), autograph=False)()


def draws():
    generator = tf.random.get_global_generator().uniform([2]).numpy()
    return [*tf.random.uniform([2]).numpy(), *generator, random.random(), *np.random.uniform(size=2)]


def seeded():
    tf.random.set_seed(5)
    tf.random.set_global_generator(tf.random.Generator.from_seed(6, alg="philox"))
    random.seed(7)
    np.random.seed(8)
    return draws()


@pytest.mark.parametrize("losses", [{"content": None}, {"grain": None}], ids=["shipped", "drawing"])
def test_the_caller_draws_what_it_would_have_drawn(losses, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "grain.py").write_text(PLUGIN)
    monkeypatch.delenv("TF_CPU_BFC_MEM_LIMIT_IN_MB", raising=False)
    recipe = testing.recipe(tmp_path, losses=losses, plugins=["grain.py"], run_eagerly=True)
    expected = seeded(), draws()
    assert seeded() == expected[0]
    before = dict(os.environ)
    nstk.run(recipe)
    nstk.evaluate(recipe, tmp_path / "content.png")
    assert draws() == expected[1]
    assert dict(os.environ) == before


def test_no_generator_is_made_for_the_caller(tmp_path):
    from tensorflow.python.ops import stateful_random_ops

    tf.random.set_global_generator(None)
    nstk.run(testing.recipe(tmp_path))
    assert stateful_random_ops.global_generator is None


@pytest.mark.parametrize("before", [True, False])
def test_graphs_are_rewritten_for_the_caller_as_before(before):
    def option():
        return tf.config.optimizer.get_experimental_options()["disable_meta_optimizer"]

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": before})
    try:
        with prepared():
            assert option()
        assert option() == before
    finally:
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


NUMPY = """
import sys, tensorflow as tf, nstk
from nstk import testing
from pathlib import Path
tf.experimental.numpy.experimental_enable_numpy_behavior()
for name, settings in {settings!r}.items():
    folder = Path(sys.argv[1]) / name
    folder.mkdir()
    nstk.run(testing.recipe(folder, **settings))
"""


@pytest.mark.slow
def test_numpy_behaviour_changes_nothing(tmp_path):
    """It cannot be switched off again, so another process switches it on."""
    lbfgs = {"optimizer": {"use": "lbfgs", "history": 2}, "run_eagerly": True, "average": 0.5}
    settings = {"bands": {**lbfgs, "parametrization": "spectral"}, "tiles": {"optimizer": "adam", "tiles": 64, "size": 80}}
    (tmp_path / "numpy").mkdir()
    code = NUMPY.format(settings=settings)
    subprocess.run([sys.executable, "-c", code, tmp_path / "numpy"], check=True, capture_output=True)
    for name, each in settings.items():
        (tmp_path / name).mkdir()
        plain = nstk.run(testing.recipe(tmp_path / name, **each))
        assert same(tmp_path / "numpy" / name / "out.png", plain.path), name
