"""What plugin authors test with: it finds each kind of broken loss, and passes a good one."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import testing

CALLS = []


class Good(nstk.Loss):
    """Squared distance of the picture to the content, on two layers."""

    name = "good"
    level: float = nstk.Field(3.0, gt=0)

    def reads(self):
        return ("image", "block1_conv1")

    def target(self, refs):
        return dict(refs.content)

    def __call__(self, features, target):
        return sum(tf.reduce_mean(tf.square(features[layer] - target[layer])) for layer in self.reads()) / self.level


def broken(**members):
    """A loss like `Good` but for `members`."""
    return type("Broken", (Good,), {"__module__": __name__, "__doc__": "Broken.", "name": "broken", **members})()


def test_a_good_loss_passes():
    testing.check_loss(Good(), zero_at="content")
    testing.check_loss(Good(weight=0, level=2), size=(40, 33))


class Stateful(Good):
    """Remembers."""

    name = "stateful"

    def __call__(self, features, target):
        object.__setattr__(self, "last", 1)
        return super().__call__(features, target)


class Dumpless(Good):
    """Made around its own check."""

    name = "dumpless"
    odd: int = nstk.Field(1, ge=0)


class Split(nstk.StatisticLoss):
    """Its parts do not make the whole."""

    name = "split"

    def statistic(self, features, maps):
        return tf.reduce_sum(features["image"])

    def score(self, statistic, goal):
        return statistic

    def __call__(self, features, target):
        return 2 * super().__call__(features, target)


class Beside(nstk.StatisticLoss):
    """It joins positions of a row, and says nothing of that."""

    name = "beside"

    def statistic(self, features, maps):
        return tf.reduce_sum(features["image"][:, :, 1:] * features["image"][:, :, :-1])

    def score(self, statistic, goal):
        return statistic


def mean(features):
    return tf.reduce_mean(features["image"])


def counted(self, features, target):
    CALLS.append(1)
    return mean(features) * len(CALLS)


def peeping(self, features, target):
    return tf.reduce_mean(features["block2_conv1"])


BROKEN = {
    "a vector": (broken(__call__=lambda s, f, t: tf.reduce_mean(f["image"], (1, 2))), r"returned a tensor of shape \(1, 3\)"),
    "nothing": (broken(__call__=lambda s, f, t: None), "returned nothing: is a `return` missing"),
    "NaN": (broken(__call__=lambda s, f, t: mean(f) * np.nan), "loss `broken` is nan: it must be finite"),
    "no gradient": (broken(__call__=lambda s, f, t: tf.constant(2.0)), "there is no gradient"),
    "a gradient of zero": (broken(__call__=lambda s, f, t: 1 + 0 * mean(f)), "has a gradient of zero everywhere"),
    "a gradient that is NaN": (broken(__call__=lambda s, f, t: mean(f) + tf.sqrt(0 * mean(f))), "a gradient that is NaN"),
    "an exception": (broken(__call__=lambda s, f, t: mean(f) + {}["x"]), r"failed: KeyError: 'x' \(test_testing.py:\d+\)"),
    "no tensor": (broken(__call__=lambda s, f, t: mean(f) * float(mean(f))), "compiled, loss `broken` failed"),
    "a count of its calls": (broken(__call__=counted), "must depend on nothing but the features and the target"),
    "chance": (broken(__call__=lambda s, f, t: mean(f) * tf.random.uniform(())), "for the same picture"),
    "a layer it does not name": (broken(__call__=peeping), r"`block2_conv1` is not among the layers that its reads\(\) names"),
    "a layer there is not": (broken(reads=lambda s: ["conv9"]), r"reads\(\) names 'conv9', which the backbone tiny does not"),
    "a text": (broken(reads=lambda s: "image"), r'reads\(\) returned the text "image": return a list'),
    "its weight": (broken(__call__=lambda s, f, t: s.weight * mean(f)), "uses its own weight"),
    "state": (Stateful(), "keeps state: calling it changed `last`"),
    "an attribute": (broken(__call__=lambda s, f, t: setattr(s, "x", 1)), "a definition keeps no state"),
    "a dump that does not load": (Dumpless.model_construct(odd=-1), "does not survive a dump"),
    "positions that it joins": (Beside(), "let `pointwise` return False if it joins positions"),
    "a statistic of its own": (Split(), "its statistic must be a sum over positions"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_loss_is_told_why(what):
    loss, message = BROKEN[what]
    with pytest.raises(AssertionError, match=message) as caught:
        testing.check_loss(loss)
    assert "\n" not in str(caught.value)


def test_a_loss_that_is_not_zero_is_found():
    with pytest.raises(AssertionError, match="where the picture is the style, not near zero"):
        testing.check_loss(Good(), zero_at="style")


def test_pictures_are_seeded_and_read_only():
    made = testing.pictures((20, 31), seed=4)
    assert made.content.shape == made.styles["style"].shape == (20, 31, 3)
    assert made.content.dtype == np.float32
    assert 0 <= made.content.min() < 60
    assert 200 < made.content.max() <= 255
    assert np.array_equal(made.content, testing.pictures((20, 31), seed=4).content)
    assert not np.array_equal(made.content, testing.pictures((20, 31), seed=5).content)
    assert not np.array_equal(made.content, made.styles["style"])
    with pytest.raises(ValueError, match="read-only"):
        made.content[0] = 0


def test_features_are_those_of_a_run():
    made = testing.pictures((37, 50))
    refs = testing.references(made, ["image", "block2_conv1"])
    assert set(refs.content) == set(refs.styles["style"]) == {"image", "block2_conv1"}
    assert np.array_equal(refs.content["image"][0], made.content)
    assert refs.content["block2_conv1"].shape == (1, 18, 25, 8)
    assert np.array_equal(refs.content["block2_conv1"], testing.features(made.content, ["block2_conv1"])["block2_conv1"])


def test_a_recipe_takes_settings(tmp_path):
    recipe = testing.recipe(tmp_path, steps=9, losses={"tv": None}, callbacks={"csv_log": None})
    assert (recipe.steps, list(recipe.losses), list(recipe.callbacks)) == (9, ["tv"], ["csv_log"])
    assert list(testing.recipe(tmp_path).callbacks) == []
    assert testing.recipe(tmp_path).path == tmp_path / "out.png"


def test_importing_needs_no_tensorflow():
    code = "import sys, nstk.testing.fixtures; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
