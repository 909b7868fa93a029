"""Series on workers, as real processes: who is killed, who is interrupted, who comes back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from PIL import Image

from tests.cli.samples import ENVIRONMENT, NSTK

DASK = sys.executable, "-m", "dask"
PLUGIN = (
    "import nstk\nimport beside\n\nclass Loud(nstk.Callback):\n    '''Writes a file.'''\n    name = 'loud'\n\n"
    "    def on_start(self, run):\n        if run.recipe.seed == 2:\n            raise ValueError('no twos')\n"
    "        run.beside('{name}.txt').write_text(beside.WORDS)\n\n@nstk.hookimpl\ndef nstk_callbacks():\n    return [Loud]\n"
)


def start(words: list[str], log: str) -> subprocess.Popen[bytes]:
    with Path(log).open("ab") as file:
        return subprocess.Popen(words, stdout=file, stderr=file, env=ENVIRONMENT)


def until(what: Callable[[], object], process: subprocess.Popen[bytes], log: str, limit: float = 200) -> None:
    begin = time.monotonic()
    while not what():
        assert process.poll() is None, Path(log).read_text()
        assert time.monotonic() - begin < limit, Path(log).read_text()
        time.sleep(0.05)


def pictures(folder: str = "out") -> dict[str, Path]:
    return {it.name: it for it in Path(folder).glob("*.png") if it.name != "sheet.png"}


@pytest.mark.slow
def test_workers_of_this_machine(folder):
    """Plugins travel with what they import; what callbacks write comes back; a failure holds up nothing; nothing is twice."""
    (folder / "loud.py").write_text(PLUGIN)
    (folder / "beside.py").write_text("WORDS = 'here'\n")
    words = ["sweep", "recipe.yaml", "--vary", "seed=1,2,3", "size=32", "steps=2", "run_eagerly=true", "pyramid=false"]
    words += ["-p", "loud.py", "callbacks.loud=", "--no-scores", "--workers", "1", "-o", "out"]
    said = subprocess.run([*NSTK, *words], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert said.returncode == 1, said.stderr
    assert "painted by 1 worker on this machine" in said.stderr
    (line,) = [line for line in said.stderr.splitlines() if line.startswith("failed: ")]
    assert line.startswith("failed: out/seed-2.png: callback `loud`")
    assert "no twos" in line
    assert sorted(pictures()) == ["seed-1.png", "seed-3.png"]
    assert (folder / "out/seed-1.txt").read_text() == "here"
    assert not [*Path("out").glob("*.run")]
    again = subprocess.run([*NSTK, *words], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert again.stderr.count("there already") == 2
    alone = [*NSTK, "run", "out/seed-3.recipe.yaml", "-p", "loud.py", "--trust", "-o", "alone.png", "-q"]
    assert subprocess.run(alone, env=ENVIRONMENT, check=False).returncode == 0
    assert Path("alone.png").read_bytes() == Path("out/seed-3.png").read_bytes()


@pytest.fixture
def cluster(folder) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts a scheduler or a worker of Dask's, as processes that end with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(what: str) -> subprocess.Popen[bytes]:
        known = Path("scheduler.json").exists()
        options = ["--nthreads", "1", "--memory-limit", "0"] if what == "worker" else ["--port", "0"]
        process = start([*DASK, what, "--scheduler-file", "scheduler.json", "--no-dashboard", *options], f"{what}.log")
        started.append(process)
        if what == "scheduler" and not known:
            until(Path("scheduler.json").exists, process, f"{what}.log")
        return process

    yield begin
    for process in started:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL for a process and those that it has started."""
    if process.poll() is None:
        for it in [*psutil.Process(process.pid).children(recursive=True), process]:
            it.kill()
        process.wait()


def test_the_scheduler_may_go_in_between():
    from distributed.comm import CommClosedError

    from nstk.cluster.crew import Crew

    def gone(*_, **__):
        raise CommClosedError

    client = SimpleNamespace(scheduler=SimpleNamespace(address="tcp://127.0.0.1:1"), nthreads=gone, cancel=gone)
    ended = []
    crew = Crew(client, lambda job, share: None, lambda job, returned: ended.append(returned.outcome))
    assert crew._sharers() == 1
    crew.stopping = True
    crew._at_work["key"] = SimpleNamespace(key="key", job=None, future=None, place=SimpleNamespace(leave=lambda: None))
    crew._again(crew._at_work["key"], "it is gone")
    assert ended == ["interrupted"]


@pytest.mark.slow
def test_a_worker_the_scheduler_and_the_command_are_killed(folder, cluster):
    """The same command ends with twelve right pictures, nothing twice, nothing half-written."""
    Image.effect_mandelbrot((256, 192), (-2, -1.2, 1, 1.2), 60).convert("RGB").save("photo.jpg")
    words = ["sweep", "recipe.yaml", "--vary", "seed=1,2,3,4,5,6", "--vary", "losses.content.weight=1,2", "backbone=vgg19"]
    words += ["size=256", "steps=[16,12]", "checkpoint.every=2s", "--no-scores", "--scheduler-file", "scheduler.json"]
    scheduler, workers = cluster("scheduler"), [cluster("worker"), cluster("worker")]
    command = start([*NSTK, *words, "-o", "out"], "first.log")
    until(lambda: len(pictures()) >= 1, command, "first.log")
    kill(workers[0])
    until(lambda: len(pictures()) >= 3, command, "first.log")
    kill(scheduler)
    until(lambda: "does not answer" in Path("first.log").read_text(), command, "first.log")
    kill(command)

    whole = {name: path.stat().st_mtime_ns for name, path in pictures().items()}
    for path in pictures().values():
        with Image.open(path) as picture:
            picture.load()
            assert picture.size == (256, 192)
    assert 3 <= len(whole) < 12
    os.unlink("scheduler.json")
    cluster("scheduler"), cluster("worker")
    again = start([*NSTK, *words, "-o", "out"], "second.log")
    assert again.wait(400) == 0, Path("second.log").read_text()
    assert len(pictures()) == 12
    assert {name: pictures()[name].stat().st_mtime_ns for name in whole} == whole
    assert Path("second.log").read_text().count("there already") == len(whole)
    assert not [*Path("out").glob("*.run"), *Path("out").glob(".nstk-*")]
    saved = [*NSTK, "run", "out/seed-6_weight-2.recipe.yaml", "-o", "alone.png", "-q"]
    assert subprocess.run(saved, env=ENVIRONMENT, check=False).returncode == 0
    assert Path("alone.png").read_bytes() == pictures()["seed-6_weight-2.png"].read_bytes()


@pytest.mark.slow
def test_a_worker_is_killed_and_the_command_interrupted(folder):
    """Another worker goes on from the checkpoint; after Ctrl-C the same command does, without a cluster too."""
    words = ["sweep", "recipe.yaml", "--vary", "seed=1,2,3,4", "size=48", "steps=150", "run_eagerly=true", "pyramid=false"]
    words += ["checkpoint.every=1", "--no-scores", "init=noise", "-o", "out"]
    command = start([*NSTK, *words, "--workers", "2"], "first.log")
    until(lambda: len({it.parent for it in Path("out").glob("*.run/step-*.npz")}) == 2, command, "first.log")  # one each
    workers = [it for it in psutil.Process(command.pid).children(recursive=True) if "--multiprocessing-fork" in it.cmdline()]
    assert len(workers) == 2
    workers[0].kill()
    until(lambda: len(pictures()) >= 1, command, "first.log")
    command.send_signal(signal.SIGINT)
    assert command.wait(60) == 130, Path("first.log").read_text()
    said = Path("first.log").read_text()
    assert "is gone; it goes on from step" in said
    assert "interrupted: the same command goes on" in said
    assert 1 <= len(pictures()) < 4
    assert [*Path("out").glob("*.run/recipe.yaml")]
    again = subprocess.run([*NSTK, *words], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert again.returncode == 0, again.stderr
    assert "to go on with" in again.stderr
    assert len(pictures()) == 4
    assert not [*Path("out").glob("*.run")]
