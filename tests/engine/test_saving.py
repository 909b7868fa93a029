"""What a run writes at its end; and on a full disk, or in a folder that is gone, no picture is lost."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import testing
from nstk.engine import kept, saving
from tests.engine.samples import QUICK as TINY
from tests.helpers import same

pytestmark = pytest.mark.usefixtures("here")

LINUX = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="which file a handle is of is asked of Linux")

QUICK = {"run_eagerly": True, "losses": {"content": {"layers": ["image"]}, "gram": {"layers": ["image"]}}, "steps": 6}

FULL = """
import shutil

class Full(nstk.Callback):
    \"\"\"From a step on, the disk is full.\"\"\"
    name = "full"
    at: int = 3
    gone: bool = False

    def on_step(self, run, step):
        if step.index == self.at and self.gone:
            shutil.rmtree(run.output.parent / "out.run")
        elif step.index == self.at:
            DISK["full"] = True

DISK = {"full": False}

@nstk.hookimpl
def nstk_callbacks():
    return [Full]
"""


@pytest.fixture
def paint(tmp_path, plugin, monkeypatch):
    """Paints on a disk that is full from step 3 on, with room left in the temporary folder; raises what ends the run."""
    disk, temporary = tmp_path / "disk", tmp_path / "temporary"
    disk.mkdir()
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    real, path = os.fsync, plugin(FULL)

    def paint(elsewhere=True, **settings):
        recipe = testing.recipe(
            tmp_path, output=str(disk / "out.png"), plugins=[path], **{**QUICK, "callbacks": {"full": None}, **settings}
        )
        state = recipe.registry.plugins[-1].modules[0].DISK

        def fsync(handle):
            here = os.readlink(f"/proc/self/fd/{handle}")
            if state["full"] and (here.startswith(str(disk)) or not elsewhere):
                raise OSError(errno.ENOSPC, "No space left on device")
            real(handle)

        monkeypatch.setattr(os, "fsync", fsync)
        with pytest.raises(nstk.RunError) as told:
            nstk.run(recipe)
        assert told.value.exit_code == 1
        return str(told.value)

    paint.disk, paint.temporary = disk, temporary
    return paint


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@LINUX
@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"checkpoint": {"every": 2}}, r"cannot write the checkpoint .*out.run/step-0000004.npz"),
        ({"callbacks": {"full": None, "snapshots": {"every": 4}}}, r"callback `snapshots` .*cannot write .*out-00004.png"),
        ({}, r"the picture is painted, but not all can be saved: cannot write .*out.png"),
    ],
    ids=["checkpoint", "snapshot", "picture"],
)
def test_a_full_disk_loses_no_picture(settings, what, paint):
    (paint.disk / "out.png").write_bytes(b"an earlier result")
    said = paint(**settings)
    assert re.match(rf"{what} \(No space left on device\)", said)
    (rescued,) = paint.temporary.rglob("*.png")
    assert said.endswith(f"; {'the picture so far' if settings else 'it'} is {rescued}")
    assert nstk.read_picture(rescued).shape == (36, 48, 3)
    assert not np.array_equal(nstk.read_picture(rescued), nstk.read_picture(paint.disk.parent / "content.png"))
    left = files(paint.disk)
    assert left["out.png"] == b"an earlier result"
    assert not [name for name in left if ".tmp" in name]


@LINUX
def test_no_room_anywhere(paint):
    said = paint(elsewhere=False, checkpoint={"every": 2})
    assert "the picture so far is lost, for the system's temporary folder cannot take it either: cannot write" in said
    assert files(paint.temporary) == {}
    assert list(paint.temporary.iterdir()) == []


@LINUX
def test_a_folder_that_is_gone(paint):
    said = paint(checkpoint={"every": 4}, callbacks={"full": {"gone": True}})
    assert re.match(
        r"cannot write the checkpoint .*step-0000004.npz \(No such file or directory\); the picture so far is", said
    )
    assert nstk.read_picture(paint.disk / "out.png").shape == (36, 48, 3)  # there is room for the picture itself
    assert said.endswith(f"the picture so far is {paint.disk / 'out.png'}")


@LINUX
def test_a_file_limit(tmp_path):
    """A real one: no file may be longer than 2000 bytes, which the system says while it is written."""
    import resource

    recipe = testing.recipe(tmp_path, output=str(tmp_path / "out.bmp"), **QUICK, checkpoint={"every": 2})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    names = set(os.listdir(tmp_path))
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
        with pytest.raises(nstk.NstkError, match="File too large"):
            nstk.run(recipe)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert set(os.listdir(tmp_path)) == names


def test_an_unwritten_record_is_told(tmp_path, monkeypatch):
    real = saving.write_whole

    def full(path, data, **options):
        if str(path).endswith(".run.json"):
            raise nstk.OutputError(f"cannot write {path} (No space left on device)")
        real(path, data, **options)

    monkeypatch.setattr(saving, "write_whole", full)
    with pytest.raises(nstk.RunError, match=r"out.png is painted, but not its record: cannot write .*out.run.json"):
        testing.run_recipe(tmp_path, **QUICK)
    assert (tmp_path / "out.png").exists()


@LINUX
def test_once_there_is_room_it_goes_on(paint, monkeypatch):
    paint(checkpoint={"every": 2})
    monkeypatch.undo()
    result = nstk.resume(paint.disk / "out.png", trust=True)
    assert [row["step"] for row in result.history] == [1, 2, 3, 4, 5, 6]
    assert files(paint.disk).keys() == {"out.png", "out.recipe.yaml", "out.run.json"}


def test_the_record_says_what_made_the_picture(done, folder):
    record = json.loads((folder / "out.run.json").read_text())
    sha256 = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("content.png", "style.png")}
    assert record["inputs"] == {
        "content": {"path": str(folder / "content.png"), "sha256": sha256["content.png"]},
        "style": {"path": str(folder / "style.png"), "sha256": sha256["style.png"]},
    }
    assert record["losses"] == done.losses
    assert (record["stopped"], record["steps"], record["seed"]) == ("done", 6, 7)
    assert 0 < record["seconds"] < 100
    assert record["scales"] == [{"width": 48, "height": 36, "steps": 6, "done": 6, "tiles": "off"}]
    assert record["device"].startswith(("CPU (", "GPU "))
    assert record["precision"].startswith("float32")
    assert record["precision_reason"] == "the recipe says so"
    assert record["versions"]["tensorflow"] == tf.__version__
    assert record["versions"]["keras"] == keras.__version__
    assert {"python", "platform", "nstk-styletransfer", "numpy"} <= set(record["versions"])
    assert record["backbone"]["use"] == "tiny"
    assert len(record["backbone"]["sha256"]) == 64
    plugins = {row["where"]: row for row in record["plugins"]}
    assert set(plugins) == {
        "backbone",
        "init",
        "parametrization",
        "optimizer",
        "colours",
        "losses.content",
        "losses.gram",
        "losses.smooth",
    }
    gram = Path(sys.modules["nstk.plugins.losses.gram"].__file__)
    assert plugins["losses.gram"]["sha256"] == hashlib.sha256(gram.read_bytes()).hexdigest()
    assert plugins["losses.smooth"]["use"] == "tv"
    assert plugins["losses.gram"]["origin"]


def test_the_saved_recipe_repaints_elsewhere(done, folder, tmp_path):
    recipe = nstk.load_recipe(folder / "out.recipe.yaml", output=str(tmp_path / "again.png"))
    assert same(nstk.run(recipe).path, done.path)
    assert (tmp_path / "again.recipe.yaml").exists()


def test_a_recipe_run_in_place_stays_as_it_is(tmp_path):
    first = testing.run_recipe(tmp_path, **TINY)
    saved, picture = tmp_path / "out.recipe.yaml", tmp_path / "as_it_was.png"
    saved.write_text(saved.read_text() + "# a note of mine\n")
    first.path.rename(picture)
    assert same(nstk.run(saved).path, picture)
    assert saved.read_text().endswith("# a note of mine\n")
    with pytest.raises(nstk.UserError, match="the changed recipe would be written over"):
        nstk.run(nstk.load_recipe(saved, ["steps=2"]))
    assert same(first.path, picture)


def test_files_appear_whole_or_not_at_all(tmp_path, monkeypatch):
    first = testing.run_recipe(tmp_path, **TINY)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    settings = {**TINY, "content": str(tmp_path / "content.png"), "style": str(tmp_path / "style.png"), "seed": 1}
    with pytest.raises(nstk.RunError, match="No space left"):
        testing.run_recipe(tmp_path, checkpoint=False, **settings)
    with pytest.raises(nstk.OutputError, match=r"out\.run.*No space left"):  # told before the first step
        testing.run_recipe(tmp_path, **settings)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert first.path.exists()


def test_a_bad_output_is_found_before_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "network", lambda *args: pytest.fail("the run began"))
    (tmp_path / "file").write_text("")
    with pytest.raises(nstk.RecipeError, match="is a file, not a folder"):
        testing.run_recipe(tmp_path, output=str(tmp_path / "file" / "out.png"))


def test_a_backbone_that_does_not_load_leaves_no_log(tmp_path):
    (tmp_path / "weights.npz").write_bytes(b"no archive")
    backbone = {"use": "vgg19", "weights": str(tmp_path / "weights.npz")}
    with pytest.raises(nstk.WeightsError):
        testing.run_recipe(tmp_path, backbone=backbone, callbacks={"csv_log": None}, **TINY)
    assert not (tmp_path / "out.csv").exists()


def test_failed_saving_hides_no_first_error(tmp_path, plugin, monkeypatch, caplog):
    monkeypatch.setattr(saving, "write", lambda *args: 1 / 0)
    nothing = """
    class Nothing(nstk.Loss):
        name = "nothing"

        def __call__(self, features, target):
            return tf.reduce_mean(features["image"]) * np.nan

    @nstk.hookimpl
    def nstk_losses():
        return [Nothing]
    """
    with pytest.raises(nstk.NotFinite):
        testing.run_recipe(tmp_path, plugins=[plugin(nothing)], losses={"nothing": None}, run_eagerly=True)
    assert "the picture so far could not be saved: division by zero" in caplog.text


class Remove(nstk.Callback):
    """Removes the working directory at the second step."""

    name = "remove"

    def on_step(self, run, step):
        if step.index == 2:
            shutil.rmtree(os.getcwd())


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps the folder that a process is in")
@pytest.mark.parametrize("output", ["gone/out.png", "kept/out.png"])
def test_the_working_directory_is_removed(output, tmp_path, monkeypatch):
    """The run paints to where it was asked to, also if that is in the folder that was removed; the logs are whole."""
    for name in ("gone", "kept"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    made = testing.pictures((36, 48))
    for key, picture in (("content", made.content), ("style", made.styles["style"])):
        nstk.write_picture(picture, tmp_path / "kept" / f"{key}.png")
    keys = {"size": 48, "steps": 3, "backbone": "tiny", "optimizer": "adam", "output": f"../{output}", **TINY}
    keys |= {key: f"../kept/{key}.png" for key in ("content", "style")}
    keys["callbacks"] = {"progress": False, "csv_log": None, "json_log": None, "remove": None}
    result, place = nstk.run({**keys, "plugins": [Remove]}), tmp_path / output
    assert (result.path, result.stopped, nstk.read_picture(place).shape) == (place, "done", (36, 48, 3))
    assert json.loads(place.with_suffix(".run.json").read_text())["finished"]
    assert len(place.with_suffix(".csv").read_text().splitlines()) == 4
    assert len(place.with_suffix(".jsonl").read_text().splitlines()) == 5
    with pytest.raises(nstk.UserError, match="the working directory is gone, or may not be read"):
        nstk.run({**keys, "plugins": [Remove]})
    monkeypatch.chdir(tmp_path)
    assert nstk.load_recipe(place.with_suffix(".recipe.yaml"), plugins=[Remove]).path == place
