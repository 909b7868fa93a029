"""Events of real runs, read back."""

from __future__ import annotations

import io
from collections import defaultdict

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import nstk
from nstk import testing
from nstk.cli import main
from nstk.plugins.callbacks import tensorboard
from nstk.plugins.callbacks._events import Events
from nstk.registry.registry import Registry
from tests.cli.samples import begin
from tests.plugins.callbacks.samples import QUICK, TWO_SCALES, Breaks, broken

ADAM = {"use": "adam", "learning_rate": 2}


def events(folder):
    """The values of each tag as pairs of step and value, over all files, in the order of their steps."""
    found = defaultdict(list)
    for file in folder.iterdir():
        for record in tf.data.TFRecordDataset(str(file)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                found[value.tag].append((event.step, tf.make_ndarray(value.tensor)))
    return {tag: sorted(pairs, key=lambda it: it[0]) for tag, pairs in found.items()}


def steps(found, tag):
    return [step for step, _ in found[tag]]


def picture(value):
    """The picture of an event: width and height come first."""
    return np.asarray(Image.open(io.BytesIO(value[2])).convert("RGB"))


def test_losses_rate_pictures_and_recipe(tmp_path):
    settings = {"optimizer": ADAM, "losses": {"gram": {"layers": ["block1_conv1"]}, "tv": None}, "run_eagerly": True}
    result = testing.run_recipe(tmp_path, callbacks={"tensorboard": {"pictures": 4}}, steps=9, **settings)
    found = events(tmp_path / "out.tensorboard")
    assert set(found) == {
        "loss",
        "losses/gram",
        "losses/tv",
        "learning rate",
        "picture",
        "photograph",
        "painting style",
        "recipe",
    }
    for tag, key in {"loss": "loss", "losses/gram": "gram", "losses/tv": "tv"}.items():
        assert steps(found, tag) == [*range(1, 10)]
        assert [float(value) for _, value in found[tag]] == pytest.approx([row[key] for row in result.history])
    assert [float(value) for _, value in found["learning rate"]] == [2.0] * 9
    assert steps(found, "picture") == [1, 4, 8, 9]
    assert np.array_equal(picture(found["picture"][-1][1]), result.picture)
    assert picture(found["photograph"][0][1]).shape == (36, 48, 3)
    assert b"losses:" in found["recipe"][0][1].item(0)


def test_pictures_are_small_or_none(tmp_path):
    testing.run_recipe(tmp_path, callbacks={"tensorboard": {"size": 32}}, **QUICK)
    assert picture(events(tmp_path / "out.tensorboard")["picture"][0][1]).shape == (24, 32, 3)
    other = tmp_path / "other"
    other.mkdir()
    testing.run_recipe(other, callbacks={"tensorboard": {"pictures": 0}}, **QUICK)
    assert set(events(other / "out.tensorboard")) == {"loss", "losses/gram", "learning rate", "recipe"}


def test_a_resumed_run_goes_on_without_doubled_steps(tmp_path):
    settings = {**TWO_SCALES, "checkpoint": {"every": 2}, "callbacks": {"tensorboard": {"pictures": 3}}}
    broken(tmp_path, 7, **settings)  # step 7 is written, and the latest checkpoint is that of step 6
    assert steps(events(tmp_path / "out.tensorboard"), "loss") == [*range(1, 8)]
    file = next((tmp_path / "out.tensorboard").iterdir())
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:30])  # a process was killed while it wrote an event
    nstk.resume(tmp_path / "out.png", plugins=[Breaks])
    found = events(tmp_path / "out.tensorboard")
    whole = tmp_path / "whole"
    whole.mkdir()
    testing.run_recipe(whole, **settings)
    expected = events(whole / "out.tensorboard")
    assert steps(found, "loss") == [*range(1, 10)]
    assert found["losses/gram"] == expected["losses/gram"]
    assert steps(found, "picture") == steps(expected, "picture") == [1, 3, 6, 9]
    assert steps(found, "recipe") == steps(found, "photograph") == [0]


def test_a_copy_that_was_not_finished_doubles_nothing(tmp_path):
    first = Events(tmp_path, ".a.png.nstk", 0)
    for step in (1, 2, 3):
        first.number("loss", 1.0, step)
    first.close()
    file = next(tmp_path.iterdir())
    file.with_name("events.out.tfevents.1.earlier.a.png.nstk").write_bytes(file.read_bytes())
    Events(tmp_path, ".a.png.nstk", 2).close()
    assert steps(events(tmp_path), "loss") == [1, 2]


def test_a_new_run_replaces_its_own_events_only(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "events.out.tfevents.1.other").write_bytes(b"")
    for _ in range(2):
        testing.run_recipe(tmp_path, callbacks={"tensorboard": {"path": "logs"}}, **QUICK)
    assert steps(events(folder), "loss") == [1, 2, 3]
    assert (folder / "events.out.tfevents.1.other").exists()


def test_events_are_closed_in_a_run_that_fails(tmp_path):
    broken(tmp_path, 2, callbacks={"tensorboard": {}}, **TWO_SCALES)
    assert steps(events(tmp_path / "out.tensorboard"), "loss") == [1, 2]


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        ({"use": "constant", "start": 3}, [3] * 5),
        ({"use": "exponential", "start": 8, "decay": 0.5, "every": 1}, [8, 4, 2, 8, 4]),
        ({"use": "cosine", "start": 4}, [4, 2, 0, 4, 0]),
    ],
)
def test_the_rate_of_a_schedule(rate, expected, tmp_path):
    settings = {**QUICK, "steps": [3, 2], "pyramid": {"levels": 2}, "optimizer": {"use": "adam", "learning_rate": rate}}
    testing.run_recipe(tmp_path, callbacks={"tensorboard": {"pictures": 0}}, **settings)
    found = events(tmp_path / "out.tensorboard")
    assert [float(value) for _, value in found["learning rate"]] == pytest.approx(expected, abs=1e-6)


def test_the_rate_that_changes_on_the_way(tmp_path):
    changes = [{"after": 2, "set": {"optimizer.learning_rate": 5}}]
    testing.run_recipe(tmp_path, callbacks={"tensorboard": {"pictures": 0}}, changes=changes, **{**QUICK, "steps": 4})
    found = events(tmp_path / "out.tensorboard")
    assert [float(value) for _, value in found["learning rate"]] == [2, 2, 5, 5]


def test_an_optimizer_without_a_rate_has_none(tmp_path):
    testing.run_recipe(tmp_path, callbacks={"tensorboard": {"pictures": 0}}, optimizer={"use": "lbfgs"}, **QUICK)
    assert "learning rate" not in events(tmp_path / "out.tensorboard")


def test_without_tensorboard_it_is_refused_before_the_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tensorboard, "find_spec", lambda name: None)
    monkeypatch.chdir(begin(tmp_path))
    with pytest.raises(SystemExit) as end:
        main(["run", "recipe.yaml", "callbacks.tensorboard="])
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert "needs the package tensorboard, which is not installed" in said
    assert 'pip install "nstk-styletransfer[tensorboard]"' in said
    assert [*(tmp_path / "out").iterdir()] == []
    assert Registry(installed=False).failures == []  # who does not use it is not told


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(nstk.CallbackError, match=r"cannot write events to .*taken"):
        testing.run_recipe(tmp_path, callbacks={"tensorboard": {"path": "taken/logs"}}, **QUICK)
