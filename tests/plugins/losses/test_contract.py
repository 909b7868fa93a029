"""What every loss and every formula has to hold."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import tensorflow as tf

from nstk import testing
from nstk.api import References, StatisticLoss
from nstk.objective.features import layers_read, network
from nstk.objective.sums import added
from nstk.objective.whole import WholeObjective
from nstk.plugins.losses.content import Content
from nstk.plugins.losses.gram import Gram
from nstk.plugins.losses.moments import Moments
from nstk.plugins.losses.sliced import Sliced
from nstk.plugins.losses.tv import TotalVariation
from nstk.registry.registry import Registry
from tests.plugins.losses.samples import FEW, FORMULAS, LAYERS, WITH_SCALED, close, rows, value

ZERO_AT = {
    "content": "content",
    "contextual": "style",
    "gram": "style",
    "laplacian": "content",
    "moments": "style",
    "mrf": "style",
    "nearest": "style",
    "photoreal": "content",
    "remd": "style",
    "self_similarity": "content",
    "sliced": "style",
    "wasserstein": "style",
}
"""Where a loss is zero; one that is not listed has no such picture."""


@pytest.mark.parametrize("name", Registry(installed=False).names("loss"))
def test_the_contract_of_every_loss(name):
    loss = Registry(installed=False).get("loss", name)(weight=2, **FEW.get(name, {}))
    testing.check_loss(loss, zero_at=ZERO_AT.get(name))
    if isinstance(loss, StatisticLoss):
        testing.check_loss(loss, size=(33, 47), zero_at=ZERO_AT.get(name))


@pytest.mark.parametrize(
    ("cls", "formula"),
    [*product([Content, Gram], WITH_SCALED), *product([TotalVariation], FORMULAS)],
)
def test_the_contract_of_every_formula(cls, formula):
    testing.check_loss(cls(formula=formula), zero_at=ZERO_AT.get(cls.name))


@pytest.mark.parametrize(
    "loss",
    [
        *(Registry(installed=False).get("loss", name)(**FEW.get(name, {})) for name in Registry(installed=False).names("loss")),
        *(Gram(shift=-1, formula="scaled"), Gram(chains=True), Moments(formula="absolute")),
        *(TotalVariation(formula="means", stencil=stencil) for stencil in ("cross", "nine")),
    ],
    ids=lambda loss: loss.name,
)
def test_no_three_gradients_are_added_in_any_order(loss):
    """TensorFlow adds three tensors in an order that changes from step to step, where two have only one sum."""
    net = network(testing.samples.tiny(), layers_read(testing.samples.tiny(), [loss]))
    objective = WholeObjective(net, {loss.name: loss}, testing.pictures((33, 47)))
    traced = tf.function(objective.value_and_grad, autograph=False).get_concrete_function(tf.zeros((1, 33, 47, 3)))
    sums = [it for it in traced.graph.get_operations() if it.type == "AddN" and len(it.inputs) > 2]
    # The network takes the colours apart: three gradients that do not overlap, of which any sum is the same.
    colours = [
        it
        for it in sums
        if it.outputs[0].shape == (1, 33, 47, 3) and {one.op.type for one in it.inputs} == {"StridedSliceGrad"}
    ]
    assert [it.name for it in sums if it not in colours[:1]] == []


@pytest.mark.parametrize("loss", [Content(layers=["a"]), Gram(layers=["a"]), Moments(layers=["a"]), Sliced(layers=["a"])])
def test_a_silent_layer_is_finite(loss):
    silent = {"a": tf.zeros((1, 4, 5, 2))}
    assert value(loss, silent, References(silent, {"style": silent})) == 0
    assert np.isfinite(value(loss, {"a": tf.ones((1, 4, 5, 2))}, References(silent, {"style": silent})))


@pytest.mark.parametrize(
    "loss",
    [
        Content(layers=LAYERS),
        Content(layers=LAYERS, formula="scaled"),
        Gram(layers=LAYERS),
        Moments(layers=LAYERS),
        Sliced(layers=LAYERS),
    ],
    ids=lambda loss: loss.name,
)
def test_statistics_of_halves_add_up(loss, features, refs):
    whole, parts = slice(None), [slice(None, 14), slice(14, None)]  # the same row of every layer is an even share of it
    sums = [
        lambda at: loss.statistic(rows(features, at), loss.maps(rows(refs.content, at))),
        lambda at: loss.of_content(rows(refs.content, at)),
        lambda at: loss.of_style(rows(refs.styles["style"], at)),
    ]
    for of in sums:
        close(added(*map(of, parts)), of(whole))
