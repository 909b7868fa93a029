"""A run and `nstk.testing.check_loss` agree on what state a loss may keep: none that a call brings."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import pytest
import tensorflow as tf
from pydantic import PrivateAttr

import nstk
from nstk import testing


class Plain(nstk.Loss):
    """Squared distance of the picture to the content."""

    name = "plain"
    level: float = 2.0

    def target(self, refs):
        return refs.content["image"]

    def __call__(self, features, target):
        return tf.reduce_mean(tf.square(features["image"] - target)) / self.level


class Remembers(Plain):
    """It keeps its target on itself."""

    def target(self, refs):
        self._target = refs.content["image"]

    def __call__(self, features, target):
        return super().__call__(features, self._target)


class Caches(Plain):
    """It keeps what never changes, in a mapping."""

    _cache: dict[str, float] = PrivateAttr(default_factory=dict)

    def __call__(self, features, target):
        self._cache["level"] = 1.0
        return super().__call__(features, target)


class Late(Plain):
    """It computes a value when it is first asked for."""

    @cached_property
    def half(self):
        return self.level / 2

    def __call__(self, features, target):
        return super().__call__(features, target) * self.half


class Sets(Plain):
    """It sets a key."""

    def __call__(self, features, target):
        self.level = 3.0
        return super().__call__(features, target)


class Sums(nstk.StatisticLoss):
    """It counts its tiles."""

    name = "sums"
    _seen: list[int] = PrivateAttr(default_factory=list)

    def statistic(self, features, maps):
        self._seen.append(1)
        return tf.reduce_sum(features["image"])

    def score(self, statistic, goal):
        return statistic / 1000


class Prepared(Plain):
    """It computes a value from its keys when it is made."""

    _constant = 1.0
    _half: Any = None

    def model_post_init(self, context):
        self._half = self.level / 2

    def __call__(self, features, target):
        return super().__call__(features, target) * self._half * self._constant


STATEFUL = {
    Remembers: r"in target, keeps state: calling it changed `_target` \(test_calling.py:\d+\): what it needs later, it returns",
    Caches: "keeps state: calling it changed `_cache`",
    Late: "keeps state: calling it changed `half`",
    Sets: r"Sets.level cannot be set: a definition keeps no state besides its recipe keys \(test_calling.py:\d+\)",
    Sums: "keeps state: calling it changed `_seen`",
}


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("loss", STATEFUL)
def test_a_run_refuses_state(tmp_path, loss, eager):
    with pytest.raises(nstk.RunError, match=STATEFUL[loss]):
        testing.run_recipe(tmp_path, plugins=[loss], losses={loss.name: None}, run_eagerly=eager)


@pytest.mark.parametrize("loss", STATEFUL)
def test_the_check_refuses_the_same(loss):
    with pytest.raises(AssertionError, match=STATEFUL[loss]):
        testing.check_loss(loss())


def test_tiles_refuse_state(tmp_path):
    with pytest.raises(nstk.RunError, match="keeps state: calling it changed `_seen`"):
        testing.run_recipe(tmp_path, plugins=[Sums], losses={"sums": None}, tiles=64)


@pytest.mark.parametrize("loss", [Plain, Prepared])
def test_what_both_take(tmp_path, loss):
    testing.check_loss(loss())
    assert testing.run_recipe(tmp_path, plugins=[loss], losses={"plain": None}).stopped == "done"
