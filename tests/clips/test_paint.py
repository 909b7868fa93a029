"""`nstk video`: a clip becomes a clip that does not flicker, and goes on where it was stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nstk
from nstk.cli import main
from nstk.clips.clip import Clip
from nstk.clips.motion import Motion
from tests.cli.samples import ENVIRONMENT, NSTK
from tests.clips.samples import IMAGES, moving, write

FEW = "size=64", "backbone=tiny", "steps=4", "pyramid=false", "faces=paint", "style=painting.jpg"


@pytest.fixture
def run(folder, capsys):
    """Runs a command line: its exit code, output and errors."""

    def run(*args: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main(args)
        said = capsys.readouterr()
        return int(stop.value.code or 0), said.out, said.err

    return run


def frames(path: str | Path) -> list[np.ndarray]:
    clip = Clip.of(Path(path))
    return [*clip.frames(clip.width, clip.height)]


def test_a_clip_is_painted_and_once_more(run, folder):
    write(moving(6), folder / "clip.mp4", sound=True)
    code, out, err = run("video", "clip.mp4", *FEW, "-o", "out/a.mp4")
    assert (code, out.strip()) == (0, str(folder / "out/a.mp4")), err
    assert "6 frames in" in err
    assert "1 scene" in err
    made = Clip.of(Path("out/a.mp4"))
    assert (made.width, made.height, made.rate, made.sound, round(made.seconds, 2)) == (64, 48, 12, True, 0.5)
    assert len(frames("out/a.mp4")) == 6
    assert not Path("out/a.mp4.run").exists()
    assert nstk.load_recipe("out/a.mp4.recipe.yaml", content="photo.jpg").size == 64
    assert json.loads(Path("out/a.mp4.run.json").read_text())["frames"] == 6

    before = Path("out/a.mp4").stat().st_mtime_ns
    code, out, err = run("video", "clip.mp4", *FEW, "-o", "out/a.mp4")
    assert (code, "there already" in err) == (0, True)
    assert Path("out/a.mp4").stat().st_mtime_ns == before
    code, out, err = run("video", "clip.mp4", *FEW, "seed=2", "-o", "out/a.mp4")
    assert code == 2
    assert "out/a.mp4 is there already and is another clip" in err
    assert Path("out/a.mp4").stat().st_mtime_ns == before


@pytest.mark.parametrize("suffix", [*(pytest.param(it, marks=pytest.mark.slow) for it in ("gif", "webp")), "webm"])
def test_other_kinds_of_clips(run, suffix):
    code, _, err = run("video", "clip.mp4", *FEW, "-o", f"a.{suffix}", "--preview", "0.25s", "-q")
    assert (code, err) == (0, "")
    assert len(frames(f"a.{suffix}")) == 3


def test_a_scene_begins_anew(run, folder):
    one, other = moving(3, 64, 48), [255 - it[::-1] for it in moving(3, 64, 48, speed=0.5)]
    write([*one, *other], folder / "clip.mp4")
    code, _, err = run("video", "clip.mp4", *FEW, "-o", "a.mp4")
    assert code == 0
    assert "2 scenes" in err


def test_regions_colours_and_balance_of_each_frame(run, folder):
    drawn = Image.new("L", (128, 96))
    drawn.paste(255, (0, 0, 64, 96))
    drawn.save("left.png")
    words = "paint=left.png", "colours=keep", "balance=80", "--long-term", "2,3", "-q"
    code, _, err = run("video", "clip.mp4", *FEW, *words, "-o", "a.mkv")
    assert code == 0, err
    for painted, photo in zip(frames("a.mkv"), Clip.of(Path("clip.mp4")).frames(64, 48), strict=True):
        apart = np.abs(painted.astype(int) - photo).mean((0, 2))
        assert apart[40:].mean() < 6 < apart[:24].mean()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["SIGINT", "SIGKILL"])
def test_a_stopped_clip_goes_on_to_the_same_bits(folder, how, monkeypatch):
    write(moving(60, 64, 48), folder / "clip.mp4")
    words = [*NSTK, "video", "clip.mp4", *FEW, "run_eagerly=true", "balance=60", "--long-term", "2"]

    def start(to: str) -> subprocess.Popen[bytes]:
        with Path("log").open("ab") as log:
            return subprocess.Popen([*words, "-o", to], stdout=log, stderr=log, env=ENVIRONMENT)

    assert start("whole/a.mp4").wait(300) == 0
    for until in ("frame-0000007.png", "segment-0000000.mkv"):
        process, begin = start("out/a.mp4"), time.monotonic()
        while not Path("out/a.mp4.run", until).exists():
            assert process.poll() is None, Path("log").read_text()
            assert time.monotonic() - begin < 200
            time.sleep(0.01)
        process.send_signal(getattr(signal, how))
        assert process.wait(60) == (130 if how == "SIGINT" else -signal.SIGKILL)
        assert not Path("out/a.mp4").exists()
    assert len([*Path("out/a.mp4.run").glob("*.png")]) < 60
    assert start("out/a.mp4").wait(300) == 0
    assert Path("out/a.mp4").read_bytes() == Path("whole/a.mp4").read_bytes()
    assert not Path("out/a.mp4.run").exists()


def test_what_was_begun_of_something_else_is_kept(folder):
    from nstk.clips.folder import ClipFolder

    for made_from in ("one", "other"):
        made = ClipFolder(folder / "a.mp4")
        with made.locked():
            line = made.begin({"settings": made_from})
            made.keep(0, *(np.zeros((8, 8, 3), np.uint8) for _ in range(3)), latest=1)
    assert line == "a.mp4.run held an unfinished clip of something else: it is kept as a.mp4.run.1"
    assert json.loads(Path("a.mp4.run.1/state.json").read_text())["done"] == 1
    Path("a.mp4.run/state.json").write_text("{}")
    with pytest.raises(nstk.UserError, match=r"a.mp4.run/state.json is damaged, or of another version of nstk"):
        ClipFolder(folder / "a.mp4").begin({})


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["nowhere.mp4"], "the clip nowhere.mp4 is not there"),
        (["clip.mp4", "clip.mov"], "`clip.mp4` and `clip.mov` cannot both be the clip"),
        (["recipe.yaml"], "no word names a clip"),
        (["clip.mp4", "-o", "a.png"], "`a.png` has no suffix of a clip: write one of .gif, .m4v, .mkv"),
        (["clip.mp4", "-o", "clip.mp4"], "clip.mp4 is the clip itself, which would be replaced"),
        (["clip.mp4", "--preview", "2"], "`--preview` must be a time such as `90s`"),
        (["clip.mp4", "--long-term", "1,x"], "`--long-term 1,x`: write whole numbers from 2 to 64"),
        (["clip.mp4", "losses.content.weight=-1"], "must be at least 0, not -1"),
        (["recipe.mp4"], "recipe.mp4 is no clip that ffmpeg can read"),
    ],
)
def test_what_is_refused(run, folder, words, why):
    os.link("recipe.yaml", "recipe.mp4")
    code, _, err = run("video", *words, "--style", "painting.jpg")
    assert (code, why in err) == (2, True), err
    assert not Path("out").exists()


def test_without_the_extra(run, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "cv2", None)
    code, _, err = run("video", "clip.mp4", *FEW)
    assert code == 2
    assert 'optical flow needs OpenCV: pip install "nstk-styletransfer[video]"' in err


@pytest.mark.slow
def test_frames_do_not_flicker(folder):
    """Far less than what frames flicker that are painted one by one, at scores that are the same but for a hair."""
    style = str(IMAGES / "cafe_terrace.jpg")
    photos, settings = moving(4, 384, 288), [f"style={style}", "size=384"]  # smaller pictures' scores differ too much by chance
    write(photos, folder / "clip.mkv", "-c:v", "ffv1", "-pix_fmt", "gbrp")
    nstk.video("default", "clip.mkv", "a.mkv", overrides=settings)
    together = frames("a.mkv")
    with nstk.Session() as session:
        alone = [
            session.run(nstk.load_recipe("default", settings, content=it, output=False), quiet=True).picture for it in photos
        ]

    def flicker(made: list[np.ndarray]) -> float:
        found = []
        for (one, other), (was, now) in zip(pairwise(made), pairwise(photos), strict=True):
            motion = Motion.between(was, now)
            apart = np.abs(motion.carried(one.astype(np.float32)) - other).mean(-1)
            found.append(float((apart * motion.trusted).sum() / motion.trusted.sum()))
        return float(np.mean(found))

    assert flicker(together) < 0.3 * flicker(alone)
    for number in (1, 2, 3):
        one, other = nstk.score(photos[number], style, [together[number], alone[number]], copies=False)
        assert one.lp > other.lp - 0.01
        assert one.ge > other.ge - 0.01
        assert one.cf > other.cf - 0.01
