"""What a page is shown: it does not grow with the run, and is cheap to tell."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from nstk import Scale, UserError
from nstk.live.board import IDLE, PAINTING, PAUSED, PAUSING, POINTS, Board, Pace, jpeg
from nstk.live.onlooker import onlooker


def run_of(*scales):
    return SimpleNamespace(scales=scales, total_steps=sum(it.steps for it in scales), recipe=SimpleNamespace(changes=[]))


def test_ten_hours_of_steps_take_no_more_room_than_ten_minutes():
    board, scale = Board(), Scale(0, 64, 48, 200_000)
    board._told["changes"] = []
    run = run_of(scale)
    for index in range(1, 200_001):
        board.step(run, SimpleNamespace(index=index, scale=scale, seconds=index / 5, losses={"gram": 1 / index}), None)
    state = board.state()
    assert len(state["points"]) <= POINTS
    steps = [it["step"] for it in state["points"]]
    assert steps == sorted(steps)
    assert steps[0] == 1
    assert steps[-1] == 200_000
    assert max(np.diff(steps)) <= 2 * 200_000 / (POINTS / 2)


def test_a_page_is_told_what_is_new():
    board, scale = Board(), Scale(0, 64, 48, 3)
    board._told["changes"] = []
    seen = board.state()["version"]
    for index in (1, 2, 3):
        board.step(run_of(scale), SimpleNamespace(index=index, scale=scale, seconds=index, losses={"gram": index}), None)
    news = board.news(seen)
    assert [it["gram"] for it in news["points"]] == [1, 2, 3]
    assert board.news(news["version"])["points"] == []
    assert news["status"] == PAINTING


def test_nothing_can_be_asked_where_nothing_is_painted():
    board = Board()
    assert board.state()["status"] == IDLE
    for ask in (lambda: board.pause(True), lambda: board.stop("enough"), lambda: board.change({}), board.photograph):
        with pytest.raises(UserError, match="no picture is being painted"):
            ask()


@pytest.mark.parametrize("told_last", [0.0, math.inf])
def test_a_pause_that_comes_while_a_step_is_told(told_last):
    """It is heeded after the next step, and the page says so: a run that is held says no longer that it will be."""
    board, scale, told = Board(), Scale(0, 64, 48, 9), []
    board._told |= {"changes": [], "picture": 0}
    board._run, board.viewers = run_of(scale), 1
    run = run_of(scale)
    run.image = lambda: board.pause(True) or np.zeros((4, 4, 3), np.float32)  # the page asks while the picture is made
    run.pause = lambda held: told.append((held(), board.state()["status"], board.state()["step"]))
    watching = onlooker(board)
    watching.pace, watching.scale_index, watching.numbers, watching.pictures, watching.cost = Pace(), 0, told_last, 0.0, 0.0
    for index in (1, 2):
        watching.on_step(run, SimpleNamespace(index=index, scale=scale, seconds=index, losses={"gram": index}))
        if index == 1:
            assert (board.state()["status"], told) == (PAUSING, [])
    assert told == [(True, PAUSED, 2)]
    for asked in (False, True):  # the page goes on and pauses again before the run has noticed
        board.pause(asked)
    assert (board.holds(), board.state()["status"]) == (True, PAUSED)
    board.pause(False)
    assert (board.holds(), board.state()["status"]) == (False, PAINTING)


def test_the_time_that_is_left(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("nstk.live.board.time.perf_counter", lambda: now[0])
    small, large = Scale(0, 100, 100, 10), Scale(1, 200, 200, 5)
    run, pace = run_of(small, large), Pace()
    assert pace.left(run, SimpleNamespace(index=1, scale=small)) is None
    now[0] = 4.0
    assert pace.left(run, SimpleNamespace(index=3, scale=small)) == pytest.approx(2.0 * (7 + 5 * 4))


def test_large_pictures_are_sent_small():
    from io import BytesIO

    from PIL import Image

    with Image.open(BytesIO(jpeg(np.zeros((900, 3000, 3), np.float32), 1280))) as made:
        assert made.size == (1280, 384)
