"""The step with and without XLA."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import testing
from nstk.machine import device
from nstk.objective.compiled import Compiled
from nstk.registry.registry import Registry
from tests.plugins.losses.samples import FEW

SMALL = {"steps": 2, "losses": {"gram": {"layers": ["block1_conv1"]}, "tv": None}}


HOSTED = """
class Hosted(nstk.Loss):
    \"\"\"Leaves the graph.\"\"\"
    name = "hosted"

    def __call__(self, features, target):
        image = features["image"]
        drawn = tf.numpy_function(lambda: np.float32(3), [], tf.float32)
        return tf.reduce_mean(image) * tf.reshape(drawn, [])

@nstk.hookimpl
def nstk_losses():
    return [Hosted]
"""


def slow(value):
    return pytest.param(value, marks=pytest.mark.slow)


def test_xla_paints_the_same_picture(tmp_path):
    plain, xla = (testing.run_recipe(tmp_path, jit=jit, **SMALL) for jit in (False, True))
    assert np.abs(plain.picture.astype(int) - xla.picture).max() <= 1
    assert '"jit": true' in (tmp_path / "out.run.json").read_text()


def apart(folder, **settings):
    """By how many levels a picture that is painted with XLA differs from one that is painted without it, everywhere."""
    plain, xla = (testing.run_recipe(folder, jit=jit, **{"steps": 3, **settings}) for jit in (False, True))
    return np.abs(plain.picture.astype(int) - xla.picture)


# On a GPU, every step is compiled with XLA, unless the recipe says otherwise.


@pytest.mark.parametrize("optimizer", Registry(installed=False).names("optimizer"))
def test_xla_compiles_every_optimizer(tmp_path, optimizer):
    assert apart(tmp_path, optimizer=optimizer, **SMALL).max() <= 1


@pytest.mark.parametrize("name", ["sliced", *(slow(it) for it in Registry(installed=False).names("loss") if it != "sliced")])
def test_xla_compiles_every_loss(tmp_path, name):
    """Where positions are matched, rounding may choose another one for a few of them."""
    nearly_all, most = 0.995 if name == "contextual" else 1, 8 if name == "self_similarity" else 1
    assert np.quantile(apart(tmp_path, losses={name: FEW.get(name), "tv": None}), nearly_all) <= most


def test_what_xla_cannot_compile_is_told(tmp_path, plugin):
    settings = {"plugins": [plugin(HOSTED)], "losses": {"hosted": None}}
    assert testing.run_recipe(tmp_path, jit=False, **settings).stopped == "done"
    with pytest.raises(
        nstk.RunError, match=r"^XLA cannot compile the step, in loss `hosted` \(.*PyFunc.*\): set `jit: false`$"
    ) as caught:
        testing.run_recipe(tmp_path, jit=True, **settings)
    assert not {"\n", "{", "["} & set(str(caught.value))


def test_auto_goes_on_without_xla(tmp_path, plugin, monkeypatch, caplog):
    settings = {"plugins": [plugin(HOSTED)], "losses": {"hosted": None, "tv": None}}
    plain = testing.run_recipe(tmp_path, jit=False, **settings)
    monkeypatch.setattr(device, "has_gpu", lambda: True)
    monkeypatch.setattr(device, "_details", dict)
    made = testing.run_recipe(tmp_path, jit="auto", **settings)
    np.testing.assert_array_equal(made.picture, plain.picture)
    assert [line for line in caplog.messages if line.startswith("XLA cannot compile the step, in loss `hosted`")]


def test_xla_is_not_blamed_for_other_errors(monkeypatch):
    """Memory that runs out, and whatever a later call raises."""

    raises = [tf.errors.ResourceExhaustedError(None, None, "OOM"), None, tf.errors.InternalError(None, None, "lost")]

    def graph():
        if error := raises.pop(0):
            raise error
        return 7

    call = Compiled(lambda: None, xla=True)
    monkeypatch.setattr(call, "_graph", graph)
    with pytest.raises(tf.errors.ResourceExhaustedError):
        call()
    assert call() == 7
    with pytest.raises(tf.errors.InternalError):
        call()


@tf.custom_gradient
def doubled(x):
    return 2 * x, lambda upstream: 2 * upstream


def test_a_traced_graph_leaves_no_gradient_behind():
    from tensorflow.python.framework.ops import gradient_registry

    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.cond(tf.reduce_sum(x) > 0, lambda: doubled(x), lambda: x)
        return tape.gradient(y, x)

    before = set(gradient_registry.list())
    compiled = Compiled(slope, xla=False)
    assert float(compiled(tf.constant(3.0))) == 2
    assert set(gradient_registry.list()) == before


def test_a_graph_that_draws_is_not_repeatable():
    draws = {
        "uniform": lambda x: x + tf.random.uniform([]),
        "in a branch": lambda x: tf.cond(x > 0, lambda: x + tf.random.normal([]), lambda: x),
        "python": lambda x: tf.py_function(lambda it: it, [x], tf.float32),
    }
    for name, function in {"none": lambda x: 2 * x, **draws}.items():
        compiled = Compiled(function, xla=False)
        compiled(tf.constant(1.0))
        assert compiled.repeatable == (name == "none"), name
