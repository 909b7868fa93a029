"""Numbers that are NaN or infinite: who is named, and which picture is saved."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest

import nstk
from nstk import testing

BREAKING = """
class Breaking(nstk.Loss):
    \"\"\"Breaks in a chosen way, once the picture is bright enough.\"\"\"
    name = "breaking"
    way: str = ""
    level: float = 0

    def target(self, refs):
        return refs.content["image"]

    def __call__(self, features, target):
        mean = tf.reduce_mean(features["image"])
        bright = tf.cast(mean >= self.level, tf.float32)
        if self.way == "nan":
            return tf.where(mean >= self.level, np.nan, -mean)
        if self.way == "infinite":
            return -mean / (1 - bright)
        if self.way == "edge":
            return tf.where(mean >= self.level, np.nan, tf.square(mean - self.level + 1))
        if self.way == "slope":  # the loss is finite, its gradient is not: infinite * 0
            return -mean + 1e-30 * tf.sqrt(mean * (1 - bright))
        # "gradient": the root's slope at 0 is infinite, and 0 * infinite is NaN
        return tf.sqrt(tf.reduce_sum(tf.square(features["image"] - target)))

@nstk.hookimpl
def nstk_losses():
    return [Breaking]
"""

LBFGS = {"use": "lbfgs", "history": 3}
SLOPE = "the gradient of loss `mine` is NaN or infinite"


def breaking(tmp_path, plugin, way, level=0.0, others=True, **settings):
    losses = {"gram": {"weight": 1e-3}} if others else {}
    losses["mine"] = {"use": "breaking", "way": way, "level": level}
    return testing.run_recipe(tmp_path, plugins=[plugin(BREAKING)], losses=losses, **{"steps": 12, **settings})


def warnings(caplog):
    """What nstk says."""
    return [record.message for record in caplog.records if record.name == "nstk"]


@pytest.mark.parametrize("run_eagerly", [False, True])
@pytest.mark.parametrize("way", ["nan", "infinite", "slope"])
def test_infinity_is_stepped_back_from_once(way, run_eagerly, tmp_path, plugin, caplog):
    start = testing.pictures((36, 48)).content.mean()
    level = start + 6
    with pytest.raises(nstk.NotFinite) as caught:
        breaking(tmp_path, plugin, way, level=level, run_eagerly=run_eagerly, callbacks={"json_log": None}, steps=40)
    events = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    good = [event for event in events if event["event"] == "step"]
    assert [event["step"] for event in good] == list(range(1, len(good) + 1))
    assert all(math.isfinite(value) for event in good for value in (event["loss"], *event["losses"].values()))
    what = {"nan": "loss `mine` is nan", "infinite": "loss `mine` is -inf", "slope": SLOPE}
    (warning,) = warnings(caplog)
    first = int(re.search(r"at step (\d+)", warning)[1])
    assert 3 <= first <= 8
    assert warning == (
        f"{what[way]} at step {first}, scale 0 (48 x 36): the last good picture is taken again, and optimizer `adam` makes "
        "smaller moves"
    )
    assert good[first - 1]["losses"] == good[first - 2]["losses"] == good[first]["losses"]  # it moved nothing
    last = good[-1]["step"] + 1
    assert last > first
    assert str(caught.value).startswith(f"{what[way]} at step {last}, scale 0 (48 x 36): the last good picture is saved")
    assert caught.value.exit_code == 1
    assert start + 2 < nstk.read_picture(tmp_path / "out.png").mean() < level  # some steps, but not the one too many
    record = json.loads((tmp_path / "out.run.json").read_text())
    assert record["losses"] == good[-1]["losses"]
    assert record["stopped"].startswith("NotFinite: ")
    assert record["steps"] == last - 1


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_one_step_too_far_does_not_end_a_run(run_eagerly, tmp_path, plugin, caplog):
    """A loss that is NaN beyond a level and pulls to just below it: half a step does not reach it any more."""
    start = testing.pictures((36, 48)).content.mean()
    settings = {"losses": {"mine": {"use": "breaking", "way": "edge", "level": start + 5}}, "run_eagerly": run_eagerly}
    settings |= {"optimizer": {"use": "sgd", "learning_rate": 3900, "momentum": 0}, "steps": 12}
    result = testing.run_recipe(tmp_path, plugins=[plugin(BREAKING)], **settings)
    assert result.stopped == "done"
    assert len(warnings(caplog)) == 1
    assert len(result.history) == 12
    assert all(math.isfinite(row["mine"]) for row in result.history)
    assert result.losses["mine"] < result.history[0]["mine"] / 10


@pytest.mark.parametrize("way", ["nan", "infinite", "slope"])
def test_lbfgs_searches_before_infinity(way, tmp_path, plugin, caplog):
    start = testing.pictures((36, 48)).content.mean()
    result = breaking(tmp_path, plugin, way, level=start + 6, optimizer=LBFGS, steps=25, others=False, run_eagerly=True)
    assert result.stopped == "done"
    assert all(math.isfinite(row["mine"]) for row in [*result.history, result.losses])
    assert start + 5.5 < result.picture.mean() <= start + 6.1  # it was rounded to 8 bits
    assert not warnings(caplog)


@pytest.mark.parametrize("way", ["nan", "slope"])
def test_lbfgs_tells_of_no_good_picture(way, tmp_path, plugin):
    level = testing.pictures((36, 48)).content.mean() - 1
    what = {"nan": "loss `mine` is nan", "slope": SLOPE}
    with pytest.raises(nstk.NotFinite, match=f"{what[way]} at step 1, "):
        breaking(tmp_path, plugin, way, level=level, optimizer=LBFGS, run_eagerly=True)
    assert np.array_equal(nstk.read_picture(tmp_path / "out.png"), nstk.read_picture(tmp_path / "content.png"))


def test_nan_from_the_start_saves_the_first(tmp_path, plugin):
    with pytest.raises(nstk.NotFinite, match="loss `mine` is nan at step 1, "):
        breaking(tmp_path, plugin, "nan", callbacks={"snapshots": {"every": 1}})
    assert np.array_equal(nstk.read_picture(tmp_path / "out.png"), nstk.read_picture(tmp_path / "content.png"))
    assert not list(tmp_path.glob("out-*.png"))


def test_a_nan_gradient_is_put_down_to_its_loss(tmp_path, plugin):
    with pytest.raises(nstk.NotFinite, match=r"the gradient of loss `mine` is NaN or infinite at step 1, scale 0 \(48 x 36\)"):
        breaking(tmp_path, plugin, "gradient")
    assert np.array_equal(nstk.read_picture(tmp_path / "out.png"), nstk.read_picture(tmp_path / "content.png"))


def test_nan_after_the_last_step_is_found(tmp_path, plugin):
    level = testing.pictures((36, 48)).content.mean() + 1
    with pytest.raises(nstk.NotFinite, match="loss `mine` is nan after step 1, the last"):
        breaking(tmp_path, plugin, "nan", level=level, steps=1)
    assert np.array_equal(nstk.read_picture(tmp_path / "out.png"), nstk.read_picture(tmp_path / "content.png"))
