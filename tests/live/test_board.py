"""What a page is shown: it does not grow with the run, and is cheap to tell."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from nstk import Scale, UserError
from nstk.live.board import IDLE, PAINTING, POINTS, Board, Pace, jpeg


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
