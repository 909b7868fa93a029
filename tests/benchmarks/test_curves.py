"""Losses over time."""

from __future__ import annotations

import math

import pytest

from benchmarks import curves


def test_time_to_a_loss_is_log_linear():
    curve = [(1.0, 1000.0), (2.0, 100.0), (4.0, 1.0)]
    assert curves.time_to(curve, 100) == 2
    assert curves.time_to(curve, math.sqrt(1000 * 100)) == pytest.approx(1.5)
    assert curves.time_to(curve, 10) == pytest.approx(3)
    assert curves.time_to(curve, 2000) == 1  # it was there by then
    assert curves.time_to(curve, 0.5) is None
    assert curves.time_to([], 1) is None


def test_the_first_time_below_counts():
    assert curves.time_to([(1, 9.0), (2, 4.0), (3, 6.0), (4, 1.0)], 5) < 2


def test_points_go_from_first_to_last():
    for last in (1, 2, 7, 1000):
        points = curves.points(last)
        assert (points[0], points[-1]) == (1, last)
        assert points == sorted(set(points))
    assert len(curves.points(1000)) < 70


def test_a_rhythm_leaves_out_the_warm_up():
    seconds = [10.0, 15.0, 16.0, 17.0, 19.0]
    assert curves.rhythm(seconds, 2) == 1
    assert curves.rhythm(seconds, 0) == 1.5  # the first has nothing before it
    assert curves.rhythm(seconds, 99) == 2  # something is left to measure
    assert curves.rhythm(seconds, 2, [1, 2, 4, 6, 8]) == 0.5
    assert curves.compilation(seconds) == 8.5
