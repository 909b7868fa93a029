"""`nstk sweep`, `nstk batch` and `nstk sheet`: many pictures, none twice, and a table of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nstk
from nstk.series import paint
from tests.cli.samples import ENVIRONMENT, NSTK
from tests.helpers import same

FEW = "size=32", "steps=2", "run_eagerly=true", "pyramid=false"


@pytest.fixture
def pictures(folder):
    """Two photographs and two paintings, each in a folder."""
    for place, names in (("photos", ("cat", "dog")), ("paintings", ("starry", "wheat"))):
        (folder / place).mkdir()
        for number, name in enumerate(names):
            Image.linear_gradient("L").resize((64, 48)).rotate(30 * number).convert("RGB").save(folder / place / f"{name}.jpg")
    return folder


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {it.name: it.read_bytes() for it in sorted(folder.glob("*.png")) if it.name != "sheet.png"}


def test_a_sweep_and_once_more(run, pictures):
    command = ["sweep", "recipe.yaml", "--vary", "losses.content.weight=1,4", "--vary", "style=paintings/*.jpg", *FEW]
    first = run(*command, "-o", "out", "--no-scores")
    assert first.code == 0
    assert first.out.split() == [os.path.join("out", "sheet.html"), os.path.join("out", "sheet.png")]
    made = bytes_of(Path("out"))
    assert [*made] == [f"weight-{weight}_{style}.png" for weight in (1, 4) for style in ("starry", "wheat")]
    assert len({*made.values()}) == 4
    assert "4 pictures: about" in first.err
    assert "4/4 out/weight-4_wheat.png: painted" in first.err
    saved = nstk.load_recipe("out/weight-4_wheat.recipe.yaml")
    assert (saved.losses["content"].weight, Path(saved.content).name, saved.path.name) == (4, "photo.jpg", "weight-4_wheat.png")

    again = run(*command, "-o", "out", "--no-scores")
    assert again.code == 0
    assert again.err.count("there already") == 4
    assert "painted" not in again.err
    assert bytes_of(Path("out")) == made


def test_a_changed_picture_paints_again_only_what_it_concerns(run, pictures):
    command = ["batch", "recipe.yaml", "--content", "photos/", "--style", "paintings/", *FEW, "-o", "out", "--no-scores"]
    assert run(*command).code == 0
    before = {path.name: path.stat().st_mtime_ns for path in Path("out").glob("*_*.png")}
    assert sorted(before) == ["cat_starry.png", "cat_wheat.png", "dog_starry.png", "dog_wheat.png"]
    Image.new("RGB", (64, 48), "red").save("photos/dog.jpg")
    said = run(*command)
    assert said.code == 0
    assert [line for line in said.err.splitlines() if "paint anew" in line] == [
        "dog_starry: to paint anew",
        "dog_wheat: to paint anew",
    ]
    after = {path.name: path.stat().st_mtime_ns for path in Path("out").glob("*_*.png")}
    assert {name for name in after if after[name] != before[name]} == {"dog_starry.png", "dog_wheat.png"}


@pytest.mark.slow
def test_the_pixels_are_those_of_single_runs(run, pictures):
    assert run("batch", "recipe.yaml", "--content", "photos/", *FEW, "-o", "out", "--no-scores").code == 0
    for name in ("cat", "dog"):
        alone = run("run", "recipe.yaml", "--content", f"photos/{name}.jpg", *FEW, "-o", f"{name}.png")
        assert alone.code == 0
        assert same(f"{name}.png", f"out/{name}.png")


def test_all_mistakes_before_the_first_picture(run, pictures):
    said = run("sweep", "recipe.yaml", "--vary", "losses.content.weight=1,heavy,-2", *FEW, "-o", "out")
    assert said.code == 2
    assert "losses.content.weight=heavy" in said.err
    assert "must be a number" in said.err
    assert "must be at least 0, not -2" in said.err
    assert not Path("out").exists()


def test_a_picture_that_fails_holds_up_no_other(run, pictures):
    Path("fragile.py").write_text(
        "import nstk\n\nclass Fragile(nstk.Callback):\n    '''Fails for one seed.'''\n    name = 'fragile'\n\n"
        "    def on_start(self, run):\n        if run.recipe.seed == 2:\n            raise ValueError('no twos')\n\n"
        "@nstk.hookimpl\ndef nstk_callbacks():\n    return [Fragile]\n"
    )
    command = ["sweep", "recipe.yaml", "--vary", "seed=1,2,3", *FEW, "callbacks.fragile=", "-p", "fragile.py", "-o", "out"]
    said = run(*command, "--no-scores")
    assert said.code == 1
    assert [*bytes_of(Path("out"))] == ["seed-1.png", "seed-3.png"]
    (line,) = [line for line in said.err.splitlines() if line.startswith("failed: ")]
    assert line.startswith("failed: out/seed-2.png: callback `fragile`")
    assert "no twos" in line


def test_a_dry_run_writes_nothing(run, pictures):
    said = run("batch", "recipe.yaml", "--content", "photos/", "--style", "paintings/", "--zip", *FEW, "-o", "out", "--dry-run")
    assert said.code == 0
    assert "cat_starry: to paint\ndog_wheat: to paint\n2 pictures: about" in said.err
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["batch", "--content", "photos/"], "nothing to paint: there is a photograph and no painting"),
        (["batch", "recipe.yaml"], "a batch is of photographs or of paintings"),
        (["batch", "recipe.yaml", "--content", "*.gif"], "`--content *.gif`: no picture matches this pattern"),
        (["sweep", "recipe.yaml"], "nothing varies: add `--vary KEY=VALUE,VALUE`"),
        (["sweep", "recipe.yaml", "--vary", "seed=1,2", "--zip", "--sample", "1"], "`--zip` and `--sample` cannot both be"),
        (
            ["batch", "recipe.yaml", "--content", "photos/", "--content", "photo.jpg", "-o", "."],
            "the run would write photo.png over",
        ),
        (["sheet", "photos"], "photos holds no picture with its record"),
        (["sheet", "nowhere"], "nowhere is no folder"),
    ],
)
def test_what_is_refused(run, pictures, words, why):
    Image.open("photo.jpg").save("photo.png")
    Path("recipe.yaml").write_text(Path("recipe.yaml").read_text().replace("style: painting.jpg", "style: photo.png"))
    said = run(*words, *(FEW if words[0] != "sheet" else ()))
    assert said.code == 2
    assert why in said.err


def test_somebody_elses_picture_stays(run, pictures):
    Path("out").mkdir()
    Image.new("RGB", (5, 5), "green").save("out/seed-1.png")
    mine = Path("out/seed-1.png").read_bytes()
    command = ["sweep", "recipe.yaml", "--vary", "seed=1,2", *FEW, "-o", "out", "--no-scores"]
    said = run(*command)
    assert said.code == 2
    assert "out/seed-1.png is no picture of this series" in said.err
    assert Path("out/seed-1.png").read_bytes() == mine
    assert run(*command, "--force").code == 0
    assert Path("out/seed-1.png").read_bytes() != mine


def test_the_sheet_of_any_folder(run, pictures):
    for seed in (1, 2):
        for weight in (1, 5):
            words = *FEW, f"seed={seed}", f"losses.content.weight={weight}", "-o", f"out/{seed}{weight}.png"
            assert run("run", "recipe.yaml", *words).code == 0
    Image.new("RGB", (5, 5)).save("out/stranger.png")
    Path("out/sheet.html").write_text("my own notes")
    said = run("sheet", "out", "--no-scores")
    assert said.code == 2
    assert "out/sheet.html is there already, and nstk has not made it" in said.err
    Path("out/sheet.html").unlink()
    assert run("sheet", "out", "--no-scores").code == 0
    assert run("sheet", "out", "--no-scores").code == 0
    page = Path("out/sheet.html").read_text()
    assert "4 pictures by losses.content.weight, seed" in page or "4 pictures by seed, losses.content.weight" in page
    for name in ("11", "15", "21", "25"):
        assert f'<a href="{name}.png"><img' in page
        assert f'<a href="{name}.recipe.yaml">recipe</a>' in page
    assert "stranger" not in page
    with Image.open("out/sheet.png") as sheet:
        assert sheet.width > 64


def test_the_sheet_is_a_table_of_the_values(run, pictures):
    words = "--vary", "losses.content.weight=1,4", "--vary", "style=paintings/", *FEW, "-o", "out", "--no-scores"
    assert run("sweep", "recipe.yaml", *words).code == 0
    page = Path("out/sheet.html").read_text()
    assert "<th>losses.content.weight</th><th><small>style</small><br>starry</th><th><small>style</small><br>wheat</th>" in page
    order = "<th>1</th>", "weight-1_starry.png", "weight-1_wheat.png", "<th>4</th>", "weight-4_starry.png"
    assert [*map(page.index, order)] == sorted(map(page.index, order))


@pytest.mark.slow
def test_scores_are_worked_out_once(run, pictures):
    for name in ("photos/cat.jpg", "paintings/starry.jpg"):
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (96, 128, 3), np.uint8)).save(name, quality=95)
    words = "--content", "photos/cat.jpg", "--style", "paintings/starry.jpg", *FEW[1:], "size=128", "-o", "out"
    assert run("batch", "recipe.yaml", *words).code == 0
    page = Path("out/sheet.html").read_text()
    assert "LP " in page
    assert "CF " in page
    kept = json.loads(Path("out/scores.json").read_text())
    assert [sorted(it) for it in kept.values()] == [["cf", "ge", "lp"]]
    Path("out/scores.json").write_text(json.dumps({key: {**it, "lp": 0.125} for key, it in kept.items()}))
    assert run("sheet", "out").code == 0
    assert "LP 0.12" in Path("out/sheet.html").read_text()


def test_python_paints_a_sweep(pictures):
    seen = []
    done = nstk.sweep("recipe.yaml", {"seed": [1, 2]}, "out", overrides=FEW, tell=seen.append)
    assert [(it.name, it.outcome, dict(it.values)) for it in done] == [
        ("seed-1", "painted", {"seed": "1"}),
        ("seed-2", "painted", {"seed": "2"}),
    ]
    assert [it.share for it in seen if it.index == 2] == [0, 0.5, 1, 1]
    again = nstk.sweep("recipe.yaml", {"seed": [1, 2, 3]}, "out", overrides=FEW)
    assert [it.outcome for it in again] == ["there", "there", "painted"]


def test_plugins_are_loaded_once(pictures):
    Path("counted.py").write_text(
        "import nstk\n\nclass Counted(nstk.Callback):\n    '''Nothing.'''\n    name = 'counted'\n\n"
        "@nstk.hookimpl\ndef nstk_callbacks():\n    return [Counted]\n"
    )
    from nstk.series.axes import axis
    from nstk.series.combinations import combined
    from nstk.series.planned import planned

    series = planned("recipe.yaml", ["callbacks.counted="], combined([axis("seed=1,2")]), Path("out"), plugins=["counted.py"])
    one, two = (it.recipe.callbacks["counted"] for it in series)
    assert type(one) is type(two)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["SIGINT", "SIGKILL"])
def test_the_same_command_goes_on(how, pictures):
    """Inside a picture too: its checkpoint is used, no picture is painted twice, and the bytes are those of a whole sweep."""
    words = "sweep", "recipe.yaml", "--vary", "seed=1,2,3", "size=48", "steps=40", "run_eagerly=true", "pyramid=false"
    words += "checkpoint={every: 5}", "--no-scores", "init=noise"

    def start(folder):
        with Path(f"{folder}.log").open("w") as log:
            return subprocess.Popen([*NSTK, *words, "-o", folder], stdout=log, stderr=log, env=ENVIRONMENT)

    whole = start("whole")
    assert whole.wait(300) == 0
    process = start("out")
    begin = time.monotonic()
    saved = "step-00000[1-4]*.npz"  # a checkpoint of the start holds no step to go on with
    while not (Path("out/seed-1.png").exists() and [*Path("out/seed-2.run").glob(saved)]):
        assert time.monotonic() - begin < 200
        time.sleep(0.01)
    process.send_signal(getattr(signal, how))
    assert process.wait(100) == (130 if how == "SIGINT" else -signal.SIGKILL)
    first = Path("out/seed-1.png").stat().st_mtime_ns
    assert not Path("out/seed-3.png").exists()
    again = start("out")
    code, said = again.wait(300), Path("out.log").read_text()
    assert code == 0, said
    assert "seed-1: there already" in said
    assert "seed-2: to go on with" in said
    assert Path("out/seed-1.png").stat().st_mtime_ns == first
    assert bytes_of(Path("out")) == bytes_of(Path("whole"))
    assert not [*Path("out").glob("*.run")]


def test_what_is_there_is_known_before_it_is_painted(pictures):
    from nstk.series.axes import axis
    from nstk.series.combinations import combined
    from nstk.series.planned import planned

    series = planned("recipe.yaml", FEW, combined([axis("seed=1,2")]), Path("out"))
    assert paint.states(series) == {"seed-1": "new", "seed-2": "new"}
    nstk.run(series[0].recipe, quiet=True)
    assert paint.states(series) == {"seed-1": "there", "seed-2": "new"}
