"""`balance`: how far photograph and painting pull, whatever the losses, their weights and the size."""

from __future__ import annotations

import numpy as np
import pytest

import nstk
from nstk import testing
from nstk.engine.balance import EVEN, factors, gradient_of
from nstk.engine.evaluation import computed
from nstk.engine.inputs import content_at, noisy
from nstk.engine.kept import Kept
from nstk.objective.features import batch

SUMS = {
    "content": {"formula": "gatys", "weight": 3.0},
    "gram": {"formula": "gatys", "weight": 1e-3},
    "tv": {"weight": 0.1},
}
"""Losses whose gradients grow with the picture, each at its own rate."""


def ratio(recipe, width, height, balance):
    """How many times as long the gradient of the style is at a size, once the weights are balanced."""
    content = content_at(recipe, width, height)

    def measured(objective):
        objective.reweigh(factors(objective, balance, content, recipe.seed))
        image, sides = batch(noisy(content, recipe.seed)), ({}, {})
        for label, loss in objective.losses.items():
            if loss.sees_style or loss.holds_content:
                sides[loss.sees_style][label] = loss
        holding, painting = (np.linalg.norm(gradient_of(objective, image, side)) for side in sides)
        return painting / holding

    return computed(recipe, (height, width), Kept(), measured)


@pytest.mark.parametrize(("losses", "balance"), [({}, 20), ({"losses": SUMS}, 60)], ids=["default", "sums"])
def test_it_means_the_same_at_every_size_and_for_any_losses(tmp_path, losses, balance):
    recipe = testing.recipe(tmp_path, backbone="vgg19", **losses)
    for width, height in ((48, 36), (128, 96)):
        assert ratio(recipe, width, height, balance) == pytest.approx(EVEN * balance / (100 - balance), rel=0.1)


def test_its_ends_are_the_photograph_and_the_painting_alone(tmp_path):
    recipe = testing.recipe(tmp_path)
    content = content_at(recipe, 48, 36)
    for balance, ended in ((0, {"wasserstein", "colour", "tv"}), (100, {"content"})):
        by = computed(recipe, (36, 48), Kept(), lambda objective, it=balance: factors(objective, it, content, 0))
        assert {label for label, factor in by.items() if factor == 0} == ended


def test_a_run_paints_less_of_the_painting_and_explains_itself(tmp_path):
    def off(balance):
        made = testing.run_recipe(tmp_path, balance=balance, output=False)
        return np.abs(made.picture.astype(float) - nstk.read_picture(tmp_path / "content.png")).mean()

    assert off(0) < 0.5  # no more than whole levels are off for
    assert off(0) < off(10) < off(90)
    shares = nstk.explain(testing.recipe(tmp_path, balance=90)).pictures[0].losses
    held = {label: it.share_of_gradient for label, it in shares.items()}
    assert held["wasserstein"] + held["colour"] > EVEN * held["content"]
