"""Earlier pictures where a run would paint: none is lost, and what is kept is said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import nstk
from nstk import testing
from nstk.checkpoints.folder import RunFolder
from tests.helpers import same

RECIPE = """
content: content.png
style: style.png
size: 48
steps: 2
precision: float32
backbone: tiny
optimizer: adam
run_eagerly: true
losses: {gram: {layers: [image]}}
callbacks: {progress: false}
"""

BREAK = """
import os, signal

class Break(nstk.Callback):
    \"\"\"Ends the run at a step, or takes its place away.\"\"\"
    name = "break"
    at: int = 2
    how: str = "signal"

    def on_step(self, run, step):
        if step.index != self.at or run.resumed:
            return
        if self.how == "signal":
            os.kill(os.getpid(), signal.SIGINT)
        elif self.how == "read-only":
            run.output.chmod(0o444)
        else:
            raise ValueError("broken off")

@nstk.hookimpl
def nstk_callbacks():
    return [Break]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch, plugin):
    """A working directory with a recipe, its pictures and the plugin that breaks a run off."""
    monkeypatch.chdir(tmp_path)
    made = testing.pictures((36, 48))
    for name, picture in (("content", made.content), ("style", made.styles["style"]), ("other", made.styles["style"])):
        nstk.write_picture(picture, f"{name}.png")
    Path("mine.yaml").write_text(RECIPE)
    plugin(BREAK, "breaks.py")
    return tmp_path


def paint(*overrides, **options):
    """The name of the picture's file."""
    recipe = nstk.load_recipe("mine.yaml", overrides, plugins=["breaks.py"])
    return nstk.run(recipe, **options).path.name


def bytes_of(pattern):
    return {path.name: path.read_bytes() for path in Path().glob(pattern) if path.is_file()}


def record(path):
    return json.loads(Path(path).read_text())


def test_other_settings_go_beside(folder, caplog):
    assert paint() == "mine.png"
    first = bytes_of("out/*")
    assert paint("steps=4") == "mine.1.png"
    assert caplog.messages == [
        "out/mine.png, of other settings or inputs, is kept: this picture goes to out/mine.1.png; "
        "`--force` replaces out/mine.png"
    ]
    assert paint("steps=5") == "mine.2.png"
    assert "out/mine.png and 1 more, of other settings or inputs, are kept" in caplog.messages[-1]
    assert {name: data for name, data in bytes_of("out/*").items() if name in first} == first
    saved = nstk.load_recipe("out/mine.1.recipe.yaml")
    assert (saved.steps, saved.path) == (4, folder / "out" / "mine.1.png")
    assert [record(f"out/mine{it}.run.json")["steps"] for it in ("", ".1", ".2")] == [2, 4, 5]


def test_the_same_command_paints_the_same_file(folder, caplog):
    assert [paint(), paint("steps=1"), paint("steps=1")] == ["mine.png", "mine.1.png", "mine.1.png"]
    Path("out/mine.png").unlink()
    assert paint("callbacks.progress=", "checkpoint=false", quiet=True) == "mine.png"  # they change no picture
    assert not list(Path("out").glob("mine.2*"))


@pytest.mark.parametrize(
    "change",
    ["content=other.png", "seed=1", "output.depth=16", "callbacks.early_stop="],
)
def test_whatever_differs_is_another_picture(change, folder):
    paint()
    assert paint(change) == "mine.1.png"


def test_an_input_that_was_edited_is_another(folder):
    paint()
    shutil.copy("other.png", "content.png")
    assert paint() == "mine.1.png"


def test_a_folder_asked_for_keeps_them_too(folder):
    assert [paint("output=pictures/"), paint("output=pictures/", "steps=4")] == ["mine.png", "mine.1.png"]
    assert record("pictures/mine.run.json")["steps"] == 2


@pytest.mark.parametrize("left", ["mine.png", "mine.recipe.yaml"])
def test_what_nobody_knows_is_never_replaced(left, folder):
    Path("out").mkdir()
    Path("out", left).write_bytes(b"of mine")
    assert paint() == "mine.1.png"
    assert Path("out", left).read_bytes() == b"of mine"


def test_an_older_record_is_of_another(folder):
    paint()
    older = record("out/mine.run.json")
    del older["settings"]
    Path("out/mine.run.json").write_text(json.dumps(older))
    assert paint() == "mine.1.png"
    Path("out/mine.1.run.json").write_text("[torn")
    assert paint() == "mine.2.png"


def test_who_asks_for_a_place_gets_it(folder, caplog):
    paint()
    assert paint("steps=4", "output=out/mine.png") == "mine.png"
    assert record("out/mine.run.json")["steps"] == 4
    assert paint("steps=5", force=True) == "mine.png"
    assert record("out/mine.run.json")["steps"] == 5
    assert caplog.messages == []
    assert nstk.load_recipe("mine.yaml", ["steps=6"]).path == folder / "out" / "mine.png"  # to check and show choose nothing


def test_an_unfinished_run_keeps_its_place(folder):
    paint("callbacks.break=", "steps=9")
    Path("out/mine.png").unlink()
    for path in Path("out").glob("mine.r*.*"):
        path.unlink()  # as if it had been killed
    assert RunFolder(Path("out/mine.run")).unfinished
    assert paint() == "mine.1.png"
    result = nstk.resume("out/mine.png")
    assert (result.path.name, len(result.history), result.stopped) == ("mine.png", 9, "done")


def test_two_at_once_do_not_meet(folder, monkeypatch):
    """The place is looked at again once it is this process's own."""
    from nstk.engine import session

    real = session.check_place

    def other_process(recipe, **options):
        if recipe.steps == 2:
            Path("out/mine.png").write_bytes(b"just painted")
        real(recipe, **options)

    monkeypatch.setattr(session, "check_place", other_process)
    with pytest.raises(nstk.UserError, match=r"out/mine.png has just been painted by another process: run this one again"):
        paint()
    assert bytes_of("out/*") == {"mine.png": b"just painted"}


@pytest.mark.parametrize("how", ["signal", "error"])
def test_a_broken_run_keeps_what_was_finished(how, folder, caplog):
    paint("output=out/a.png")
    first = bytes_of("out/*")
    Path("first.png").write_bytes(first["a.png"])
    broken = ["output=out/a.png", "steps=9", "checkpoint.every=1", f"callbacks.break.how={how}"]
    if how == "error":
        with pytest.raises(nstk.CallbackError):
            paint(*broken)
    else:
        paint(*broken)
    assert "out/a.png was a finished picture of another run: it is kept as out/a.1.png" in caplog.messages
    assert Path("out/a.1.png").read_bytes() == first["a.png"]
    assert Path("out/a.png").read_bytes() != first["a.png"]
    assert record("out/a.1.run.json") == {**json.loads(first["a.run.json"]), "output": str(folder / "out" / "a.1.png")}
    assert (record("out/a.run.json")["finished"], record("out/a.1.run.json")["finished"]) == (False, True)
    result = nstk.resume("out/a.png")
    assert (result.path, result.stopped, len(result.history)) == (folder / "out" / "a.png", "done", 9)
    assert same(nstk.run("out/a.1.recipe.yaml").path, "first.png")  # it paints to its own place
    assert not list(Path("out").glob("a.2*"))


def test_what_was_broken_off_is_replaced(folder, caplog):
    for _ in range(2):
        paint("output=a.png", "steps=9", "callbacks.break=")
    assert [path.name for path in sorted(folder.glob("a.*png"))] == ["a.png"]


def test_stopping_for_a_reason_is_an_end(folder):
    paint("output=a.png")
    result = nstk.run(
        nstk.load_recipe("mine.yaml", ["output=a.png", "steps=90", "callbacks.early_stop={patience: 1, min_improvement: 0.9}"])
    )
    assert result.stopped.startswith("plateau")
    assert record("a.run.json")["finished"]
    assert not Path("a.1.png").exists()


def test_a_run_set_aside_replaces_nothing(folder, caplog):
    paint("output=a.png", "steps=9", "callbacks.break=")
    paint("output=a.png")
    finished = Path("a.png").read_bytes()
    result = nstk.resume("a.run.1")
    assert (len(result.history), result.path.name) == (9, "a.png")
    assert Path("a.1.png").read_bytes() == finished
    assert caplog.messages[-1] == "a.png was a finished picture of another run: it is kept as a.1.png"


@pytest.mark.parametrize("name", ["a.png", "a.recipe.yaml", "a.run.json"])
def test_a_read_only_file_is_not_replaced(name, folder):
    paint("output=a.png")
    Path(name).chmod(0o444)
    before = bytes_of("a.*")
    with pytest.raises(nstk.OutputError, match=rf"cannot write .*{name}: it is read-only; `--force` replaces it"):
        paint("output=a.png", "steps=4")
    assert bytes_of("a.*") == before
    assert paint("output=a.png", "steps=4", force=True) == "a.png"
    assert record("a.run.json")["steps"] == 4


def test_a_file_that_becomes_read_only(folder, tmp_path_factory, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("temporary")))
    paint("output=a.png")
    before = Path("a.png").read_bytes()
    with pytest.raises(nstk.RunError, match=r"cannot write .*a.png: it is read-only.*; it is (.*)") as told:
        paint("output=a.png", "steps=4", "callbacks.break.how=read-only")
    assert Path("a.png").read_bytes() == before
    assert nstk.read_picture(str(told.value).rpartition("it is ")[2]).shape == (36, 48, 3)


def test_two_pictures_share_no_file(folder):
    logs = ["callbacks.csv_log=", "callbacks.json_log=", "callbacks.snapshots.every=2"]
    paint("output=a.png", *logs)
    first = bytes_of("a*")
    for name in ("a.jpg", "a.tiff", "a.jpg.png"):
        assert paint(f"output={name}", "steps=4", *logs) == name
    assert {name: data for name, data in bytes_of("a*").items() if name in first} == first
    assert {it.name for it in folder.glob("a.jpg*") if ".png" not in it.name} == {
        *("a.jpg", "a.jpg.recipe.yaml", "a.jpg.run.json", "a.jpg.csv", "a.jpg.jsonl"),
        *("a.jpg-00002.jpg", "a.jpg-00004.jpg"),
    }
    paint("output=b.jpg", "callbacks.break=", "steps=9")
    assert Path("b.jpg.run").is_dir()
    assert len(nstk.resume("b.jpg").history) == 9


def test_a_snapshot_replaces_no_picture(folder):
    paint("output=a-00004.png")
    before = bytes_of("a-*")
    with pytest.raises(nstk.CallbackError, match=r"a-00004.png belongs to another run, and would be replaced"):
        paint("output=a.png", "steps=6", "callbacks.snapshots.every=2")
    assert bytes_of("a-*") == before
