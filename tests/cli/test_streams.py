"""A run whose output is closed, full, slow or gone ends as any other; other commands say that they could not write.

TensorFlow takes seconds to import, so one process imports it and forks: each run is a child of that, with streams of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import pty
import subprocess
import sys
import termios
import time
from contextlib import suppress

import pytest

from tests.cli.samples import ENVIRONMENT, NSTK, RECIPE, begin

pytestmark = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a device that is full")

LOSSES = "losses: {gram: {layers: [image]}}\n"

SERVER = """
import json, os, sys
import tensorflow, keras, h5py
import nstk.engine
from nstk.cli import main

def stream(number):  # as Python does it when it starts
    try:
        os.fstat(number)
    except OSError:
        return None
    return open(number, "w", closefd=False, errors="backslashreplace", buffering=1)

print("ready", flush=True)
for line in sys.stdin:
    arguments, out, err = json.loads(line)
    child = os.fork()
    if not child:
        os.close(0)
        for number, name in ((1, out), (2, err)):
            os.close(number)
            if name is not None:
                handle = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_NOCTTY)
                os.dup2(handle, number)
        os.closerange(3, 50)
        sys.stdout, sys.stderr = stream(1), stream(2)
        code = 70
        try:
            main(arguments)
        except SystemExit as stop:
            code = stop.code
        for last in (sys.stdout, sys.stderr):
            try:
                last and last.flush()
            except OSError:
                code = 120
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = begin(tmp_path_factory.mktemp("streams"))
    callbacks = "callbacks: {progress: , csv_log: , snapshots: {every: 4}}\ncheckpoint: {every: 3}\n"
    recipe = RECIPE.replace("steps: 3", "steps: 8")
    (folder / "recipe.yaml").write_text(f"{recipe}optimizer: adam\nrun_eagerly: true\n{callbacks}{LOSSES}")
    return folder


@pytest.fixture(scope="module")
def painted(folder):
    """Paints in a child whose streams lead to these files, or are closed; returns exit code, pictures and log."""
    command = [sys.executable, "-c", SERVER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": folder}
    with subprocess.Popen(command, **pipes, env=ENVIRONMENT) as server:
        assert server.stdout.readline() == "ready\n"

        def paint(name, out, err, *more):
            server.stdin.write(json.dumps([["run", "recipe.yaml", "-o", f"{name}.png", *more], out, err]) + "\n")
            server.stdin.flush()
            code = int(server.stdout.readline())
            rows = [line.split(",") for line in (folder / f"{name}.csv").read_text().splitlines()]
            pictures = [folder / f"{name}{it}.png" for it in ("", "-00004", "-00008")]
            hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in pictures]
            return code, hashes, [[*row[:2], *row[3:]] for row in rows]  # without the seconds

        yield paint
        server.stdin.close()


@pytest.fixture(scope="module")
def expected(painted, folder):
    (folder / "said.txt").touch()
    (folder / "shown.txt").touch()
    ended = painted("whole", "said.txt", "shown.txt")
    assert (folder / "said.txt").read_text() == f"{folder}/whole.png\n"
    assert "step 8/8: loss" in (folder / "shown.txt").read_text()
    assert ended[0] == 0
    return ended


@pytest.mark.parametrize(
    ("out", "err"),
    [(None, None), ("/dev/full", "/dev/full"), ("said.txt", None), ("/dev/full", "said.txt")],
)
def test_closed_or_full(out, err, painted, expected):
    assert painted("other", out, err) == expected


def test_the_path_that_is_not_written_is_said(painted, expected, folder):
    (folder / "errors.txt").touch()
    painted("other", "/dev/full", "errors.txt", "-q")
    said = (folder / "errors.txt").read_text()
    assert said == f"warning: cannot write to the output (No space left on device), but {folder}/other.png is painted\n"


@pytest.fixture
def pipe(folder):
    """A pipe by name, which takes nothing more, and nobody reads."""
    os.mkfifo(folder / "pipe")
    ours = os.open(folder / "pipe", os.O_RDWR | os.O_NONBLOCK)
    with suppress(BlockingIOError):
        while True:
            os.write(ours, b"." * 4096)
    yield ours
    os.close(ours)
    (folder / "pipe").unlink()


def test_a_reader_who_is_slow(pipe, painted, expected):
    began = time.perf_counter()
    assert painted("other", "pipe", "pipe") == expected
    assert time.perf_counter() - began < 20


def test_a_terminal_that_is_stopped(painted, expected):
    ours, theirs = pty.openpty()
    termios.tcflow(theirs, termios.TCOOFF)
    assert painted("other", os.ttyname(theirs), os.ttyname(theirs)) == expected
    os.close(theirs)
    os.close(ours)


def test_a_reader_who_leaves(folder, expected):
    """A process of its own, as the shell starts it: `nstk run ... 2>&1 | head -1`."""
    command = [*NSTK, "run", "recipe.yaml", "-o", "left.png", "callbacks.progress="]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "cwd": folder, "env": ENVIRONMENT}
    with subprocess.Popen(command, **streams) as process:
        assert b"8 steps on CPU" in process.stdout.readline()
        process.stdout.close()
        assert process.wait(60) == 0
    assert hashlib.sha256((folder / "left.png").read_bytes()).hexdigest() == expected[1][0]


def shell(line, folder):
    quoted = line.replace("nstk", f"{sys.executable} -m nstk", 1)
    done = subprocess.run(["bash", "-c", quoted], capture_output=True, text=True, cwd=folder, env=ENVIRONMENT, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("line", "why", "unbuffered"),
    [
        ("nstk schema >/dev/full", "No space left on device", ""),
        ("nstk show recipe.yaml >/dev/full", "No space left on device", "1"),
        ("nstk --help >&-", "Bad file descriptor", ""),
    ],
)
def test_other_commands_say_so(line, why, unbuffered, folder, monkeypatch):
    monkeypatch.setitem(ENVIRONMENT, "PYTHONUNBUFFERED", unbuffered)
    assert shell(line, folder) == (1, f"error: cannot write to the output ({why}): give it another place\n")


def test_a_mistake_that_nobody_hears(folder):
    assert shell("nstk show nope 2>/dev/full", folder) == (2, "")
    assert shell("nstk check recipe.yaml <&- >&- 2>&-", folder) == (1, "")


def test_no_log_line_lands_in_a_file(folder):
    """Without a terminal, the next file that is opened would be the error stream."""
    code = (
        "from nstk.cli.streams import reserve; reserve(); f = open('data.txt', 'w+'); "
        "import os, sys; print('log', file=sys.stderr) if f.fileno() > 2 else f.write('taken')"
    )
    done = subprocess.run(["bash", "-c", f'{sys.executable} -c "{code}" >&- 2>&-'], cwd=folder, env=ENVIRONMENT, check=False)
    assert (folder / "data.txt").read_text() == ""
    assert done.returncode == 120  # that stream is closed, as it was


@pytest.mark.parametrize("command", ["run louvre", "recipes"])
def test_there_is_no_working_directory(command, tmp_path):
    code, said = shell(f"mkdir gone; cd gone; rmdir ../gone; nstk {command}", tmp_path)
    assert code == 2
    assert said.endswith("error: the working directory is gone, or may not be read: `cd` to another one\n")
