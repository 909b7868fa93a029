"""How fast a run is, from what was measured."""

from __future__ import annotations

import itertools

import pytest
import tensorflow as tf

import nstk
from nstk.engine.pace import CLOSING, FORWARD, MARGIN, PASSES, SET_UP, TARGETS, Pace

SMALL, LARGE = nstk.Scale(0, 100, 50, 40), nstk.Scale(1, 200, 100, 24)


def test_a_run_begins_with_the_time_of_a_forward_pass():
    times = itertools.chain.from_iterable(
        (it, it + took) for it, took in zip(range(0, 90, 10), [3.0, 0.5, 2.0, 1.0], strict=False)
    )
    looked: list[tuple[int, ...]] = []

    def network(image):
        looked.append(tuple(image.shape))
        return {"image": tf.identity(image)}

    pace = Pace()
    pace.probe(network, SMALL, lambda: next(times))
    assert looked == [(1, 50, 100, 3)] * PASSES
    assert pace.step(SMALL) == pytest.approx(FORWARD * 0.5)
    assert pace.step(LARGE) == pytest.approx(4 * FORWARD * 0.5)
    assert pace.set_up(SMALL) == pytest.approx(SET_UP + TARGETS * pace.step(SMALL))


def test_steps_tell_of_larger_ones():
    pace = Pace()
    pace.begun(SMALL, 7.0)
    pace.moved(1.0)
    assert pace.step(SMALL) == 1.0
    assert pace.step(LARGE) == pytest.approx(4 * MARGIN)
    assert pace.set_up(LARGE) == pytest.approx(7 - TARGETS + TARGETS * 4 * MARGIN)
    assert pace.closing(LARGE) == pytest.approx(CLOSING * 4 * MARGIN)
    pace.begun(LARGE, 20.0)
    pace.moved(5.0)
    assert pace.step(LARGE) == 5.0


def test_a_machine_that_is_busy_for_a_while():
    """The next steps are expected to be slow too, those of another scale less so."""
    pace = Pace()
    pace.begun(SMALL, 7.0)
    near, far = [], []
    for seconds in [1.0] * 6 + [3.0] * 6 + [1.0] * 6:
        pace.moved(seconds)
        near.append(pace.step(SMALL))
        far.append(pace.step(LARGE) / (4 * MARGIN))
    assert [near[5], near[11], near[17]] == pytest.approx([1, 3, 1])
    assert [far[5], far[11], far[17]] == pytest.approx([1, 2, 5 / 3])
