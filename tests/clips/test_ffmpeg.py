"""What a clip is, its frames, and frames into a clip."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nstk
from nstk.clips import ffmpeg
from nstk.clips.clip import Clip
from tests.clips.samples import moving, write

FRAMES = moving(5, 64, 48)


def seen(path: Path, width: int = 64, height: int = 48, **options: int) -> list[np.ndarray]:
    return [*Clip.of(path).frames(width, height, **options)]


def test_a_clip_is_told_of_and_read(folder):
    clip = Clip.of(write(FRAMES, folder / "a.mp4", rate="30000/1001", sound=True))
    assert (clip.width, clip.height, clip.rate) == (64, 48, Fraction(30000, 1001))
    assert clip.sound
    assert not clip.full_range
    frames = seen(clip.path)
    assert len(frames) == 5
    for one, other in zip(frames, FRAMES, strict=True):
        assert np.abs(one.astype(int) - other).mean() < 6
    assert [it.tobytes() for it in seen(clip.path, first=2, limit=4)] == [it.tobytes() for it in frames[2:4]]
    assert seen(clip.path, 32, 24)[0].shape == (24, 32, 3)


def test_a_turned_clip_is_upright(folder):
    write(FRAMES, folder / "flat.mp4")
    words = [ffmpeg.program(), "-v", "error", "-display_rotation", "90", "-i", "flat.mp4", "-c", "copy", "turned.mp4"]
    subprocess.run(words, check=True)
    clip = Clip.of(Path("turned.mp4"))
    assert (clip.width, clip.height) == (48, 64)
    (first,) = seen(clip.path, 48, 64, limit=1)
    assert np.abs(np.rot90(first, -1).astype(int) - FRAMES[0]).mean() < 6


def test_the_range_of_levels_is_kept(folder):
    write(FRAMES, folder / "full.mp4", "-vf", "scale=out_range=pc,format=yuv420p", "-color_range", "pc", "-crf", "8")
    clip = Clip.of(Path("full.mp4"))
    assert clip.full_range
    for full_range in (True, False):
        for number, frame in enumerate(FRAMES):
            Image.fromarray(frame).save(f"frame-{number:07}.png")
        to = folder / "made.mkv"
        ffmpeg.encode(str(folder / "frame-%07d.png"), 0, 5, clip.rate, to, ".mp4", full_range=full_range)
        again = Clip.of(to)
        assert again.full_range == full_range
        for one, other in zip(seen(to), FRAMES, strict=True):
            assert np.abs(one.astype(int) - other).mean() < 6


@pytest.mark.parametrize("name", ["a.gif", "a.webp"])
def test_animations_are_read(folder, name):
    first, *others = [Image.fromarray(it) for it in FRAMES]
    first.save(name, save_all=True, append_images=others, duration=80, loop=0, **({"lossless": True} if "webp" in name else {}))
    clip = Clip.of(Path(name))
    assert round(float(clip.rate), 2) == 12.5
    frames = seen(Path(name))
    assert len(frames) == 5
    assert np.abs(frames[3].astype(int) - FRAMES[3]).mean() < 8


def test_what_is_no_clip(folder, monkeypatch):
    Path("text.mp4").write_text("nothing that moves")
    with pytest.raises(nstk.UserError, match=r"text.mp4 is no clip that ffmpeg can read: .+"):
        Clip.of(Path("text.mp4"))
    with pytest.raises(nstk.UserError, match=r"the clip clip.mpf is not there: did you mean `clip.mp4`\?"):
        Clip.of(Path("clip.mpf"))
    Image.fromarray(FRAMES[0]).save("still.webp")
    with pytest.raises(nstk.UserError, match=r"still.webp is a single picture: `nstk run` paints it"):
        Clip.of(Path("still.webp"))
    ffmpeg.program.cache_clear()
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    with pytest.raises(nstk.UserError, match=r"not on the PATH: install it, or pip install \"nstk-styletransfer\[video\]\""):
        Clip.of(Path("clip.mp4"))
    ffmpeg.program.cache_clear()


@pytest.mark.parametrize("how", ["cut", "overwritten"])
def test_what_cannot_be_read_is_told_and_the_frame_before_stands_for_it(folder, caplog, how):
    write(moving(40, 64, 48), folder / "bad.mkv", "-c:v", "ffv1", "-g", "1")
    whole = Path("bad.mkv").read_bytes()
    half = len(whole) // 2
    Path("bad.mkv").write_bytes(whole[:half] if how == "cut" else whole[:half] + bytes(600) + whole[half + 600 :])
    read = len(seen(Path("bad.mkv")))
    assert 5 < read < 40 if how == "cut" else read == 40
    assert "bad.mkv is damaged (" in caplog.text


def test_a_clip_without_a_frame(folder):
    write(moving(2, 64, 48), folder / "bad.mkv", "-c:v", "ffv1")
    Path("bad.mkv").write_bytes(Path("bad.mkv").read_bytes()[:700])
    with pytest.raises(nstk.NstkError, match=r"bad.mkv") as caught:
        seen(Path("bad.mkv"))
    assert "Conversion failed" not in str(caught.value)
