"""The commands that paint and judge.

Most tests run in this process, with a stand-in for the engine; a few run real processes.
"""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest
from PIL import Image

import nstk
from nstk.engine.interrupts import INTERRUPTED
from nstk.errors import RunError
from nstk.recipe.load import load_recipe
from tests.cli.samples import ENVIRONMENT, NSTK, RECIPE, plugin

LIGHT = ["run_eagerly=true", "losses={gram: {layers: [image]}}"]
"""Settings with which a run takes hardly longer than its start."""


def test_run_prints_the_path(run, painted, folder):
    said = run("run", "recipe.yaml", "steps=5", "-o", "somewhere/out.png")
    assert (said.code, said.out) == (0, f"{folder}/somewhere/out.png\n")
    assert painted.recipes[0].steps == 5
    assert "progress" in painted.recipes[0].callbacks


def test_quiet_changes_only_what_is_said(run, painted):
    Path("recipe.yaml").write_text(RECIPE + "callbacks: {bar: {use: progress}, csv_log: }\n")
    said = run("run", "recipe.yaml", "-q")
    assert said.err == ""
    assert painted.quiet
    assert list(painted.recipes[0].callbacks) == ["progress", "bar", "csv_log"]  # they are saved with the recipe
    assert not painted.recipes[0].overridden  # a saved recipe that is re-run quietly is the same recipe


def test_eager(run, painted):
    run("run", "recipe.yaml", "--eager")
    run("run", "recipe.yaml")
    assert [recipe.run_eagerly for recipe in painted.recipes] == [True, False]


def test_exit_codes_of_run(run, painted):
    painted.stopped = INTERRUPTED
    assert run("run", "recipe.yaml").code == 130
    painted.error = RunError("the paint ran out")
    said = run("run", "recipe.yaml")
    assert (said.code, said.out, said.err) == (1, "", "error: the paint ran out\n")
    painted.error = KeyboardInterrupt()
    said = run("run", "recipe.yaml")
    assert (said.code, said.err) == (130, "interrupted\n")


def test_evaluate(run, painted):
    said = run("evaluate", "recipe.yaml", "--picture", "photo.jpg")
    assert json.loads(said.out) == {"picture": "photo.jpg", "loss": 1.5}


def test_run_quietly_and_once_more(folder):
    once = [*NSTK, "run", "recipe.yaml", *LIGHT, "-q"]
    done = subprocess.run(once, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{folder}/out/recipe.png\n", "")
    assert {path.name for path in Path("out").iterdir()} == {"recipe.png", "recipe.recipe.yaml", "recipe.run.json"}
    first = Path("out/recipe.png").read_bytes()
    again = [*NSTK, "run", "out/recipe.recipe.yaml", "-q"]
    done = subprocess.run(again, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{folder}/out/recipe.png\n", "")
    assert Path("out/recipe.png").read_bytes() == first


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_interrupted_run_saves_its_picture(number, folder):
    # Adam goes on for as long as it has steps: L-BFGS might have nothing left to gain before the signal comes.
    args = [*NSTK, "run", "recipe.yaml", "steps=1000000", "optimizer=adam", "callbacks.progress="]
    with subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        try:
            said = next(line for line in process.stderr if line.startswith("step 1/"))
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert said
    assert process.returncode == 130, err
    assert out == f"{folder}/out/recipe.png\n"
    assert "Traceback" not in err
    with Image.open("out/recipe.png") as picture:
        assert picture.size == (64, 48)
    record = json.loads(Path("out/recipe.run.json").read_text())
    assert record["stopped"] == "interrupted"
    assert 1 <= record["steps"] < 1_000_000
    assert err.endswith(f"`nstk resume out/recipe.png` goes on after step {record['steps']} of 1000000\n")


WAITS = """
import time
from pathlib import Path


class Waits(nstk.Callback):
    name = "waits"

    def on_step(self, run, step):
        while step.index > 2 and not Path("go").exists():
            time.sleep(0.01)


@nstk.hookimpl
def nstk_callbacks():
    return [Waits]
"""


def test_interrupted_run_goes_on(folder):
    """After the second step the run waits for a file, which is there once the signal has been sent: it cannot end before."""
    settings = ["steps=20", "optimizer=adam", *LIGHT, f"plugins=[{plugin('waits', WAITS)}]", "callbacks.waits="]
    arguments = [*NSTK, "run", "recipe.yaml", *settings, "-o", "part.png"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        try:
            next(line for line in process.stderr if line.startswith("step 2/"))
            process.send_signal(signal.SIGINT)
            Path("go").touch()
            err = process.communicate(timeout=60)[1]
        finally:
            process.kill()
    assert process.returncode == 130, err
    done = subprocess.run([*NSTK, "resume", "part.run", "-q"], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert (done.returncode, done.stdout) == (0, f"{folder}/part.png\n"), done.stderr
    whole = nstk.run(load_recipe("recipe.yaml", [*settings, "output.path=whole.png"]), quiet=True)
    assert Path("part.png").read_bytes() == whole.path.read_bytes()
    assert sorted(path.name for path in folder.glob("part*")) == ["part.png", "part.recipe.yaml", "part.run.json"]
