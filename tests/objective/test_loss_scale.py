"""float16's gradients are neither lost nor infinite, whatever their size, and what is not finite is not hidden."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import testing
from nstk.machine import device
from nstk.machine.precision import Machine
from nstk.objective import features
from nstk.objective.whole import WholeObjective
from nstk.plugins.backbones.tiny import Tiny
from nstk.plugins.losses.content import Content
from nstk.plugins.losses.gram import Gram
from nstk.plugins.losses.tv import TotalVariation

CALLS: list[int] = []


class Counted(Gram):
    """Counts how often it is evaluated."""

    name = "counted"

    def __call__(self, features, target):
        tf.py_function(lambda: CALLS.append(1), [], [])
        return super().__call__(features, target)


def make(losses, dtype="float16"):
    backbone = Tiny(pooling="average")
    net = features.network(backbone, features.layers_read(backbone, losses), dtype)
    return WholeObjective(net, {loss.name: loss for loss in losses}, testing.pictures((48, 64)), dtype)


PICTURE = testing.pictures((48, 64), seed=1).content


def derive(objective, compiled=False, picture=PICTURE):
    function = tf.function(objective.value_and_grad, autograph=False) if compiled else objective.value_and_grad
    evaluation, gradient = function(features.batch(picture))
    return evaluation, np.asarray(gradient, np.float64)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("weight", [1e-20, 1e-12, 1.0, 1e12, 1e20])
def test_any_gradient_is_that_of_float32(weight, compiled):
    losses = [Gram(weight=weight), TotalVariation(weight=weight)]
    expected, exact = derive(make(losses, "float32"))
    evaluation, gradient = derive(make(losses), compiled)
    assert np.linalg.norm(gradient - exact) < 0.02 * np.linalg.norm(exact)
    assert list(evaluation.losses) == ["gram", "tv"]
    for label, value in expected.losses.items():
        assert float(evaluation.losses[label]) == pytest.approx(float(value), rel=0.01)
    assert float(evaluation.loss) == pytest.approx(float(expected.loss), rel=0.01)


def test_without_a_factor_it_would_be_lost():
    for weight, what in ((1e-12, lambda it: not np.any(it)), (1e20, lambda it: not np.isfinite(it).all())):
        objective = make([Gram(weight=weight)])
        objective.loss_scale = None
        assert what(derive(objective)[1])


def test_the_factor_follows_in_one_evaluation():
    objective = make([Counted(weight=1e-9)])
    CALLS.clear()
    derive(objective)
    assert 2 <= len(CALLS) <= 4
    for shade in (0.9, 0.8, 0.7):
        CALLS.clear()
        derive(objective, picture=PICTURE * shade)
        assert len(CALLS) == 1
    assert float(objective.loss_scale.power) % 1 == 0
    assert float(objective.loss_scale.factor) > 2**20


@pytest.mark.parametrize("compiled", [False, True])
def test_after_a_zero_gradient_the_next_is_right(compiled):
    objective = make([Content()])
    content = testing.pictures((48, 64)).content
    for _ in range(2):
        evaluation, gradient = derive(objective, compiled, content)
        assert float(evaluation.loss) == 0
        assert not np.any(gradient)
    exact = derive(make([Content()], "float32"))[1]
    assert np.linalg.norm(derive(objective, compiled)[1] - exact) < 0.05 * np.linalg.norm(exact)


BREAKING = """
class Breaking(nstk.Loss):
    \"\"\"A value or a gradient that is not finite.\"\"\"
    name = "breaking"
    way: str = ""

    def target(self, refs):
        return refs.content["image"]

    def __call__(self, features, target):
        if self.way == "nan":
            return tf.reduce_mean(features["image"]) * np.nan
        return tf.sqrt(tf.reduce_sum(tf.square(features["image"] - target)))

@nstk.hookimpl
def nstk_losses():
    return [Breaking]
"""


@pytest.mark.parametrize("run_eagerly", [False, True])
@pytest.mark.parametrize(("way", "message"), [("nan", "loss `mine` is nan"), ("root", "the gradient of loss `mine` is NaN")])
def test_infinity_ends_the_run(way, message, run_eagerly, tmp_path, plugin, monkeypatch):
    monkeypatch.setattr(device, "machine", lambda: Machine(gpu=True, capability=(7, 0)))
    losses = {"gram": None, "mine": {"use": "breaking", "way": way}}
    settings = {"precision": "float16", "losses": losses, "run_eagerly": run_eagerly}
    with pytest.raises(nstk.NotFinite, match=f"{message}.* at step 1.*, or `precision: float32`"):
        testing.run_recipe(tmp_path, plugins=[plugin(BREAKING)], **settings)
