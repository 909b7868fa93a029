"""What people do in a notebook: a loss in a cell, pictures in memory, one run after another, in whatever loop or thread."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import json
import linecache
import sys
import threading
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import testing
from nstk.cli import main
from tests.helpers import same

PICTURES = testing.pictures((36, 48))
PHOTO, ART = PICTURES.content, PICTURES.styles["style"].astype(np.uint8)
RECIPE = {
    "content": PHOTO,
    "style": ART,
    "size": 48,
    "steps": 4,
    "precision": "float32",
    "backbone": "tiny",
    "optimizer": {"use": "adam", "learning_rate": 2},
    "losses": {"warm": {"weight": 2}, "content": None},
    "callbacks": {"progress": False},
}

CELL = """
class Warm(nstk.Loss):
    '''Squared distance of the pixels to one level.'''

    name = "warm"
    level: float = {level}

    def __call__(self, features, target):
        return tf.reduce_mean(tf.square(features["image"] - self.level)) / 1000
"""


def cell(number: int, level: float = 200.0) -> type[nstk.Loss]:
    """The class that a notebook's cell defines."""
    text, file = CELL.format(level=level), f"<ipython-input-{number}>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    space = {"__name__": "a_notebook", "nstk": nstk, "tf": tf}
    exec(compile(text, file, "exec"), space)
    return space["Warm"]


class Break(nstk.Callback):
    """Breaks a run off after two steps, once."""

    name = "break"

    def on_step(self, run, step):
        if step.index == 3 and not run.resumed:
            raise ValueError("broken off")


@pytest.fixture(autouse=True)
def notebook(tmp_path, monkeypatch):
    """A notebook's module, which has no file, and its folder."""
    monkeypatch.setitem(sys.modules, "a_notebook", ModuleType("a_notebook"))
    monkeypatch.chdir(tmp_path)


def painted(warm: type[nstk.Loss], **keys) -> nstk.Result:
    return nstk.run(nstk.load_recipe({**RECIPE, **keys}, plugins=[warm]))


def test_a_loss_and_pictures_of_a_cell():
    warm = cell(1)
    result = painted(warm)
    assert result.path == Path.cwd() / "out" / "picture.png"
    assert result.losses["warm"] > 0
    record = json.loads(Path("out/picture.run.json").read_text())
    row = next(row for row in record["plugins"] if row["where"] == "losses.warm")
    assert row["sha256"] == hashlib.sha256(CELL.format(level=200.0).lstrip("\n").encode()).hexdigest()
    assert (row["plugin"], row["origin"]) == ("python", "given in Python")
    assert record["inputs"]["content"]["path"] == f"python:{record['inputs']['content']['sha256'][:16]}"
    assert record["inputs"]["style"]["sha256"] != record["inputs"]["content"]["sha256"]
    head = Path("out/picture.recipe.yaml").read_text().splitlines()[:5]
    assert head[:3] == [
        "# The recipe of picture.png, with every default written out.",
        "# It needs the loss `warm` (class Warm), given in Python and to be given again:",
        "#     nstk.load_recipe(path, plugins=[Warm])",
    ]
    again = nstk.run(nstk.load_recipe("out/picture.recipe.yaml", plugins=[warm], content=PHOTO, style=ART))
    assert np.array_equal(again.picture, result.picture), "the saved recipe is run as it is, and stays"


def test_pictures_in_memory_are_those_of_files(tmp_path):
    files = {}
    for key, picture in (("content", PHOTO.astype(np.uint8)), ("style", ART)):
        nstk.write_picture(picture, tmp_path / f"{key}.png")
        files[key] = f"{key}.png"
    from_files = painted(cell(1), **files, output="a.png")
    from_arrays = painted(cell(1), content=PHOTO.astype(np.uint8), style={"style": ART}, output="b.png")
    from_bytes = painted(cell(1), **{key: Path(file).read_bytes() for key, file in files.items()}, output="c.png")
    assert np.array_equal(from_files.picture, from_arrays.picture)
    assert same("a.png", "c.png")
    assert from_bytes.losses == from_files.losses


def test_a_cell_run_again_is_the_new_one():
    first, second = (painted(cell(number, level), output=False) for number, level in ((1, 250.0), (2, 10.0)))
    assert first.picture.mean() > second.picture.mean()
    with nstk.Session() as session:
        for before, (number, level) in ((first, (1, 250.0)), (second, (2, 10.0))):
            made = session.run(nstk.load_recipe({**RECIPE, "output": False}, plugins=[cell(number, level)]))
            assert np.array_equal(made.picture, before.picture), "in one session too"


@pytest.mark.slow
def test_the_same_in_a_thread_and_in_a_loop():
    alone = painted(cell(1), output="alone.png")
    made: list[nstk.Result] = []
    thread = threading.Thread(target=lambda: made.append(painted(cell(1), output="thread.png")))
    thread.start()
    thread.join()

    async def in_a_loop() -> nstk.Result:
        assert asyncio.get_running_loop().is_running()
        made.append(await asyncio.to_thread(painted, cell(1), output="task.png"))
        return painted(cell(1), output="loop.png")

    made.append(asyncio.run(in_a_loop()))
    assert len(made) == 3
    for name, result in zip(("thread", "task", "loop"), made, strict=True):
        assert result.losses == alone.losses
        assert same(f"{name}.png", "alone.png")


def test_the_testing_kit_takes_a_class(tmp_path):
    warm = cell(1)
    result = testing.run_recipe(tmp_path, plugins=[warm], losses={"warm": {"level": 10}}, content=PHOTO)
    assert result.losses["warm"] > 0
    testing.check_loss(warm())


@pytest.fixture
def broken() -> Path:
    """A run that was broken off after two steps."""
    keys = {**RECIPE, "checkpoint": {"every": 1}, "callbacks": {"progress": False, "break": None}}
    with pytest.raises(nstk.CallbackError, match="broken off"):
        nstk.run(nstk.load_recipe(keys, plugins=[cell(1), Break]))
    return Path("out/picture.png")


def test_resuming_asks_for_all_again(broken):
    with pytest.raises(nstk.RecipeError) as caught:
        nstk.resume(broken)
    said = str(caught.value)
    assert "out/picture.run/recipe.yaml:" in said
    for what in ("the content", "the style", "the class Warm", "the class Break"):
        assert f"{what}" in said
        assert "given in Python" in said
    assert "`nstk.resume(path, plugins=[Warm])`" in said


def test_resuming_with_the_same_goes_on(broken):
    whole = painted(cell(5), output="whole.png")
    result = nstk.resume(broken, plugins=[cell(2), Break], content=PHOTO, style=ART)
    assert result.stopped == "done"
    assert same(broken, "whole.png")
    assert result.losses == whole.losses


def test_resuming_with_others_is_refused(broken):
    with pytest.raises(nstk.UserError, match=r"the code of `warm` in `losses.warm` was changed \(given in Python\)") as caught:
        nstk.resume(broken, plugins=[cell(2, level=100.0), Break], content=PHOTO, style=ART)
    assert "`losses.warm.level` was" not in str(caught.value), "the recipe holds the level"
    with pytest.raises(nstk.UserError, match=r"`style` is another picture now \(python:[0-9a-f]{16}\)"):
        nstk.resume(broken, plugins=[cell(1), Break], content=PHOTO, style=PHOTO)
    forced = nstk.resume(broken, plugins=[cell(1), Break], content=PHOTO, style=PHOTO, force=True)
    assert forced.stopped == "done"


def test_no_output_writes_nothing():
    result = painted(cell(1), output=False, checkpoint={"every": 1})
    assert not [*Path.cwd().rglob("*")]
    assert result.path is None
    assert result.stopped == "done"
    assert np.array_equal(result.picture, painted(cell(1)).picture)


@pytest.mark.parametrize("name", ["csv_log", "json_log", "snapshots"])
def test_what_writes_says_that_nothing_is_written(name):
    said = (
        f"callback `{name}` .* failed in on_start: `.*` is not written, for the recipe says `output: false`: name a file there"
    )
    with pytest.raises(nstk.CallbackError, match=said):
        painted(cell(1), output=False, callbacks={"progress": False, name: None})


class Save(nstk.Callback):
    """Saves by itself."""

    name = "save"

    def on_end(self, run):
        assert run.output is None
        run.save(Path("mine.png"))


def test_saving_says_that_nothing_is_written():
    recipe = {**RECIPE, "losses": {"content": None}, "output": False, "callbacks": {"progress": False, "save": None}}
    with pytest.raises(nstk.CallbackError, match=r"mine.png is not written, for the recipe says `output: false`"):
        nstk.run(nstk.load_recipe(recipe, plugins=[Save]))
    assert not [*Path.cwd().rglob("*")]


class Infinite(nstk.Loss):
    """It has no value."""

    name = "infinite"

    def __call__(self, features, target):
        return tf.reduce_mean(features["image"]) / 0.0


def test_an_error_without_output_tells_of_no_file():
    with pytest.raises(nstk.NotFinite) as caught:
        nstk.run(nstk.load_recipe({**RECIPE, "losses": {"infinite": None}, "output": False}, plugins=[Infinite]))
    assert "saved" not in str(caught.value)
    assert not [*Path.cwd().rglob("*")]


def test_all_else_works_without_output(capsys):
    from nstk.engine.estimate import estimate_in_words

    files = {**RECIPE, "losses": {"content": None}, "output": False}
    recipe = nstk.load_recipe(files)
    assert recipe.path is None
    assert "output: false\n" in recipe.to_yaml()
    again = nstk.load_recipe({"extends": saved(recipe), "content": PHOTO, "style": ART})
    assert again.to_yaml() == recipe.to_yaml()
    assert nstk.load_recipe(files, output="a.png").path == Path.cwd() / "a.png"
    assert nstk.load_recipe(files, ["output.path=a.png"]).path == Path.cwd() / "a.png"
    assert nstk.load_recipe("louvre", output=False).path is None
    deep = nstk.load_recipe({**files, "output": {"path": False, "depth": 16}})
    assert (deep.path, deep.output.depth) == (None, 16)
    fits, _ = estimate_in_words(recipe)
    assert fits
    result = nstk.run(recipe)
    nstk.write_picture(result.picture, "judged.png")
    assert nstk.evaluate(recipe, "judged.png")["losses"].keys() == {"content"}


def saved(recipe: nstk.Recipe) -> str:
    Path("saved.yaml").write_text(recipe.to_yaml())
    return "saved.yaml"


def test_the_command_line_refuses_to_leave_nothing(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["run", "louvre", "output=false"])
    assert stop.value.code == 2
    said = "error: `output: false` would leave nothing of this run: name a picture with `-o`, or run it from Python\n"
    assert capsys.readouterr().err == said
    with pytest.raises(SystemExit) as stop:
        main(["check", "louvre", "output=false"])
    assert not stop.value.code


def test_what_output_may_be():
    with pytest.raises(nstk.RecipeError, match=r"`output` must be a path, false, or a mapping with `path`, .*, not true"):
        nstk.load_recipe({**RECIPE, "losses": {"content": None}, "output": True})


def test_the_hash_is_that_of_the_source():
    assert hashlib.sha256(inspect.getsource(Break).encode()).hexdigest() == next(
        row["sha256"] for row in rows() if row["where"] == "callbacks.break"
    )


def rows() -> list[dict[str, str]]:
    from nstk.checkpoints.provenance import plugins

    keys = {**RECIPE, "losses": {"content": None}, "callbacks": {"progress": False, "break": None}}
    return plugins(nstk.load_recipe(keys, plugins=[Break]))
