"""Time-lapses of real runs, each opened again by Pillow or by ffmpeg."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from functools import partial

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

import nstk
from nstk import testing
from nstk.cli import main
from nstk.plugins.callbacks import _moving
from nstk.plugins.callbacks._moving import ffmpeg, moving
from nstk.plugins.callbacks._reel import GROUND, reel, side_by_side, spread
from nstk.plugins.callbacks.timelapse import FRAMES, Timelapse
from tests.cli.samples import begin
from tests.plugins.callbacks.samples import QUICK, TWO_SCALES, broken, interrupted

SHORT = {"seconds": 1, "fps": 10}
LENGTH = 1 + 0.5 + 1 + 1.5 + 0.5 + 2.5
"""How long such a time-lapse is, in seconds: the photograph, a change, the way, the result, a change, both."""


def pictures_of(path):
    """Each picture of an animated file, and how many milliseconds it is shown."""
    found = []
    with Image.open(path) as image:
        for index in range(image.n_frames):
            image.seek(index)
            image.load()
            found.append((np.asarray(image.convert("RGB"), np.float32), image.info["duration"]))
    return found


def frames_of(path, width, height):
    """Each frame of a clip, as ffmpeg reads it."""
    words = [ffmpeg(), "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    data = subprocess.run(words, capture_output=True, check=True).stdout
    return np.frombuffer(data, np.uint8).reshape(-1, height, width, 3).astype(np.float32)


def near(one, other, most):
    return np.abs(one - other).mean() < most


def photograph(width=48, height=36):
    return nstk.resize(testing.pictures((36, 48)).content, width, height)


@pytest.fixture
def from_grey(tmp_path):
    """Settings of a run that begins with a grey picture, so that no frame of the way is like the photograph."""
    grey = tmp_path / "grey.png"
    nstk.write_picture(np.full((36, 48, 3), 128, np.float32), grey)
    return {**TWO_SCALES, "init": {"use": "image", "file": str(grey)}}


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_an_animated_picture(suffix, tmp_path, from_grey):
    callbacks, most = {"timelapse": {"path": f"{{name}}.{suffix}", **SHORT}}, 16
    result = testing.run_recipe(tmp_path, callbacks=callbacks, **from_grey)
    found = pictures_of(tmp_path / f"out.{suffix}")
    assert sum(length for _, length in found) == 1000 * LENGTH
    assert found[0][1] == 1000
    assert near(found[0][0], photograph(), most)
    (both, last), longest = found[-1], max(found[1:-1], key=lambda it: it[1])
    assert last >= 2500
    assert near(longest[0], result.picture, most)
    assert not near(result.picture, photograph(), 3 * most)
    assert near(both[:5], np.array(GROUND), most)
    assert near(both[9:27, :23], photograph(23, 18), 2 * most)
    assert near(both[9:27, -23:], nstk.resize(result.picture.astype(np.float32), 23, 18), 2 * most)


@pytest.mark.parametrize("suffix", ["mp4", "webm", "mkv"])
def test_a_clip(suffix, tmp_path, from_grey):
    callbacks = {"timelapse": {"path": f"{{name}}.{suffix}", **SHORT}}
    result = testing.run_recipe(tmp_path, callbacks=callbacks, size=47, **from_grey)
    found = frames_of(tmp_path / f"out.{suffix}", 48, 36)
    assert len(found) == 10 * LENGTH
    assert near(found[0], photograph(), 12)
    assert near(found[30], nstk.resize(result.picture.astype(np.float32), 48, 36), 16)
    assert near(found[-1][:5], np.array(GROUND), 6)


def test_it_has_the_size_that_is_asked_for(tmp_path):
    testing.run_recipe(tmp_path, callbacks={"timelapse": {"size": 33, "seconds": 0.5, "fps": 2}}, **QUICK)
    with Image.open(tmp_path / "out-timelapse.gif") as image:
        assert image.size == (32, 24)  # even numbers


def test_the_way_goes_through_all_scales(tmp_path):
    grey = np.full((36, 48, 3), 128, np.float32)
    nstk.write_picture(grey, tmp_path / "grey.png")
    callbacks = {"timelapse": {"path": "{name}.webp", "seconds": 9, "fps": 1}}
    testing.run_recipe(tmp_path, callbacks=callbacks, content=str(tmp_path / "grey.png"), **TWO_SCALES)
    changes = [np.abs(it - 128).mean() for it, _ in pictures_of(tmp_path / "out.webp")][2:-3]
    assert len(changes) >= 7
    assert changes == sorted(changes)


def test_a_resumed_run_has_the_one_of_a_whole_run(tmp_path):
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    for folder, paint in ((whole, testing.run_recipe), (resumed, partial(testing.resume_recipe, after=6))):
        folder.mkdir()
        paint(folder, callbacks={"timelapse": SHORT}, **TWO_SCALES)
    assert (whole / "out-timelapse.gif").read_bytes() == (resumed / "out-timelapse.gif").read_bytes()


def test_a_run_that_breaks_off_has_one_too(tmp_path):
    for name, paint in (("interrupted", interrupted), ("broken", broken)):
        (tmp_path / name).mkdir()
        paint(tmp_path / name, 7, callbacks={"timelapse": SHORT}, **TWO_SCALES)
        assert near(pictures_of(tmp_path / name / "out-timelapse.gif")[0][0], photograph(), 16)


def test_the_number_of_frames_is_bounded(tmp_path, monkeypatch):
    kept = []
    monkeypatch.setattr(
        "nstk.plugins.callbacks.timelapse.reel", lambda photo, way, *more: kept.append(len(way)) or iter([(photo, 1)])
    )
    settings = {**QUICK, "steps": 60}
    testing.run_recipe(tmp_path, callbacks={"timelapse": {"seconds": 0.5, "fps": 20}}, **settings)
    assert kept == [10]
    assert FRAMES * 512 * 512 * 3 < 300e6  # the bytes of all that are shown at once


def test_pictures_are_spread_over_the_time():
    a, b, c = (Image.new("RGB", (2, 2), (level, 0, 0)) for level in (0, 100, 200))
    assert [count for _, count in spread([a, b, c], 7)] == [2, 2, 3]
    assert [it for it, _ in spread([a, b, c], 2)] == [b, c]
    shown = [*reel(a, [b], c, 1.0, 24)]
    assert sum(count for _, count in shown) == 24 * LENGTH
    assert [it.getpixel((0, 0))[0] for it, _ in shown[:4]] == [0, 7, 15, 23]
    assert side_by_side(a, c).size == (2, 2)


def test_lengths_in_a_gif_do_not_drift():
    ticks = [1] * 48
    assert sum(_moving._lengths(ticks, 24, 10)) == 2000
    assert set(_moving._lengths(ticks, 24, 10)) == {40, 50}
    assert min(_moving._lengths([1] * 120, 60, 10)) >= 10


@pytest.mark.parametrize("path", ["{name}.png", "{name}", "film.avi", "{name}{suffix}"])
def test_a_suffix_that_does_not_move_is_refused(path):
    message = r"is not the name of a time-lapse, which ends in \.gif or \.webp or \.mp4 or \.mkv or \.webm"
    with pytest.raises(ValidationError, match=message):
        Timelapse(path=path)


@pytest.fixture
def no_ffmpeg(monkeypatch):
    """A machine without ffmpeg."""
    found = importlib.util.find_spec
    monkeypatch.setattr(_moving, "find_spec", lambda name, *more: None if name == "imageio_ffmpeg" else found(name, *more))
    monkeypatch.setattr(shutil, "which", lambda *words, **more: None)


def test_a_clip_without_ffmpeg_is_refused_before_the_run(no_ffmpeg, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(begin(tmp_path))
    with pytest.raises(SystemExit) as end:
        main(["run", "recipe.yaml", 'callbacks.timelapse.path="{name}.mp4"'])
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert "needs ffmpeg for .mp4, which is not on the PATH" in said
    assert 'pip install "nstk-styletransfer[video]"' in said
    assert [*(tmp_path / "out").iterdir()] == []
    Timelapse(path="{name}.gif").check_machine()
    assert nstk.load_recipe("recipe.yaml", ["callbacks.timelapse.path=a.mkv"]).callbacks["timelapse"].path == "a.mkv"


def test_a_clip_that_cannot_be_encoded_is_told_before_the_first_step(tmp_path, monkeypatch):
    monkeypatch.setitem(_moving.CLIPS, ".mp4", ["-c:v", "no_such_codec"])
    with pytest.raises(nstk.CallbackError, match=r"failed in on_start: ffmpeg cannot make a \.mp4 \("):
        testing.run_recipe(tmp_path, callbacks={"timelapse": {"path": "{name}.mp4"}}, **QUICK)
    assert not (tmp_path / "out.png").exists()


def test_ffmpeg_is_found_on_the_path_first(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: f"/opt/{name}")
    assert ffmpeg() == "/opt/ffmpeg"


def test_a_gif_has_one_palette():
    pictures = [Image.radial_gradient("L").resize((64, 64)).convert("RGB").point(lambda it, k=k: it // k) for k in (1, 2, 3)]
    made = _moving._in_one_palette(pictures)
    assert len({tuple(it.getpalette()) for it in made}) == 1
    assert moving([(it, 1) for it in pictures], ".gif", 10).startswith(b"GIF89a")
