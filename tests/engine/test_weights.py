"""A loss whose weight depends on the scale, from the first step to what is saved."""

from __future__ import annotations

import csv

import numpy as np
import pytest

import nstk
from nstk import testing
from nstk.engine.estimate import estimate_in_words
from nstk.engine.plan import Plan

LIGHT = {"gram": {"layers": ["image"]}, "content": {"layers": ["image"], "formula": "mean"}}
SETTINGS = {"size": 48, "pyramid": {"levels": 2}, "steps": [2, 2], "run_eagerly": True, "init": "noise", "optimizer": "adam"}


def paint(folder, content, **settings):
    """Paint with these weights of the content."""
    losses = {**LIGHT, "content": {**LIGHT["content"], "weight": content}}
    return testing.run_recipe(folder, **{**SETTINGS, "losses": losses, "checkpoint": False, **settings})


def column(made, label, scale):
    return [row[label] for row in made.history if row["scale"] == scale]


def test_each_scale_has_its_own_weight(tmp_path):
    first, both = paint(tmp_path, 4.0), paint(tmp_path, [4, 0.5], output=str(tmp_path / "both.png"))
    assert column(both, "content", 0) == column(first, "content", 0)
    judged = nstk.evaluate(tmp_path / "both.recipe.yaml", both.path)
    assert judged["weights"] == {"gram": 1, "content": 0.5}
    assert judged["losses"] == pytest.approx(both.losses, rel=5e-3)  # the picture was rounded to 8 bits


def test_from_one_weight_to_another(tmp_path):
    """By the same factor: 16, 4, 1."""
    settings = {"pyramid": {"levels": 3, "ratio": 1.2}, "steps": 3}
    listed = paint(tmp_path, [16, 4, 1], **settings)
    told = paint(tmp_path, {"start": 16, "end": 1}, output=str(tmp_path / "told.png"), **settings)
    np.testing.assert_array_equal(told.picture, listed.picture)
    saved = nstk.load_recipe(tmp_path / "told.recipe.yaml")
    assert saved.to_plain()["losses"]["content"]["weight"] == {"start": 16, "end": 1}


def test_a_scale_without_a_loss(tmp_path):
    """The loss is not computed there, and the network is not run for it; logs have a 0."""
    losses = {"gram": {"layers": ["image"]}, "content": {"layers": ["block3_conv1"], "weight": [0, 1]}}
    made = testing.run_recipe(tmp_path, **{**SETTINGS, "losses": losses, "callbacks": {"csv_log": None}})
    assert column(made, "content", 0) == [0, 0]
    assert min(column(made, "content", 1)) > 0
    with (tmp_path / "out.csv").open() as file:
        assert [float(row["content"]) > 0 for row in csv.DictReader(file)] == [False, False, True, True]
    plan = Plan.of(testing.recipe(tmp_path, **{**SETTINGS, "losses": losses}))
    coarse, fine = (layout.needs for layout in plan.layouts)
    assert coarse < plan.footprint.layout(plan.scales[0], "off", 0).needs
    assert fine == plan.footprint.layout(plan.scales[1], "off", 0).needs


def test_a_session_tells_weights_apart(tmp_path):
    with nstk.Session() as session:
        for weight in ([4, 1], [2, 1]):
            losses = {**LIGHT, "content": {**LIGHT["content"], "weight": weight}}
            settings = {**SETTINGS, "run_eagerly": False, "losses": losses, "output": False, "checkpoint": False}
            made = session.run(testing.recipe(tmp_path, **settings))
        alone = paint(tmp_path, weight, run_eagerly=False)
    np.testing.assert_array_equal(made.picture, alone.picture)


@pytest.mark.parametrize("at", [1, 3])
def test_a_resumed_run_has_the_same_weights(at, tmp_path, plugin):
    path = plugin(
        f"""
        class Stop(nstk.Callback):
            name = "stop"

            def on_step(self, run, step):
                if step.index == {at} and not run.resumed:
                    run.stop("interrupted")

        @nstk.hookimpl
        def nstk_callbacks():
            return [Stop]
        """
    )
    whole = paint(tmp_path, [0, 3], output=str(tmp_path / "whole.png"))
    broken = {"checkpoint": {"every": 1}, "plugins": [path], "callbacks": {"stop": None}}
    assert paint(tmp_path, [0, 3], **broken).stopped == "interrupted"
    made = nstk.resume(tmp_path / "out.png", trust=True)
    np.testing.assert_array_equal(made.picture, whole.picture)
    assert made.history == whole.history


def test_tiles_have_the_weight_of_their_scale(tmp_path):
    settings = {"size": 96, "steps": [1, 1], "backbone": "tiny", "losses": {"content": {"weight": [0, 3]}, "gram": None}}
    whole, tiled = (testing.run_recipe(tmp_path, **{**SETTINGS, **settings, "tiles": tiles}) for tiles in ("off", 64))
    assert tiled.losses == pytest.approx(whole.losses, rel=1e-3)


def test_an_estimate_of_weights_by_scale(tmp_path):
    losses = {**LIGHT, "content": {**LIGHT["content"], "weight": [0, 3]}}
    _, lines = estimate_in_words(testing.recipe(tmp_path, **{**SETTINGS, "losses": losses}))
    assert len(lines) == 3


def test_check_loss_takes_weights_by_scale():
    from nstk.plugins.losses.content import Content

    testing.check_loss(Content(layers=["block1_conv1"], weight=[2, 1]), zero_at="content")
