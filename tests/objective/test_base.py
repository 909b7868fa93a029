"""The weighted sum of the losses: which loss is named where one is broken, and targets that give way to others."""

from __future__ import annotations

import re

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import testing
from nstk.objective.features import layers_read, network
from nstk.objective.whole import WholeObjective
from nstk.plugins.backbones.tiny import Tiny
from nstk.plugins.losses.content import Content

BROKEN = """
class Broken(nstk.Loss):
    \"\"\"Breaks in a chosen way.\"\"\"
    name = "broken"
    way: str = ""

    def target(self, refs):
        return refs.content["block1_conv1"] if self.way == "target" else refs.content["image"]

    def __call__(self, features, target):
        mean = tf.reduce_mean(features["image"])
        if self.way == "vector":
            return tf.reduce_mean(features["image"], (1, 2))
        if self.way == "reads":
            return tf.reduce_mean(features["block1_conv1"])
        if self.way == "python":
            return mean + undefined_name
        if self.way == "runtime":
            return tf.debugging.check_numerics(tf.where(mean >= 0, np.nan, -mean), "too bright")
        return tf.constant(1.0)

@nstk.hookimpl
def nstk_losses():
    return [Broken]
"""


def broken(tmp_path, plugin, way, others, **settings):
    losses = {**others, "mine": {"use": "broken", "way": way}}
    return testing.run_recipe(tmp_path, plugins=[plugin(BROKEN)], losses=losses, **settings)


@pytest.mark.parametrize("run_eagerly", [False, True])
@pytest.mark.parametrize(
    ("way", "message", "line"),
    [
        ("vector", r"loss `mine` \(Broken\) returned a tensor of shape \(1, 3\): return a scalar.*", "def __call__"),
        (
            "reads",
            r"loss `mine` failed: .*`block1_conv1` is not among the layers that its reads\(\) names: image",
            'features["block1',
        ),
        ("target", r"loss `mine`, in target, failed: .*`block1_conv1` is not among the layers .*", "refs.content["),
        ("python", r"loss `mine` failed: NameError: name 'undefined_name' is not defined", "undefined_name"),
        ("runtime", r".*too bright.*", "too bright"),
    ],
    ids=lambda value: value if value in ("vector", "reads", "target", "python", "runtime") else "",
)
def test_a_broken_loss_is_named_with_its_line(way, message, line, run_eagerly, tmp_path, plugin):
    with pytest.raises(nstk.RunError) as caught:
        broken(tmp_path, plugin, way, {"gram": {"weight": 1e-3}}, run_eagerly=run_eagerly)
    source = (tmp_path / "mine.py").read_text()
    number = 1 + source[: source.index(line)].count("\n")
    assert re.fullmatch(rf"{message} \(mine.py:{number}\)", str(caught.value))
    assert "loss `mine`" in str(caught.value)
    assert not (tmp_path / "out.png").exists()  # nothing was painted, so an earlier result would have been lost


def test_losses_blind_to_the_picture_are_named(tmp_path, plugin):
    with pytest.raises(nstk.RunError, match=r"none of the losses \(mine\) depends on the picture"):
        broken(tmp_path, plugin, "constant", {})


def test_targets_give_way_to_others_for_a_while():
    losses = {"content": Content(layers=["block1_conv2"])}
    net = network(Tiny(), layers_read(Tiny(), losses.values()))
    one, other = (WholeObjective(net, losses, testing.pictures((36, 48), seed)) for seed in (0, 1))
    picture = tf.constant(testing.pictures((36, 48), 2).content[np.newaxis])
    expected, own = float(other.evaluate(picture).loss), float(one.evaluate(picture).loss)
    with one.compared_with(other.target_tensors):
        assert float(one.evaluate(picture).loss) == expected != own
    assert float(one.evaluate(picture).loss) == own
    assert one.other_targets == other.other_targets
