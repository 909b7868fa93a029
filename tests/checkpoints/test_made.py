"""A picture says how it was made, and is painted again from that alone."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import nstk
from nstk import UserError, testing
from nstk.checkpoints.differences import differences
from nstk.checkpoints.made import FORMAT, Made
from nstk.checkpoints.repeat import repeat
from nstk.pictures import read_metadata

PLUGIN = """
import pathlib
import nstk

pathlib.Path("ran").touch()

class Nothing(nstk.Callback):
    name = "nothing"

@nstk.hookimpl
def nstk_callbacks():
    return [Nothing]
"""

RECIPE = (
    "content: photo.png\nstyle: painting.png\nsize: 48\nsteps: 4\nprecision: float32\nrun_eagerly: true\nbackbone: tiny\n"
    "callbacks: {progress: false}\nlosses: {content: {layers: [image], formula: mean}, gram: {layers: [image]}}\n"
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project with two pictures and a recipe."""
    monkeypatch.chdir(tmp_path)
    for name, seed in (("photo", 0), ("painting", 1), ("other", 2)):
        nstk.write_picture(testing.pictures((36, 48), seed).content, f"{name}.png")
    Path("mine.yaml").write_text(RECIPE)
    return tmp_path


def paint(output="out/a.png", *overrides):
    return nstk.run(nstk.load_recipe("mine.yaml", overrides, output=output)).path


def bytes_of(*paths):
    return {Path(path).read_bytes() for path in paths}


@pytest.mark.parametrize(
    "suffix", [".png", ".jpg", *(pytest.param(it, marks=pytest.mark.slow) for it in (".webp", ".tif", ".avif"))]
)
def test_the_same_bytes(folder, suffix):
    first = paint(f"out/a{suffix}")
    again = nstk.rerun(first, output=f"elsewhere/b{suffix}").path
    assert len(bytes_of(first, again)) == 1
    assert len(bytes_of(again, nstk.rerun(again, output=f"c{suffix}").path)) == 1


def test_from_another_working_directory(folder, tmp_path_factory, monkeypatch):
    first = paint()
    monkeypatch.chdir(tmp_path_factory.mktemp("other"))
    assert len(bytes_of(first, nstk.rerun(first, output="b.png").path)) == 1


def test_what_it_says(folder):
    made = Made.of(paint())
    assert (made.name, made.steps, made.ended, made.version) == ("mine", 4, True, nstk.__version__)
    assert [(it.width, it.height, it.steps, it.done) for it in made.scales] == [(48, 36, 4, 4)]
    assert {where: it.path for where, it in made.inputs.items()} == {"content": "photo.png", "style": "painting.png"}
    assert made.inputs["content"].sha256 == nstk.file_hash("photo.png")
    assert made.versions["tensorflow"]
    again = nstk.load_recipe(Path("from_picture.yaml")) if Path("from_picture.yaml").write_text(made.to_yaml()) else None
    assert again.to_plain() == nstk.load_recipe("mine.yaml").to_plain() | {"output": again.to_plain()["output"]}


def test_nobody_is_told_where_the_home_is(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder / "home"))
    (folder / "home" / "holidays").mkdir(parents=True)
    shutil.copy("photo.png", "home/holidays/photo.png")
    work = folder / "work"
    work.mkdir()
    for name in ("mine.yaml", "painting.png"):
        shutil.copy(name, work)
    monkeypatch.chdir(work)
    first = paint("a.png", f"content={folder}/home/holidays/photo.png")
    text = read_metadata(first, "a.png")
    assert "~/holidays/photo.png" in text
    assert str(folder) not in text
    assert len(bytes_of(first, nstk.rerun(first, output="b.png").path)) == 1


def test_metadata_can_be_left_out(folder):
    first = paint("a.png", "output.metadata=false")
    assert read_metadata(first, "a.png") is None
    again = nstk.rerun(first, output="b.png").path  # by the recipe and the record beside it
    assert len(bytes_of(first, again)) == 1
    for beside, why in {
        "a.run.json": "but there is one beside it: `nstk show a.recipe.yaml`",
        "a.recipe.yaml": "and a.recipe",
    }.items():
        os.unlink(beside)
        with pytest.raises(UserError, match=f"a.png does not say how it was made: its file carries no recipe, {why}"):
            nstk.rerun(first)


def test_snapshots_say_how_far_they_are(folder):
    paint("a.png", "callbacks.snapshots={every: 2, path: '{name}-{step}.png'}")
    assert Made.of(Path("a-2.png")).steps == 2
    nstk.rerun("a-2.png", ["callbacks.snapshots=false"], output="b.png")
    assert not differences(Path("a-2.png"), Path("b.png"))["pixels"]


def test_what_was_interrupted_is_painted_as_far_again(interrupted):
    made = Made.of(interrupted)
    assert (made.steps, made.ended) == (3, False)
    again = nstk.rerun(interrupted, ["callbacks.breaking=false"], output="again.png", trust=True)
    assert again.stopped == "after 3 steps, as before"
    assert not differences(interrupted, again.path)["pixels"]
    longer = nstk.rerun(interrupted, ["callbacks.breaking=false", "steps=5"], output="longer.png", trust=True)
    assert len(longer.history) == 5


def test_a_run_that_had_to_end_in_time_is_repeated_step_by_step(folder):
    first = paint("a.png", "time=2s", "pyramid={levels: 2}", "steps=[2, 100000]")
    made = Made.of(first)
    assert 0 < made.steps < 100_002
    assert len(bytes_of(first, nstk.rerun(first, output="b.png").path)) == 1


def test_tiles_are_those_that_it_was_painted_in(folder, monkeypatch):
    first = paint("a.png", "size=80", "tiles=64")
    text = read_metadata(first, "a.png").replace("tiles: 64", "tiles: auto")
    save_with(first, text, "b.png")
    recipe, course = (it := repeat(Path("b.png"), output="c.png")).recipe, it.course
    assert recipe.tiles == "auto"
    assert course.scales[0].tiles == 64
    with nstk.Session() as session:
        session.run(recipe, course=course)
    assert not differences(first, Path("c.png"))["pixels"]


def save_with(picture, text, path):
    info = PngInfo()
    info.add_itxt("nstk", text)
    with Image.open(picture) as image:
        image.save(path, pnginfo=info)


def test_inputs_are_found_by_their_hashes(folder, tmp_path_factory, monkeypatch):
    first = paint()
    other = tmp_path_factory.mktemp("other") / "a" / "b" / "c" / "d"
    (other / "pictures" / "deep").mkdir(parents=True)
    monkeypatch.chdir(other)
    shutil.copy(first, "stranger.png")
    with pytest.raises(
        UserError, match=r"`content` of stranger.png, photo.png, is not there \(sha256 [0-9a-f]{16}\): `--inputs"
    ):
        nstk.rerun("stranger.png")
    with pytest.raises(UserError, match=r"no folder nowhere, in which `--inputs` would have the pictures looked for"):
        nstk.rerun("stranger.png", inputs="nowhere")
    shutil.copy(folder / "photo.png", "pictures/deep/renamed.png")
    with pytest.raises(UserError, match=r"`style` of stranger.png.*pictures does not hold it either; or name another one"):
        nstk.rerun("stranger.png", inputs="pictures")
    shutil.copy(folder / "painting.png", "pictures/another.png")
    assert len(bytes_of(first, nstk.rerun("stranger.png", inputs="pictures").path)) == 1


def test_an_input_that_is_another_file_now(folder):
    first = paint()
    shutil.copy("other.png", "photo.png")
    with pytest.raises(UserError, match=r"`content` of out/a.png, photo.png, is another file now"):
        nstk.rerun(first)
    nstk.rerun(first, ["content=photo.png"], output="b.png")
    assert [str(it).partition(" ")[0] for it in differences(first, Path("b.png"))["inputs"]] == ["content:"]


def test_it_is_not_written_over_by_another(folder):
    first = paint()
    with pytest.raises(UserError, match=r"out/a.png would be written over with another picture: choose another output"):
        nstk.rerun(first, ["steps=2"], output=first)
    assert nstk.rerun(first).path == folder / "out" / "mine.png"
    assert nstk.rerun("out/mine.png", ["steps=2"]).path == folder / "out" / "mine.1.png"


def test_a_plugin_that_is_named_is_not_loaded(folder, tmp_path_factory, monkeypatch):
    Path("mine.py").write_text(PLUGIN)
    first = paint("a.png", "plugins=[mine.py]")
    os.unlink("ran")
    with pytest.raises(UserError, match=r"a.png names the plugin mine.py, which is code: look into it first; `--trust`"):
        nstk.rerun(first)
    assert not Path("ran").exists()
    nstk.rerun(first, trust=True, output="b.png")
    assert Path("ran").exists()
    assert len(bytes_of("a.png", "b.png")) == 1


def test_a_module_that_is_named_is_not_imported(folder):
    text = read_metadata(paint("a.png"), "a.png").replace("backbone:", "plugins: [antigravity]\\nbackbone:", 1)
    save_with("a.png", text, "b.png")
    with pytest.raises(UserError, match=r"b\.png names the plugin antigravity, which is code"):
        nstk.rerun("b.png")


def changed(**keys):
    data = json.loads(read_metadata(Path("a.png"), "a.png"))
    return json.dumps({**data, **keys})


DAMAGED = {
    '{"nstk": 1': r"b.png has damaged metadata \(.*\): the recipe cannot be had from it",
    '{"nstk":' + "[" * 100_000: r"b.png has damaged metadata \(",
    '{"nstk": 1, "name": "a"}': r"b.png has damaged metadata \(version: Field required\)",
    f'{{"nstk": {FORMAT + 1}, "version": "9.1"}}': r"b.png was painted by a later nstk \(9.1\), and this one cannot read its",
}


@pytest.mark.parametrize("text", DAMAGED, ids=range(len(DAMAGED)))
def test_damaged_metadata(folder, text):
    save_with("photo.png", text, "b.png")
    with pytest.raises(UserError, match=DAMAGED[text]):
        nstk.rerun("b.png")


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"name": "../../a"}, "name: Value error, is not the name of a file"),
        ({"recipe": "a: [1"}, "b.png has damaged metadata"),
        ({"recipe": "- a"}, "its recipe is no mapping"),
        ({"recipe": "x: &a [1]\ny: [*a, *a]"}, "no key `x`|content"),
        ({"recipe": "x" * 70_000}, "recipe: String should have at most"),
        ({"scales": [{"width": "a"}]}, "scales.0.width"),
    ],
)
def test_strange_metadata(folder, keys, why):
    paint("a.png")
    save_with("a.png", changed(**keys), "b.png")
    with pytest.raises(UserError, match=why):
        nstk.rerun("b.png")
    if "content" not in why:  # what can be read can be compared
        with pytest.raises(UserError, match=why):
            differences(Path("a.png"), Path("b.png"))


def test_differences(folder):
    one, other = paint("a.png"), paint("b.png", "steps=2", "losses.gram.weight=3", "size=40")
    found = differences(one, other)
    assert list(map(str, found["recipe"])) == ["size: 48 -> 40", "steps: 4 -> 2", "losses.gram.weight: 1.0 -> 3.0"]
    assert list(map(str, found["steps"])) == ["48 x 36: 4 -> not there", "40 x 30: not there -> 2"]
    assert list(map(str, found["pixels"])) == ["size: 48 x 36 -> 40 x 30"]
    assert not found["inputs"]
    assert not any(differences(one, one).values())
    near = differences(one, paint("c.png", "losses.content=false"))["pixels"]
    assert "levels apart on average" in str(near[0])


def test_versions_that_differ_are_told(folder, caplog):
    first = paint("a.png")
    data = json.loads(read_metadata(first, "a.png"))
    save_with(first, json.dumps({**data, "versions": {**data["versions"], "numpy": "0.9"}}), "b.png")
    nstk.rerun("b.png", output="c.png")
    assert "b.png was painted by other versions, and this picture may differ in its rounding: numpy 0.9, now" in caplog.text
