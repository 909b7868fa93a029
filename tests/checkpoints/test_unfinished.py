"""From a path to a run that is not finished: what is found, what is none, what does not fit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import nstk
from nstk.checkpoints.folder import RunFolder
from nstk.checkpoints.unfinished import unfinished


def test_a_project_can_be_moved(interrupted, tmp_path, monkeypatch):
    (tmp_path / "new").mkdir()
    for name in ("photo.png", "painting.png", "mine.py", "mine.yaml", "out"):
        shutil.move(name, f"new/{name}")
    monkeypatch.chdir(tmp_path / "new")
    before = Path("mine.yaml").read_text()
    Path("mine.yaml").write_text(before + "# a note\n")
    with pytest.raises(nstk.UserError, match=r"mine.yaml was edited"):
        nstk.resume("out/mine.run")
    Path("mine.yaml").write_text(before)
    assert nstk.resume("out/mine.run").path == tmp_path / "new" / "out" / "mine.png"


def test_more_steps_can_be_forced(interrupted):
    copy = Path("out/mine.run/recipe.yaml")
    copy.write_text(copy.read_text().replace("steps: 6", "steps: 9"))
    result = nstk.resume(interrupted, force=True)
    assert [row["step"] for row in result.history] == list(range(1, 10))


def test_another_crop_is_another_picture(interrupted):
    copy = Path("out/mine.run/recipe.yaml")
    copy.write_text(copy.read_text().replace("size: 48", "size: 48x36").replace("crop: centre", "crop: top"))
    with pytest.raises(nstk.UserError, match=r"`crop` was centre and is top; `size` was 48 and is 48x36"):
        nstk.resume(interrupted)


def test_fewer_steps_can_be_forced(interrupted):
    copy = Path("out/mine.run/recipe.yaml")
    copy.write_text(copy.read_text().replace("steps: 6", "steps: 2"))
    assert len(nstk.resume(interrupted, force=True).history) == 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "size: 48",
            "size: 64",
            r"is of a picture with 48 x 36 pixels as its scale 0, which the recipe does not have",
        ),
        ("use: adam", "use: lbfgs", r"holds \d+ variables of optimizer `lbfgs`, but it has \d+ when it starts"),
    ],
)
def test_what_does_not_fit_cannot_be_forced(old, new, message, interrupted):
    copy = Path("out/mine.run/recipe.yaml")
    text = copy.read_text()
    if "lbfgs" in new:
        text = text[: text.index("optimizer:")] + "optimizer: lbfgs\n" + text[text.index("losses:") :]
    copy.write_text(text.replace(old, new))
    picture = interrupted.read_bytes()
    with pytest.raises(nstk.UserError, match=message):
        nstk.resume(interrupted, force=True)
    assert interrupted.read_bytes() == picture
    assert RunFolder.of(interrupted).latest().step == 3


def test_a_finished_run_has_nothing_to_resume(interrupted):
    nstk.resume(interrupted)
    for path in (interrupted, "out/mine.run"):
        with pytest.raises(nstk.UserError, match=r"nothing to resume: .*mine\.png is finished|no run out"):
            nstk.resume(path)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("out/mien.png", "no run out/mien.png, neither a folder nor a picture: did you mean `mine.png`?"),
        ("nowhere", "no run nowhere, neither a folder nor a picture: nowhere.run would be its folder"),
        ("out", "out is no run's folder: it has no recipe.yaml; a run's folder is called NAME.run"),
        ("photo.png", "nothing to resume: photo.png comes from no run that is known here; `nstk run` paints it anew"),
        ("out/mine.jpg", "out/mine.run paints out/mine.png, not out/mine.jpg: name that one, or the folder"),
    ],
)
def test_what_is_no_run_is_told(path, message, interrupted):
    with pytest.raises(nstk.UserError) as told:
        nstk.resume(path)
    assert str(told.value) == message


def test_without_checkpoints_no_folder_is_left(interrupted):
    nstk.resume(interrupted)
    assert nstk.run(nstk.load_recipe("mine.yaml", ["checkpoint=false"])).stopped == "interrupted"
    assert not Path("out/mine.run").exists()
    with pytest.raises(nstk.UserError, match=r"the run of .*mine.png ended \(interrupted\) and kept no checkpoint"):
        nstk.resume(interrupted)


def test_a_new_run_tells_of_the_unfinished_one(interrupted, caplog):
    nstk.run("mine.yaml")
    assert "out/mine.run held an unfinished run" in caplog.text
    assert nstk.resume("out/mine.run.1").stopped == "done"
    assert nstk.resume("out/mine.run").stopped == "done"
    assert sorted(path.name for path in Path("out").iterdir()) == ["mine.png", "mine.recipe.yaml", "mine.run.json"]


def test_failing_before_a_step_leaves_no_folder(interrupted):
    nstk.resume(interrupted)
    text = Path("mine.yaml").read_text()
    Path("mine.yaml").write_text(text.replace("breaking: {at: 3}", "csv_log: {path: mine.png}"))
    with pytest.raises(nstk.CallbackError):
        nstk.run("mine.yaml")
    assert not Path("out/mine.run").exists()


def test_a_run_without_a_step_starts_anew(interrupted, caplog):
    folder = RunFolder.of(interrupted)
    for path in folder.checkpoints()[:-1]:
        path.unlink()
    assert unfinished(interrupted).saved.step == 0
    assert nstk.resume(interrupted).stopped == "interrupted"  # its callback breaks it off again
    assert "out/mine.run holds no step yet: the run starts from the beginning" in caplog.text


def test_resuming_keeps_a_saved_recipes_notes(interrupted):
    saved = Path("out/mine.recipe.yaml")
    saved.write_text(saved.read_text() + "# a note of mine\n")
    assert nstk.run("out/mine.recipe.yaml").stopped == "interrupted"
    assert nstk.resume(interrupted).stopped == "done"
    assert saved.read_text().endswith("# a note of mine\n")


def test_a_folder_of_an_older_version_is_found(interrupted):
    """Once, the folder of every picture was called by its stem."""
    recipe = Path("out/mine.run/recipe.yaml")
    recipe.write_text(recipe.read_text().replace("mine.png", "mine.jpg"))
    assert unfinished("out/mine.jpg", force=True).recipe.path == Path("out/mine.jpg").absolute()
    Path("out/mine.jpg").write_bytes(Path("out/mine.png").read_bytes())
    assert unfinished("out/mine.jpg", force=True).folder.path == Path("out/mine.run").absolute()
    with pytest.raises(nstk.UserError, match=r"out/mine.run paints out/mine.jpg, not out/mine.png"):
        unfinished("out/mine.png", force=True)


def test_a_link_to_a_picture_is_that_picture(interrupted):
    Path("link.png").symlink_to(interrupted)
    assert unfinished("link.png").recipe.path == interrupted
