"""The run as a whole, mostly on one small compiled run."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import op_callbacks

import nstk
from nstk import testing
from nstk.engine import kept, scale

SETTINGS = {
    "steps": 6,
    "seed": 7,
    "init": {"use": "noise", "blend": 0.5},
    "losses": {"content": None, "gram": {"weight": 4}, "smooth": {"use": "tv", "weight": 0.1}},
}
QUICK = {"run_eagerly": True, "losses": {"gram": {"layers": ["block1_conv1"]}}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def done(folder):
    """One run; tests of other runs compare with it."""
    return testing.run_recipe(folder, **SETTINGS)


# --- the result


def test_the_result_holds_the_picture_and_what_led_to_it(done, folder):
    assert done.path == folder / "out.png"
    assert done.stopped == "done"
    assert done.picture.dtype == np.uint8
    assert done.picture.shape == (36, 48, 3)
    assert np.array_equal(nstk.read_picture(done.path), done.picture)
    assert list(done.losses) == ["content", "gram", "smooth"]
    assert done._repr_png_().startswith(b"\x89PNG")
    assert "array" not in repr(done)


def test_the_history_has_a_row_for_each_step(done):
    assert [row["step"] for row in done.history] == [1, 2, 3, 4, 5, 6]
    for row in done.history:
        assert list(row) == ["step", "scale", "loss", "content", "gram", "smooth"]
        assert row["scale"] == 0
        assert row["loss"] == pytest.approx(row["content"] + row["gram"] + row["smooth"], rel=1e-5)
    losses = [row["loss"] for row in done.history]
    assert losses == sorted(losses, reverse=True)


def test_the_losses_are_those_of_the_picture_that_was_saved(done, folder):
    judged = nstk.evaluate(folder / "out.recipe.yaml", done.path)
    assert judged["losses"] == pytest.approx(done.losses, rel=5e-3)  # the picture was rounded to 8 bits
    assert judged["loss"] == pytest.approx(sum(done.losses.values()), rel=5e-3)
    assert sum(done.losses.values()) < done.history[-1]["loss"]  # they are not the last step's
    assert judged["weights"] == {"content": 1, "gram": 4, "smooth": 0.1}
    assert judged["unweighted"]["gram"] == pytest.approx(judged["losses"]["gram"] / 4)


def test_evaluating_refuses_a_picture_of_another_aspect(folder, done, tmp_path):
    nstk.write_picture(testing.pictures((48, 36)).content, tmp_path / "tall.png")
    with pytest.raises(nstk.UserError, match="is 36 x 48 pixels, but the content picture has another aspect"):
        nstk.evaluate(folder / "out.recipe.yaml", tmp_path / "tall.png")


# --- the same again


def test_the_same_seed_gives_the_same_bytes(done, tmp_path):
    again = testing.run_recipe(tmp_path, **SETTINGS)
    assert again.path.read_bytes() == done.path.read_bytes()
    assert again.history == done.history
    other = testing.run_recipe(tmp_path, **{**SETTINGS, "seed": 8})
    assert other.path.read_bytes() != done.path.read_bytes()


def test_another_process_gives_the_same_bytes(done, tmp_path):
    code = f"import sys; from nstk import testing; testing.run_recipe({str(tmp_path)!r}, **{SETTINGS!r})"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=100)
    assert (tmp_path / "out.png").read_bytes() == done.path.read_bytes()


def test_eager_and_compiled_paint_the_same_picture(done, tmp_path):
    eager = testing.run_recipe(tmp_path, **SETTINGS, run_eagerly=True)
    assert np.abs(eager.picture.astype(int) - done.picture).max() <= 1
    for ours, theirs in zip(eager.history, done.history, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-4)


def test_an_eager_step_computes_no_gradient_of_a_kernel(tmp_path):
    ops = []
    op_callbacks.add_op_callback(callback := lambda op_type, *args, **kwargs: ops.append(str(op_type)))
    try:
        testing.run_recipe(tmp_path, run_eagerly=True, steps=1)
    finally:
        op_callbacks.remove_op_callback(callback)
    kinds = " ".join(ops)
    assert "Conv2DBackpropInput" in kinds
    assert "Conv2DBackpropFilter" not in kinds


COUNTING = """
TARGETS, CALLS = [], []

class Counting(nstk.Loss):
    \"\"\"Counts.\"\"\"
    name = "counting"

    def target(self, refs):
        TARGETS.append(refs.content["image"].shape)
        return refs.content["image"]

    def __call__(self, features, target):
        CALLS.append(tf.executing_eagerly())
        return tf.reduce_mean(tf.square(features["image"] - target))

class Drawing(nstk.Loss):
    \"\"\"Draws at random.\"\"\"
    name = "drawing"

    def __call__(self, features, target):
        return tf.reduce_mean(features["image"] * tf.random.uniform(features["image"].shape))

@nstk.hookimpl
def nstk_losses():
    return [Counting, Drawing]
"""


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_targets_are_computed_once(run_eagerly, tmp_path, plugin):
    losses = {"counting": None, "gram": None}
    recipe = testing.recipe(tmp_path, plugins=[plugin(COUNTING)], losses=losses, run_eagerly=run_eagerly, steps=4)
    module = recipe.registry.plugins[-1].modules[0]
    nstk.run(recipe)
    assert module.TARGETS == [(1, 36, 48, 3)]
    assert ([True] * 5 if run_eagerly else [False, True]) == module.CALLS  # each step or its trace; the last picture


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_losses_that_draw_at_random_follow_the_seed(run_eagerly, tmp_path, plugin):
    settings = {"plugins": [plugin(COUNTING)], "losses": {"drawing": None}, "run_eagerly": run_eagerly}
    one, two = testing.run_recipe(tmp_path, **settings), testing.run_recipe(tmp_path, **settings)
    assert one.history == two.history
    assert testing.run_recipe(tmp_path, seed=1, **settings).history != one.history


def test_a_style_scale_gives_the_style_its_own_size(tmp_path):
    recipe = testing.recipe(tmp_path, style_scale=0.5)
    pictures = scale.pictures_of(recipe, 48, 36)
    assert pictures.content.shape == (36, 48, 3)
    assert pictures.styles["style"].shape == (18, 24, 3)


# --- beside the picture


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
    assert record["scales"] == [{"width": 48, "height": 36, "steps": 6, "tiles": "off"}]
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
        "losses.content",
        "losses.gram",
        "losses.smooth",
    }
    gram = Path(sys.modules["nstk.plugins.losses.gram"].__file__)
    assert plugins["losses.gram"]["sha256"] == hashlib.sha256(gram.read_bytes()).hexdigest()
    assert plugins["losses.smooth"]["use"] == "tv"
    assert plugins["losses.gram"]["origin"]


def test_the_saved_recipe_paints_the_same_picture_elsewhere(done, folder, tmp_path):
    recipe = nstk.load_recipe(folder / "out.recipe.yaml", output=str(tmp_path / "again.png"))
    assert nstk.run(recipe).path.read_bytes() == done.path.read_bytes()
    assert (tmp_path / "again.recipe.yaml").exists()


def test_a_saved_recipe_that_is_run_in_place_stays_as_it_is(tmp_path):
    first = testing.run_recipe(tmp_path, **QUICK)
    saved, picture = tmp_path / "out.recipe.yaml", first.path.read_bytes()
    saved.write_text(saved.read_text() + "# a note of mine\n")
    first.path.unlink()
    assert nstk.run(saved).path.read_bytes() == picture
    assert saved.read_text().endswith("# a note of mine\n")
    with pytest.raises(nstk.UserError, match="the changed recipe would be written over"):
        nstk.run(nstk.load_recipe(saved, ["steps=2"]))
    assert first.path.read_bytes() == picture


def test_files_appear_whole_or_not_at_all(tmp_path, monkeypatch):
    first = testing.run_recipe(tmp_path, **QUICK)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    settings = {**QUICK, "content": str(tmp_path / "content.png"), "style": str(tmp_path / "style.png"), "seed": 1}
    with pytest.raises(nstk.RunError, match="No space left"):
        testing.run_recipe(tmp_path, checkpoint=False, **settings)
    with pytest.raises(nstk.OutputError, match=r"out\.run.*No space left"):  # told before the first step
        testing.run_recipe(tmp_path, **settings)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert first.path.exists()


def test_an_output_that_cannot_be_written_is_found_before_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "network", lambda *args: pytest.fail("the run began"))
    (tmp_path / "file").write_text("")
    with pytest.raises(nstk.RecipeError, match="is a file, not a folder"):
        testing.run_recipe(tmp_path, output=str(tmp_path / "file" / "out.png"))


def test_a_backbone_that_does_not_load_leaves_no_log(tmp_path):
    (tmp_path / "weights.npz").write_bytes(b"no archive")
    backbone = {"use": "vgg19", "weights": str(tmp_path / "weights.npz")}
    with pytest.raises(nstk.WeightsError):
        testing.run_recipe(tmp_path, backbone=backbone, callbacks={"csv_log": None}, **QUICK)
    assert not (tmp_path / "out.csv").exists()


def test_a_definition_that_no_plugin_brings_is_refused_before_the_run(tmp_path):
    class Homeless(nstk.Loss):
        """Never registered."""

        name = "homeless"

    recipe = testing.recipe(tmp_path).model_copy(update={"losses": {"mine": Homeless()}})
    with pytest.raises(nstk.UserError, match=r"`losses.mine` is a Homeless, which no plugin of this recipe defines"):
        nstk.run(recipe)
