"""What is decided before the first step."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from nstk import testing
from nstk.engine.plan import Plan
from nstk.machine import device, memory
from nstk.pictures import original
from tests.helpers import failing


def test_the_outlook_is_what_was_planned(tmp_path):
    run = Plan.of(testing.recipe(tmp_path))
    said, taken = run.outlook, np.ones(5 * 10**8, np.uint8)  # as the network's weights are, which are in the plan already
    assert run.outlook == said
    del taken


def test_auto_is_xla_on_a_gpu_only(tmp_path, monkeypatch):
    recipe = testing.recipe(tmp_path)
    assert recipe.jit == "auto"
    for gpu in (False, True):
        monkeypatch.setattr(device, "has_gpu", lambda gpu=gpu: gpu)
        monkeypatch.setattr(device, "_details", dict)
        assert Plan.of(recipe).jit is gpu


def test_what_earlier_pictures_took_is_free(tmp_path, monkeypatch):
    recipe = testing.recipe(tmp_path, memory="4GB")
    monkeypatch.setattr(memory, "available", lambda: 10**9)
    monkeypatch.setattr(memory, "resident", lambda: 3 * 10**9)
    (layout,) = Plan.of(recipe, ground=10**9).layouts
    assert layout.room == round(device.SHARE * 3 * 10**9)
    (layout,) = Plan.of(recipe).layouts  # the first picture of a process: nothing was taken for others
    assert layout.room == min(round(device.SHARE * 10**9), round(device.BELOW * 4 * 10**9) - 3 * 10**9)


def test_a_plan_takes_no_picture_and_no_network(tmp_path, monkeypatch):
    recipe = testing.recipe(tmp_path, pyramid={"levels": 2})
    monkeypatch.setattr(type(recipe.backbone), "build", failing(AssertionError("a network")))
    monkeypatch.setattr(tf, "Variable", failing(AssertionError("a variable")))
    monkeypatch.setattr(original, "converted", failing(AssertionError("a picture")))
    plan = Plan.of(recipe)
    assert [(scale.width, scale.height) for scale in plan.scales] == [(24, 18), (48, 36)]
    assert len(plan.layouts) == 2
