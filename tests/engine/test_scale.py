"""A scale where memory is short, or runs out all the same."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import pictures, testing
from nstk.errors import OutOfMemory

GREEDY = """
import nstk
import tensorflow as tf

class Greedy(nstk.StatisticLoss):
    \"\"\"Needs more memory than there is for more than {most} pixels.\"\"\"
    name = "greedy"

    def statistic(self, features, maps):
        image = features["image"]
        if image.shape[1] * image.shape[2] > {most}:
            raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating")
        return tf.reduce_sum(tf.square(image))

    def score(self, statistic, goal):
        return statistic / 1e6

@nstk.hookimpl
def nstk_losses():
    return [Greedy]
"""


@pytest.fixture
def greedy(tmp_path):
    def write(most):
        (tmp_path / "greedy.py").write_text(GREEDY.format(most=most))
        nstk.write_picture(testing.pictures((150, 200)).content, tmp_path / "content.png")
        losses = {"greedy": None, "tv": {"weight": 0.1}}
        files = {"content": str(tmp_path / "content.png"), "plugins": [str(tmp_path / "greedy.py")]}
        return {**files, "size": 200, "losses": losses, "checkpoint": False}

    return write


def test_out_of_memory_it_goes_on_in_tiles(greedy, tmp_path, caplog):
    expected = testing.run_recipe(tmp_path, **greedy(10**9)).picture
    with caplog.at_level(logging.WARNING, "nstk"):
        made = testing.run_recipe(tmp_path, **greedy(8000))
    lines = [record.getMessage() for record in caplog.records if "is enlarged to" not in record.getMessage()]
    assert lines == ["memory ran out at 200 x 150: going on in tiles of 100 pixels"]
    assert np.abs(made.picture.astype(int) - expected).max() <= 1
    assert len(made.history) == 3


def test_where_no_tile_fits_the_run_ends(greedy, tmp_path):
    with pytest.raises(OutOfMemory, match=r"loss `greedy` ran out of memory: choose a smaller `size`"):
        testing.run_recipe(tmp_path, **greedy(1))


def test_what_cannot_be_split_is_named_early(tmp_path):
    (tmp_path / "mine.py").write_text(
        "import nstk\n\nclass Mine(nstk.Loss):\n    name = 'mine'\n\n@nstk.hookimpl\ndef nstk_losses():\n    return [Mine]\n"
    )
    with pytest.raises(nstk.RecipeError, match="loss `mine` cannot be split into tiles: it is no sum over positions"):
        testing.recipe(tmp_path, plugins=[str(tmp_path / "mine.py")], losses={"mine": None}, tiles=64)
    testing.recipe(tmp_path, plugins=[str(tmp_path / "mine.py")], losses={"mine": None})


def test_a_warning_says_why_there_are_no_tiles(tmp_path, caplog):
    losses, steps = {"nearest": {"layers": ["block1_conv1"], "samples": 16}}, {"steps": 1, "run_eagerly": True}
    testing.run_recipe(tmp_path, losses=losses, memory="1MB", **steps)
    (line,) = [record.getMessage() for record in caplog.records if " may need " in record.getMessage()]
    assert "; loss `nearest` cannot be split into tiles: " in line
    assert line.endswith(": a smaller `size` needs less")


def test_where_no_split_is_possible_it_ends(greedy, tmp_path):
    settings = greedy(8000)
    (tmp_path / "greedy.py").write_text(
        "import nstk\nimport tensorflow as tf\n\nclass Greedy(nstk.Loss):\n    name = 'greedy'\n\n"
        "    def __call__(self, features, target):\n"
        "        raise tf.errors.ResourceExhaustedError(None, None, 'OOM')\n\n"
        "@nstk.hookimpl\ndef nstk_losses():\n    return [Greedy]\n"
    )
    with pytest.raises(OutOfMemory, match="loss `greedy` ran out of memory"):
        testing.run_recipe(tmp_path, **settings)


def test_a_weight_of_0_allows_tiles(tmp_path, plugin):
    path = plugin(
        """
        class Mine(nstk.Loss):
            name = "mine"

        @nstk.hookimpl
        def nstk_losses():
            return [Mine]
        """
    )
    losses = {"mine": {"weight": 0}, "tv": None}
    made = testing.run_recipe(tmp_path, plugins=[path], losses=losses, tiles=64, size=100, steps=1)
    assert list(made.losses) == ["tv"]


def test_what_memory_does_not_allow_is_said(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "nstk"):
        testing.run_recipe(tmp_path, size=200, steps=1, memory="1MB", optimizer="lbfgs", checkpoint=False, run_eagerly=True)
    lines = [record.getMessage() for record in caplog.records]
    assert "memory is short at 200 x 150: optimizer `lbfgs` has `history` 1 in place of 20" in lines
    assert any(line.startswith("200 x 150 may need ") for line in lines)


def test_running_out_of_memory_says_what_to_do(tmp_path, monkeypatch):
    def no_room(*args):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")

    recipe = testing.recipe(tmp_path, losses={"gram": None})
    monkeypatch.setattr(type(recipe.losses["gram"]), "target", no_room)
    with pytest.raises(nstk.RunError, match=r"loss `gram`.* ran out of memory: choose a smaller `size`"):
        nstk.run(recipe)


WATCHER = """
class Watch(nstk.Callback):
    \"\"\"Notes what can be seen before each scale.\"\"\"
    name = "watch"

    def on_scale(self, run, scale):
        seen = nstk.read_picture(run.preview).shape if run.preview else None
        with open(run.beside("{name}.txt"), "a") as file:
            print(scale.index, seen, file=file)

@nstk.hookimpl
def nstk_callbacks():
    return [Watch]
"""


def test_each_coarse_scale_can_be_looked_at(tmp_path, plugin, capfd):
    callbacks = {"watch": None, "progress": {"every": 50}}
    settings = {
        "pyramid": {"levels": 3},
        "size": 96,
        "steps": 3,
        "run_eagerly": True,
        "losses": {"gram": {"layers": ["image"]}},
    }
    testing.run_recipe(tmp_path, plugins=[plugin(WATCHER)], callbacks=callbacks, **settings)
    assert (tmp_path / "out.txt").read_text().splitlines() == ["0 None", "1 (18, 24, 3)", "2 (36, 48, 3)"]
    assert not (tmp_path / "out.run").exists()
    said = capfd.readouterr().err
    assert f"24 x 18 px are painted, to look at: {tmp_path / 'out.run' / 'preview.png'}" in said
    assert [line.split(":")[0] for line in said.splitlines() if line.startswith("step")] == ["step 1/3", "step 2/3", "step 3/3"]


def test_a_preview_that_cannot_be_written_ends_nothing(tmp_path, monkeypatch, caplog):
    real = pictures.write_picture

    def failing(picture, path, *args, **options):
        if path.name == "preview.png":
            raise nstk.OutputError(f"{path}: no space left")
        real(picture, path, *args, **options)

    monkeypatch.setattr(pictures, "write_picture", failing)
    result = testing.run_recipe(
        tmp_path, pyramid={"levels": 2}, steps=2, run_eagerly=True, losses={"gram": {"layers": ["image"]}}
    )
    assert result.path.exists()
    assert "no space left" in caplog.text


OCTAVES = {
    "gram": {"layers": ["block1_conv1", "block2_conv1"], "octaves": {1: ["block1_conv1"], 2: ["block2_conv1"]}},
    "tv": {"weight": 0.1, "octaves": [1, 2]},
}
EAGER = {"size": 257, "losses": OCTAVES, "run_eagerly": True, "steps": 2}


def test_octaves_in_tiles_paint_the_same(tmp_path):
    whole = testing.run_recipe(tmp_path, **EAGER)
    tiled = testing.run_recipe(tmp_path, **EAGER, tiles=160, output=str(tmp_path / "tiled.png"))
    assert whole.losses == pytest.approx(tiled.losses, rel=1e-4)
    assert np.abs(whole.picture.astype(int) - tiled.picture).max() <= 1
    again = nstk.load_recipe(whole.path.with_suffix(".recipe.yaml"))
    assert again.losses["gram"].octaves == {1: ("block1_conv1",), 2: ("block2_conv1",)}
    judged = nstk.evaluate(again, whole.path)
    assert judged["losses"] == pytest.approx(whole.losses, rel=0.05)  # the file holds whole levels


def test_a_coarse_scale_is_painted_without_octaves(tmp_path):
    """The layers of octave 2 are read at octave 1 there: the plain loss, to the bit."""
    plain = {"gram": {"layers": OCTAVES["gram"]["layers"]}}
    named = {"gram": OCTAVES["gram"]}
    small = [
        testing.run_recipe(tmp_path, **EAGER | {"losses": it, "size": 96, "output": str(tmp_path / f"{len(it['gram'])}.png")})
        for it in (plain, named)
    ]
    assert np.array_equal(small[0].picture, small[1].picture)


@pytest.mark.slow
def test_a_session_and_a_resumed_run_keep_octaves(tmp_path, plugin):
    path = plugin(
        """
        class Stop(nstk.Callback):
            name = "stop"

            def on_step(self, run, step):
                if step.index == 1 and not run.resumed and run.output.stem == "broken":
                    run.stop("interrupted")

        @nstk.hookimpl
        def nstk_callbacks():
            return [Stop]
        """
    )

    def recipe(name, seed):
        nstk.write_picture(testing.pictures((48, 64), seed).content, tmp_path / f"{seed}.png")
        losses, files = {"gram": OCTAVES["gram"]}, {"content": str(tmp_path / f"{seed}.png"), "plugins": [path]}
        more = {"output": str(tmp_path / f"{name}.png"), "callbacks": {"stop": None}, "size": 256, "steps": 3}
        return testing.recipe(tmp_path, losses=losses, **files, **more)

    expected = nstk.run(recipe("alone", 1)).path.read_bytes()
    with nstk.Session() as session:
        session.run(recipe("first", 2))
        assert session.run(recipe("second", 1)).path.read_bytes() == expected
    broken = nstk.run(recipe("broken", 1))
    assert nstk.resume(broken.path, trust=True).path.read_bytes() == expected
