"""The files of an unfinished run: whole or not at all, two generations, and damage noticed."""

from __future__ import annotations

import hashlib
import os

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import nstk
from nstk.checkpoints import folder as module
from nstk.checkpoints.folder import RunFolder
from nstk.checkpoints.state import RunState
from nstk.recipe.settings import Checkpoint

ARRAYS = {
    "picture": np.random.default_rng(0).uniform(0, 255, (1, 6, 5, 3)).astype(np.float32),
    "count": np.array(7, np.int64),
    "known": np.array(True),
    "products": np.eye(3),
    "empty": np.zeros([0], np.float32),
}


STATE = RunState(seconds=1.5, spared=0, labels=[], machine={}, weights="", origins={})


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "out.run").mkdir()
    return RunFolder.of(tmp_path / "out.png")


def write(folder, *steps, arrays=ARRAYS):
    for step in steps:
        folder.write(step, STATE, arrays.items())


def names(folder):
    return sorted(path.name for path in folder.path.iterdir())


def test_what_is_written_is_read_again_bit_for_bit(folder):
    write(folder, 3)
    saved = folder.latest()
    assert (saved.step, saved.state.seconds) == (3, 1.5)
    assert set(saved.names) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert saved[name].dtype == array.dtype
        np.testing.assert_array_equal(saved[name], array)


def test_the_file_is_an_archive_of_numpys_whose_name_holds_its_hash(folder):
    write(folder, 12)
    (path,) = folder.checkpoints()
    assert path.name == f"step-0000012-{hashlib.sha256(path.read_bytes()).hexdigest()}.npz"
    with np.load(path, allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["picture"], ARRAYS["picture"])


def test_two_generations_are_kept(folder):
    write(folder, 0, 5, 10, 15)
    assert [name[:12] for name in names(folder)] == ["step-0000010", "step-0000015"]
    assert folder.latest().step == 15


@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "renamed"])
def test_a_damaged_checkpoint_is_noticed_and_the_one_before_is_used(damage, folder, caplog):
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


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_no_byte_can_change_unnoticed(tmp_path_factory, data):
    folder = RunFolder.of(tmp_path_factory.mktemp("run") / "out.png")
    folder.path.mkdir()
    write(folder, 1)
    (path,) = folder.checkpoints()
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with pytest.raises(nstk.UserError, match=r"every checkpoint in .* is damaged: `nstk run .*recipe.yaml` starts anew"):
        folder.latest()


def test_a_folder_without_a_checkpoint_says_what_to_do(folder):
    with pytest.raises(nstk.UserError, match=r"holds no checkpoint: `nstk run .*recipe.yaml` starts anew"):
        folder.latest()


def test_another_format_is_not_guessed_at(folder, monkeypatch):
    monkeypatch.setattr(module, "FORMAT", 2)
    write(folder, 1)
    monkeypatch.undo()
    with pytest.raises(nstk.UserError, match="was written by another version of nstk"):
        folder.latest()


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_ones_before_and_nothing_else(call, folder, monkeypatch):
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


def test_arrays_go_to_the_file_one_after_the_other(folder):
    """A state of gigabytes is never in memory as a whole."""
    sizes = []

    def arrays():
        for index in range(4):
            (temporary,) = folder.path.glob(".nstk-*.tmp")
            sizes.append(temporary.stat().st_size)
            yield f"large.{index}", np.zeros(1 << 20, np.uint8)

    folder.write(1, STATE, arrays())
    assert np.diff(sizes).min() > (1 << 20) - (1 << 16)


def test_a_folder_belongs_to_one_process(folder):
    with folder.locked(), pytest.raises(nstk.UserError, match="is being painted by another process"), folder.locked():
        pass
    with folder.locked():
        pass


def test_what_a_killed_process_was_writing_is_removed(folder):
    write(folder, 1)
    (folder.path / ".nstk-0123.tmp").write_bytes(b"half")
    with folder.locked():
        assert [name[:12] for name in names(folder)] == ["step-0000001"]


def test_a_folder_that_holds_nothing_goes_away(tmp_path):
    folder = RunFolder.of(tmp_path / "out.png")
    with folder.locked():
        assert folder.path.is_dir()
    assert not folder.path.exists()


def test_the_folder_of_a_finished_run_goes_but_not_what_somebody_put_there(folder):
    folder.begin("content: a.png\n", STATE)
    assert folder.unfinished
    (folder.path / "note.txt").write_text("mine")
    folder.remove()
    assert names(folder) == ["note.txt"]
    assert not folder.unfinished


def test_a_new_run_keeps_an_unfinished_one_under_another_name(folder, monkeypatch):
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


def test_a_run_without_a_step_is_not_worth_keeping(folder):
    folder.begin("content: a.png\n", STATE)
    assert folder.set_aside() == ""
    assert not folder.path.exists()


def test_a_run_that_is_being_painted_is_not_set_aside(folder):
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


@pytest.mark.parametrize(
    ("every", "steps", "seconds", "due"),
    [
        (50, 49, 1e6, False),
        (50, 50, 0, True),
        ("60s", 10**6, 59.9, False),
        ("60s", 1, 60, True),
        ("0.5s", 1, 0.5, True),
        (False, 10**6, 1e6, False),
    ],
)
def test_when_it_is_due(every, steps, seconds, due):
    assert Checkpoint(every=every).due(steps, seconds) is due


@pytest.mark.parametrize("every", [0, -1, True, 2.5, "60", "60 s", "60 sec", "0s", "-1s", "s", "", None])
def test_an_interval_that_is_none(every):
    with pytest.raises(ValueError, match=r"write a number of steps \(50\) or of seconds \(60s\)"):
        Checkpoint(every=every)


def test_the_folder_is_synced_where_the_system_can(folder, monkeypatch):
    """Windows opens no folders: a checkpoint is written all the same."""
    real = os.open

    def refuse(path, *args):
        if str(path) == str(folder.path):
            raise PermissionError(13, "Permission denied")
        return real(path, *args)

    monkeypatch.setattr(module.os, "open", refuse)
    write(folder, 1)
    assert folder.latest().step == 1
