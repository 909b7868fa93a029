"""Part `many`: pictures of one shape painted by one command, against as many commands of their own; and frames of a clip.

Both are painted by the default recipe and by the command line, with all that this takes: the imports, the network, what is
compiled, the files. A later frame of a clip is compared with a single picture of its size. A picture whose tiles are spread
over several workers is planned, not painted: how large the tiles are, how much memory a process takes, and how long a step.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nstk
from nstk.clips.ffmpeg import program
from nstk.cluster.tiles import in_tiles

from .processes import child, run
from .report import Record
from .setting import BENCH, IMAGES, Setting, command_words, content, style

SIZE, QUICK_SIZE = (256, 192), (64, 48)
COUNT, QUICK_COUNT = 12, 2
SHARE = 0.6
"""The share of the time of single commands that a series may take."""

FRAME, QUICK_FRAME = (512, 384), (64, 48)
FRAMES, QUICK_FRAMES = 5, 3
QUARTER = 0.25
"""The share of a single picture's time that a later frame of a clip may take."""

HUGE, QUICK_HUGE = (11552, 8664), (512, 384)
WORKERS = 4
"""A picture of 100 megapixels, and over how many workers its tiles are spread."""

NSTK = [sys.executable, "-m", "nstk"]


def measure(setting: Setting, record: Record) -> None:
    size, count = setting.pick(SIZE, QUICK_SIZE), setting.pick(COUNT, QUICK_COUNT)
    given = command_words(size, 2 if setting.quick else None)
    folder = BENCH / "many"
    shutil.rmtree(folder, ignore_errors=True)
    setting.say(f"many: {count} pictures of {size[0]} x {size[1]} by commands of their own, and by one between them")

    def single(seed: int) -> float:
        return run([*NSTK, "run", *given, f"seed={seed}", "-q", "-o", folder / f"{seed}.png"]).seconds

    alone = [single(seed) for seed in range(count // 2)]
    varied = ["--vary", "seed=" + ",".join(map(str, range(count)))]
    together = run([*NSTK, "sweep", *given, *varied, "-o", folder / "series", "--no-scores", "-q", "--workers", "1"]).seconds
    alone += [single(seed) for seed in range(count // 2, count)]  # the pace of a machine changes within minutes
    record.raw |= {"alone": alone, "together": together}
    record.figure(f"many: {count} pictures by one worker / by single commands", together / sum(alone), most=SHARE)
    record.figure("many: a single command", sum(alone) / count, "s")
    record.keep()
    _clip(setting, record, folder)
    record.keep()
    _spread(setting, record)


def _clip(setting: Setting, record: Record, folder: Path) -> None:
    """A later frame of a clip against a single picture of its size."""
    (width, height), count = setting.pick(FRAME, QUICK_FRAME), setting.pick(FRAMES, QUICK_FRAMES)
    given = [f"style={style(max(width, height), 'cafe_terrace.jpg')}", f"size={max(width, height)}"]
    if setting.quick:
        given += ["backbone=tiny", "steps=2", "pyramid=false"]
    clip = _moving(folder / "clip.mkv", width, height, count)
    setting.say(f"many: a clip of {count} frames of {width} x {height}, and its first frame as a picture")
    single = run([*NSTK, "run", f"content={content(width, height)}", *given, "-q", "-o", folder / "single.png"]).seconds
    ends: list[float] = []
    with subprocess.Popen(
        [*NSTK, "video", str(clip), *given, "-o", str(folder / "painted.mkv")], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        until, began = folder / "painted.mkv.run" / "state.json", time.perf_counter()
        done = 0
        while process.poll() is None:
            if until.exists() and (found := re.search(r'"done": (\d+)', until.read_text())) and int(found[1]) > done:
                done = int(found[1])
                ends.append(time.perf_counter() - began)
            time.sleep(0.01)
    later = ends[-1] - ends[-2]  # the second frame's step is compiled
    record.raw |= {"single": single, "frames": ends}
    record.figure(f"many: a later frame of {width} x {height} / a single picture", later / single, most=QUARTER)
    record.figure("many: a later frame", later, "s")


def _spread(setting: Setting, record: Record) -> None:
    """What the tiles of one large picture take on several workers, each with a machine like this one."""
    size = setting.pick(HUGE, QUICK_HUGE)
    inputs = {"content": str(content(1024, 768)), "style": str(style(1024, "cafe_terrace.jpg")), "size": max(size), "steps": 1}
    recipe = in_tiles(nstk.load_recipe({**inputs, "extends": "default", "pyramid": False}), WORKERS)
    setting.say(f"many: the tiles of {size[0]} x {size[1]} on {WORKERS} workers, planned")
    settings = {**inputs, "pyramid": False, "tiles": recipe.tiles, "checkpoint": False}
    said = child("forecast", {"recipe": "default", "settings": settings})
    record.raw["spread"] = said
    name = f"many: {size[0]} x {size[1]} on {WORKERS} workers, in tiles of {said['edge']} px"
    record.figure(f"{name}: memory of a process", said["bytes"] / 1e9, "GB")
    record.figure(f"{name}: a step, planned", said["seconds"] / WORKERS, "s")


def _moving(path: Path, width: int, height: int, count: int) -> Path:
    """A clip in which the camera moves over a photograph."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scaled = f"scale={2 * width}:{2 * height}:force_original_aspect_ratio=increase"
    moved = f"{scaled},crop={width}:{height}:x='2*n':y=n"
    source = ["-loop", "1", "-i", str(IMAGES / "louvre.jpg"), "-vf", moved, "-frames:v", str(count)]
    subprocess.run([program(), "-v", "error", "-y", *source, "-r", "25", "-c:v", "ffv1", str(path)], check=True)
    return path
