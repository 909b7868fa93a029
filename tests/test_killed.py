"""A run that is killed, without a word of warning, at any moment, and resumed until it is done.

TensorFlow takes seconds to import, so one process imports it and forks: each run is a child of that.
"""

from __future__ import annotations

import csv
import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

import nstk
from nstk import testing
from nstk.checkpoints.folder import RunFolder
from tests.helpers import same

EVERY = 2
SERVER = """
import os, sys, traceback
import tensorflow, keras, h5py
import nstk.engine

print("ready", flush=True)
for line in sys.stdin:
    command, path = line.split()
    child = os.fork()
    if not child:
        try:
            nstk.run(path) if command == "run" else nstk.resume(path)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Server:
    """Runs and resumes recipes, each in a process of its own."""

    def __init__(self, folder):
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
        self.errors = open(folder / "errors.txt", "w+")  # noqa: SIM115 (closed in close)
        pipe = subprocess.PIPE
        command = [sys.executable, "-c", SERVER]
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=self.errors, text=True, env=environment)
        assert self.process.stdout.readline() == "ready\n"

    def __call__(self, command, path, kill_after=None):
        """The exit code of `nstk.run` or `nstk.resume`, in a child that is killed after some seconds unless it ends before."""
        self.process.stdin.write(f"{command} {path}\n")
        self.process.stdin.flush()
        child = int(self.process.stdout.readline())
        if kill_after is not None and not select.select([self.process.stdout], [], [], kill_after)[0]:
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(child, signal.SIGKILL)
        return int(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()
        self.errors.close()


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path)
    yield made
    made.close()


def logged(picture):
    """The steps in both logs, and their rows without the times; the last row may be torn while a run is broken off."""
    rows = [line.split(",") for line in picture.with_suffix(".csv").read_text().splitlines(keepends=True) if line[-1] == "\n"]
    lines = [line for line in picture.with_suffix(".jsonl").read_text().splitlines(keepends=True) if line[-1] == "\n"]
    events = [json.loads(line) for line in lines]
    return [int(row[0]) for row in rows[1:]], [event["step"] for event in events if event["event"] == "step"]


def whole(picture):
    """The rows of both logs of a run that is done."""
    rows = list(csv.DictReader(picture.with_suffix(".csv").read_text().splitlines()))
    events = [json.loads(line) for line in picture.with_suffix(".jsonl").read_text().splitlines()]
    for row in (*rows, *events):
        row.pop("seconds")
        row.pop("output", None)
    return rows, events


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
@pytest.mark.parametrize("most", [8, pytest.param(50, marks=pytest.mark.slow)])
def test_nothing_is_lost_but_an_interval(most, server, tmp_path):
    settings = {
        "size": 32,
        "pyramid": {"ratio": 1.3, "levels": 2},
        "steps": [9, 8],
        "optimizer": "adam",
        "average": 0.8,
        "run_eagerly": True,
        "losses": {"gram": {"layers": ["image"]}, "content": {"layers": ["image"], "formula": "mean"}},
        "callbacks": {"csv_log": None, "json_log": None, "snapshots": {"every": 5}},
        "checkpoint": {"every": EVERY},
    }
    recipes = {}
    nstk.write_picture(testing.pictures((32, 32)).content, tmp_path / "content.png")
    nstk.write_picture(testing.pictures((32, 32), 1).content, tmp_path / "style.png")
    for name in ("whole", "killed"):
        pictures = {key: str(tmp_path / f"{key}.png") for key in ("content", "style")}
        recipe = testing.recipe(tmp_path, **pictures, output=str(tmp_path / "out" / f"{name}.png"), **settings)
        recipes[name] = tmp_path / f"{name}.yaml"
        recipes[name].write_text(recipe.to_yaml(tmp_path))
    began = time.perf_counter()
    assert server("run", recipes["whole"]) == 0
    seconds = time.perf_counter() - began
    expected, picture = tmp_path / "out" / "whole.png", tmp_path / "out" / "killed.png"
    folder, moment = RunFolder.of(picture), random.Random(0)
    kills = finished = 0
    while kills < most or folder.unfinished or not finished:
        command, path = ("resume", picture) if folder.unfinished else ("run", recipes["killed"])
        code = server(command, path, moment.uniform(0, seconds) if kills < most else None)
        assert code in (0, -signal.SIGKILL), (tmp_path / "errors.txt").read_text()
        kills += code != 0
        if folder.unfinished:
            check_what_is_left(folder, picture)
        elif code == 0:
            finished += 1
            assert same(picture, expected)
            assert whole(picture) == whole(expected)
            assert not folder.path.exists()
            for path in picture.parent.glob("killed*"):
                path.unlink()


def check_what_is_left(folder, picture):
    """After a kill: all checkpoints are whole, no file is broken, and no more is lost than what is between two checkpoints."""
    steps = [folder_at(path).latest().step for path in folder.checkpoints()]
    assert 1 <= len(steps) <= 3  # the third is dropped once the new one is there
    for other in picture.parent.glob("*.png"):
        with Image.open(other) as opened:
            opened.load()
    if picture.with_suffix(".csv").exists() and picture.with_suffix(".jsonl").exists():
        for logged_steps in logged(picture):
            assert logged_steps == list(range(1, len(logged_steps) + 1))
            assert len(logged_steps) - steps[0] <= EVERY


def folder_at(path: Path) -> RunFolder:
    """A folder that knows one checkpoint only."""
    folder = RunFolder(path.parent)
    folder.checkpoints = lambda: [path]  # type: ignore[method-assign]
    return folder
