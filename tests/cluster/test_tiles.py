"""The tiles of one picture on several workers: the gradient is that of one process, and a lost worker costs few steps."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

import nstk
from nstk.cluster.tiles import Band, in_tiles
from tests.cli.samples import ENVIRONMENT, NSTK
from tests.cluster.test_crew import start, until

EXACT = ["size=192", "tiles=64", "pyramid=false", "run_eagerly=true", "precision=float32"]

SCRIPT = """
import sys
import numpy as np
import nstk
from nstk.cluster.connection import Cluster, connected
from nstk.cluster.tiles import SpreadTiles
from nstk.engine.inputs import pictures_of
from nstk.engine.kept import Kept
from nstk.engine.plan import Plan
from nstk.engine.scale import objective
from nstk.engine.surroundings import prepared

if __name__ == "__main__":
    recipe = nstk.load_recipe("recipe.yaml", sys.argv[1:], output="a.png")
    found = []
    with connected(Cluster(workers=2)) as client, prepared():
        for spread in (None, SpreadTiles(client)):
            kept, plan = Kept(), Plan.of(recipe)
            kept.spread = spread
            scale, layout = plan.scales[-1], plan.layouts[-1]
            made = objective(recipe.at(-1), plan, kept, scale, pictures_of(recipe, scale.width, scale.height), layout)
            picture = np.random.default_rng(1).uniform(0, 255, (1, scale.height, scale.width, 3)).astype(np.float32)
            for _ in range(2):
                evaluation, gradient = made.value_and_grad(picture)
            found.append((float(evaluation.loss), gradient.numpy()))
            tiled = getattr(made, "parts", {1: made})[1]  # at several octaves, the first is the picture's own size
            print(type(tiled._parts[0]).__name__, len(tiled._parts))
    (one, theirs), (other, ours) = found
    np.testing.assert_allclose(other, one, rtol=1e-5)
    assert np.linalg.norm(ours - theirs) <= 1e-5 * np.linalg.norm(theirs)
    assert np.linalg.norm(theirs) > 0
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "asked",
    [
        ["losses.content={weight: 2, where: left.png}", "losses.tv.weight=1"],
        ["style={a: painting.jpg, b: {picture: photo.jpg, where: left.png}}", "losses.gram={weight: 1, octaves: [1, 2]}"],
    ],
    ids=["a loss in a region", "two paintings, octaves"],
)
def test_the_gradient_is_that_of_one_process(folder, asked):
    Image.effect_mandelbrot((320, 200), (-2, -1.2, 1, 1.2), 60).convert("RGB").save("photo.jpg")
    drawn = Image.new("L", (320, 200))
    drawn.paste(255, (0, 0, 150, 200))
    drawn.save("left.png")
    Path("script.py").write_text(SCRIPT)
    words = [sys.executable, "script.py", *EXACT, *asked]
    done = subprocess.run(words, capture_output=True, text=True, env={**ENVIRONMENT, "PYTHONPATH": "."}, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["TilePart", "1", "Remote", "2"]


@pytest.mark.slow
def test_a_picture_on_two_workers_and_one_is_killed(folder):
    words = [*NSTK, "run", "recipe.yaml", *EXACT]
    words.append("checkpoint.every=1")
    assert subprocess.run([*words, "steps=4", "-o", "one.png", "-q"], env=ENVIRONMENT, check=False).returncode == 0
    spread = subprocess.run([*words, "steps=4", "-o", "two.png", "-q", "--workers", "2"], env=ENVIRONMENT, check=False)
    assert spread.returncode == 0
    one, two = (np.asarray(Image.open(it)).astype(int) for it in ("one.png", "two.png"))
    assert np.abs(one - two).max() <= 2
    assert np.abs(one - two).mean() < 0.05

    command = start([*words, "steps=500", "-o", "lost.png", "--workers", "2"], "log")
    until(lambda: [*Path("lost.run").glob("step-0000003*")], command, "log")
    workers = [it for it in psutil.Process(command.pid).children(recursive=True) if "--multiprocessing-fork" in it.cmdline()]
    workers[0].send_signal(signal.SIGKILL)
    assert command.wait(120) == 1, Path("log").read_text()
    said = Path("log").read_text()
    assert "a worker that has tiles of the picture is gone" in said
    assert "Traceback" not in said
    assert "`nstk resume lost.png` goes on after step" in said
    assert Path("lost.run/recipe.yaml").exists()


def test_rows_are_found_by_their_numbers_in_the_whole():
    whole = np.arange(2 * 6 * 5 * 3, dtype=np.float32).reshape(2, 6, 5, 3)
    band = Band(whole[:, 2:5], 2)
    np.testing.assert_array_equal(band[:, 3:5, 1:4], whole[:, 3:5, 1:4])


def test_there_are_tiles_for_all_workers(folder):
    recipe = nstk.load_recipe("recipe.yaml", ["size=2000"], output="a.png")
    assert in_tiles(recipe, 4).tiles == 612  # of 2000 x 1500 pixels, an eighth
    assert in_tiles(nstk.load_recipe("recipe.yaml", ["size=64"], output="a.png"), 4).tiles == 128
    assert in_tiles(nstk.load_recipe("recipe.yaml", ["size=12000"], output="a.png"), 4).tiles == 1536
    asked = nstk.load_recipe("recipe.yaml", ["size=2000", "tiles=256"], output="a.png")
    assert in_tiles(asked, 4).tiles == 256
