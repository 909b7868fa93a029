"""The files of an unfinished run: whole or not at all, two generations, and damage noticed."""

from __future__ import annotations

import os

import pytest

import nstk
from nstk.checkpoints import folder as module
from nstk.checkpoints.folder import RunFolder
from tests.checkpoints.samples import ARRAYS, STATE, names, write


def test_two_generations_are_kept(folder):
    write(folder, 0, 5, 10, 15)
    assert [name[:12] for name in names(folder)] == ["step-0000010", "step-0000015"]
    assert folder.latest().step == 15


@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "renamed"])
def test_damage_is_noticed_and_the_one_before_used(damage, folder, caplog):
    write(folder, 5, 10)
    path = folder.checkpoints()[0]
    data = bytearray(path.read_bytes())
    if damage == "renamed":  # one file in the place of another
        folder.checkpoints()[1].replace(path)
        write(folder, 5)
        folder.good.clear()
    else:
        data[len(data) // 2] ^= 1
        path.write_bytes({"cut": data[:-1], "empty": b"", "flipped": data}[damage])
    assert folder.latest().step == 5
    assert f"{path} is damaged (its sha256 is not the one in its name): the one before it is used" in caplog.text
    write(folder, 7)
    assert [module._step(path) for path in folder.checkpoints()] == [7, 5]  # what is damaged is gone


def test_an_empty_folder_says_what_to_do(folder):
    with pytest.raises(nstk.UserError, match=r"holds no checkpoint: `nstk run .*recipe.yaml` starts anew"):
        folder.latest()


def test_another_format_is_not_guessed_at(folder, monkeypatch):
    monkeypatch.setattr(module, "FORMAT", 2)
    write(folder, 1)
    monkeypatch.undo()
    with pytest.raises(nstk.UserError, match="was written by another version of nstk"):
        folder.latest()


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failed_write_leaves_the_ones_before(call, folder, monkeypatch):
    write(folder, 1, 2)
    before = names(folder)

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, call, full)
    message = r"cannot write the checkpoint .*out.run/step-0000003.npz \(No space left on device\)"
    with pytest.raises(nstk.OutputError, match=message):
        write(folder, 3)
    assert names(folder) == before
    assert folder.latest().step == 2


def test_an_error_on_the_way_leaves_nothing(folder):
    def arrays():
        yield "picture", ARRAYS["picture"]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        folder.write(1, STATE, arrays())
    assert names(folder) == []


def test_a_folder_belongs_to_one_process(folder):
    with folder.locked(), pytest.raises(nstk.UserError, match="is being painted by another process"), folder.locked():
        pass
    with folder.locked():
        pass


def test_what_a_killed_process_wrote_is_removed(folder):
    write(folder, 1)
    (folder.path / ".nstk-0123.tmp").write_bytes(b"half")
    with folder.locked():
        assert [name[:12] for name in names(folder)] == ["step-0000001"]


def test_a_folder_that_holds_nothing_goes_away(tmp_path):
    folder = RunFolder.of(tmp_path / "out.png")
    with folder.locked():
        assert folder.path.is_dir()
    assert not folder.path.exists()


def test_what_is_not_the_runs_is_left(folder):
    folder.begin("content: a.png\n", STATE)
    assert folder.unfinished
    (folder.path / "note.txt").write_text("mine")
    folder.remove()
    assert names(folder) == ["note.txt"]
    assert not folder.unfinished


def test_an_unfinished_run_gets_another_name(folder, monkeypatch):
    monkeypatch.chdir(folder.path.parent)
    for number in (1, 2):
        folder.path.mkdir(exist_ok=True)
        folder.begin("content: a.png\n", STATE)
        write(folder, 40)
        line = folder.set_aside()
        assert line == (
            "out.run held an unfinished run, which `nstk resume` would have continued after step 40: "
            f"it is kept as out.run.{number}, and this run starts anew"
        )
        assert not folder.path.exists()
        assert RunFolder(folder.path.with_name(f"out.run.{number}")).latest().step == 40


def test_a_run_without_a_step_is_not_kept(folder):
    folder.begin("content: a.png\n", STATE)
    assert folder.set_aside() == ""
    assert not folder.path.exists()


def test_a_run_at_work_is_not_set_aside(folder):
    folder.begin("content: a.png\n", STATE)
    write(folder, 1)
    with folder.locked(), pytest.raises(nstk.UserError, match="by another process"):
        folder.set_aside()
    assert folder.latest().step == 1


def test_a_folder_in_the_way_of_a_file(tmp_path):
    (tmp_path / "out.run").write_text("mine")
    with pytest.raises(nstk.OutputError, match=r"cannot write .*out\.run"), RunFolder.of(tmp_path / "out.png").locked():
        pass
    assert (tmp_path / "out.run").read_text() == "mine"


def test_a_folder_that_cannot_sync_is_written(folder, monkeypatch):
    """Windows opens no folders: a checkpoint is written all the same."""
    real = os.open

    def refuse(path, *args):
        if str(path) == str(folder.path):
            raise PermissionError(13, "Permission denied")
        return real(path, *args)

    monkeypatch.setattr(module.os, "open", refuse)
    write(folder, 1)
    assert folder.latest().step == 1


def test_who_comes_too_late_removes_nothing(folder):
    with folder.locked():
        with pytest.raises(nstk.UserError, match="by another process"), RunFolder(folder.path).locked():
            pass
        assert folder.path.is_dir()
    assert not folder.path.exists()


def test_a_folder_that_is_removed_is_made_again(folder, monkeypatch):
    """The process that had the folder ends, and removes it, after another one has opened it and before it locks it."""
    real, removed = module._take, []

    def take(handle):
        if not removed:
            removed.append(folder.path.rmdir())
        return real(handle)

    monkeypatch.setattr(module, "_take", take)
    with folder.locked():
        assert folder.path.is_dir()
        with pytest.raises(nstk.UserError, match="by another process"), RunFolder(folder.path).locked():
            pass
