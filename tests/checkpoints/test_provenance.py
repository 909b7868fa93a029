"""What a run was made from, and what is refused or told because it has changed since."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import nstk
from nstk import testing
from nstk.checkpoints.unfinished import unfinished

CHANGES = {
    "content": lambda: shutil.copy("other.png", "photo.png"),
    "recipe": lambda: Path("mine.yaml").write_text(Path("mine.yaml").read_text() + "# a note\n"),
    "copy": lambda: Path("out/mine.run/recipe.yaml").write_text(
        Path("out/mine.run/recipe.yaml").read_text().replace("weight: 1.0", "weight: 2.0", 1)
    ),
    "plugin": lambda: Path("mine.py").write_text(Path("mine.py").read_text().replace("/ 255", "/ 256")),
}


SAID = {
    "content": "`content` is another file now (photo.png)",
    "recipe": "mine.yaml was edited",
    "copy": "`losses.content.weight` was 1.0 and is 2.0",
}


@pytest.mark.parametrize("change", SAID)
def test_what_has_changed_is_refused_or_forced(change, interrupted, caplog):
    CHANGES[change]()
    with pytest.raises(nstk.UserError) as told:
        nstk.resume(interrupted)
    assert str(told.value) == (
        f"out/mine.run was begun with something else: {SAID[change]}: `--force` goes on all the same, `nstk run` starts anew"
    )
    assert nstk.resume(interrupted, force=True).stopped == "done"
    assert SAID[change] in caplog.text


def test_other_code_of_a_loss_is_refused(interrupted):
    CHANGES["plugin"]()  # only callbacks of it are used
    assert unfinished(interrupted).saved.step == 3
    nstk.resume(interrupted)
    Path("mine.yaml").write_text(Path("mine.yaml").read_text().replace("losses: {", "losses: {drawing: , "))
    nstk.run("mine.yaml")
    Path("mine.py").write_text(Path("mine.py").read_text().replace("/ 256", "/ 257"))
    with pytest.raises(nstk.UserError, match=r"the code of `drawing` in `losses.drawing` was changed \(mine.py\)"):
        nstk.resume(interrupted)


def test_other_versions_are_told(interrupted, monkeypatch, caplog):
    monkeypatch.setattr("nstk.checkpoints.provenance.platform.python_version", lambda: "3.99")
    nstk.resume(interrupted)
    assert "the picture may differ in its rounding: python" in caplog.text
    assert "now 3.99" in caplog.text


def test_a_definition_without_a_plugin_is_refused(tmp_path):
    class Homeless(nstk.Loss):
        """Never registered."""

        name = "homeless"

    recipe = testing.recipe(tmp_path).model_copy(update={"losses": {"mine": Homeless()}})
    with pytest.raises(nstk.UserError, match=r"`losses.mine` is a Homeless, which no plugin of this recipe defines"):
        nstk.run(recipe)
