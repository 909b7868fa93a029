"""A clip is painted frame by frame, in memory and on disk that do not grow with its length, and goes on where it stopped."""

from __future__ import annotations

import json
import logging
import math
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from .. import pictures
from ..checkpoints.provenance import settings_of, sources, versions
from ..engine.interrupts import INTERRUPTED, interruptible
from ..errors import UserError
from ..files import check_writable, exists, file_hash, in_line, same_file, shown, write_whole
from ..pictures import fit
from ..recipe.load import load_recipe
from ..recipe.model import RECIPE, RECORD, Recipe
from ..registry.registry import PluginLike
from . import ffmpeg
from .clip import Clip
from .folder import ClipFolder
from .frames import Choices, Painter
from .motion import library

STEPS, WEIGHT = 5, 20.0
"""How many steps a frame takes after the first one, at the last scale, and the weight of what holds it to the frame before."""

PAINTED = 0.99
"""The share of a frame that its steps are; the rest is writing it."""

SEGMENT = 48
"""How many frames are encoded together: so many pictures lie on disk at most."""

log = logging.getLogger("nstk")


@dataclass(frozen=True)
class ClipProgress:
    """How far a clip is."""

    frame: int
    """The number of the frame at work, from 1 on."""
    count: int
    """About how many frames there are; 0 where that is not known."""
    share: float
    """The share of the frame's steps that are done."""


@dataclass(frozen=True)
class PaintedClip:
    """What became of a clip."""

    path: Path
    frames: int
    """How many frames are painted."""
    scenes: int
    """How many scenes have begun since the command did."""
    seconds: float
    stopped: str
    """`done`, `interrupted`, or `there` where the clip was there already."""


Tell = Callable[[ClipProgress], None]


def video(
    recipe: str | PathLike[str] | Mapping[str, Any] | None,
    clip: str | PathLike[str],
    output: str | PathLike[str],
    *,
    overrides: Sequence[str] = (),
    plugins: Sequence[PluginLike] = (),
    trust: bool = False,
    force: bool = False,
    preview: float | None = None,
    steps: int = STEPS,
    temporal: float = WEIGHT,
    long_term: Sequence[int] = (),
    tell: Tell = lambda progress: None,
) -> PaintedClip:
    """Paint a clip by a recipe, whose `content` is each of its frames. Needs the extra `video`.

        nstk.video("default", "clip.mp4", "out/clip.mp4", overrides=["style=starry.jpg", "size=512"])

    The first frame of each scene is painted as the recipe says; each other one begins from the frame before, carried along the
    motion, takes so many `steps`, and is held to it by a loss of the weight `temporal`. `long_term` names earlier frames that
    it is held to where the one before tells nothing (2 is the one before that). `preview` paints so many seconds only.

    The same call goes on with a clip that was stopped, and its frames are those of a clip that never was, bit for bit. Raises
    `UserError` where something cannot be read, or the output holds something else, unless `force` says to replace it; and
    `RunError` where a frame of the clip cannot be read: what is painted is kept.
    """
    library()
    ffmpeg.program()
    source, to = Clip.of(Path(clip)), Path(output).absolute()
    _check_output(source, to)
    choices = Choices(steps, temporal, tuple(sorted({*long_term} - {1})))
    limit = None if preview is None else max(1, math.ceil(preview * source.rate))
    with tempfile.TemporaryDirectory(prefix="nstk-") as scratch:
        first = Path(scratch) / "frame.png"
        pictures.write_picture(next(source.frames(source.width, source.height, limit=1)), first)
        made = load_recipe(recipe, overrides, plugins=plugins, content=first, output=False, trust=trust)
        made_from = _made_from(made, source, choices, limit)
    if not force and _there(to, made_from):
        return PaintedClip(to, 0, 0, 0.0, "there")
    check_writable(to, [to.with_name(to.name + end) for end in (RECIPE, RECORD)], force=force)
    return _paint(made, source, to, choices, limit, made_from, tell)


def _check_output(clip: Clip, to: Path) -> None:
    if to.suffix.lower() not in ffmpeg.SEGMENTS:
        raise UserError(f"`{to.name}` has no suffix of a clip: write one of {', '.join(sorted(ffmpeg.SEGMENTS))}")
    if same_file(clip.path, to):
        raise UserError(f"{shown(to)} is the clip itself, which would be replaced: choose another output (`-o`)")


def _made_from(recipe: Recipe, clip: Clip, choices: Choices, limit: int | None) -> dict[str, Any]:
    """What a clip is made from, as far as its frames depend on it. Files are known by their hashes."""
    found = sources(recipe)
    return {
        "clip": file_hash(clip.path),
        "frames": limit,
        "choices": asdict(choices),
        "settings": settings_of(recipe),
        "inputs": {where: it["sha256"] for where, it in found["inputs"].items() if where != "content"},
        "plugins": {row["where"]: row["sha256"] for row in found["plugins"]},
    }


def _there(to: Path, made_from: Mapping[str, Any]) -> bool:
    """Whether the clip is there already. Raises `UserError` where something else is."""
    if not exists(to):
        return False
    try:
        record = json.loads(to.with_name(to.name + RECORD).read_text(encoding="utf-8"))
        if record["made_from"] == json.loads(json.dumps(made_from, default=str)):
            return True
    except (OSError, ValueError, LookupError, TypeError):
        pass
    raise UserError(
        f"{shown(to)} is there already and is another clip: choose another output (`-o`), or replace it (`--force`)"
    )


class _Stop:
    """Notes that a signal came between two frames."""

    asked = False

    def stop(self, reason: str) -> None:
        self.asked = True


def _paint(
    recipe: Recipe,
    clip: Clip,
    to: Path,
    choices: Choices,
    limit: int | None,
    made_from: Mapping[str, Any],
    tell: Tell,
) -> PaintedClip:
    began, scenes, stop = time.perf_counter(), 0, _Stop()
    size = (clip.width, clip.height) if recipe.aspect else fit(clip.width, clip.height, recipe.size)
    count = min(clip.count, limit) if limit else clip.count
    folder, number = ClipFolder(to), 0
    with folder.locked(), interruptible(stop):
        if line := folder.begin(made_from):
            log.warning("%s", line)
        painter = Painter(recipe, choices, folder, lambda share: tell(ClipProgress(number + 1, count, PAINTED * share)))
        for number, source in enumerate(clip.frames(*size, folder.done, limit), folder.done):
            frame, begins = painter.paint(number, source)
            if frame.stopped == INTERRUPTED:
                break
            scenes += begins
            folder.keep(number, frame.shown, frame.raw, source, choices.latest)
            _encode(folder, clip, to, whole=True)
            tell(ClipProgress(number + 1, count, 1.0))
            if stop.asked:
                break
        else:
            _conclude(folder, clip, to, recipe, made_from)
            return PaintedClip(to, folder.done, scenes, time.perf_counter() - began, "done")
    return PaintedClip(to, folder.done, scenes, time.perf_counter() - began, INTERRUPTED)


def _encode(folder: ClipFolder, clip: Clip, to: Path, *, whole: bool) -> None:
    """Encode what is painted and in no segment yet: `whole` segments alone, or the last one too."""
    first = SEGMENT * len(folder.segments())
    while folder.done - first >= (SEGMENT if whole else 1):
        count = min(SEGMENT, folder.done - first)
        part, pattern = folder.path / "joined.mkv", str(folder.path / "frame-%07d.png")
        ffmpeg.encode(pattern, first, count, clip.rate, part, to.suffix.lower(), full_range=clip.full_range)
        os.replace(part, folder.file("segment", first, ".mkv"))
        if count == SEGMENT:
            folder.drop_frames(first, count)
        first += count


def _conclude(folder: ClipFolder, clip: Clip, to: Path, recipe: Recipe, made_from: Mapping[str, Any]) -> None:
    """Put the clip in its place, with its recipe and its record, and drop what it was made of."""
    for left in folder.segments()[folder.done // SEGMENT :]:
        left.unlink()  # a last segment, when the command was killed at this very place
    _encode(folder, clip, to, whole=False)
    joined = folder.path / f"joined{to.suffix.lower()}"
    sound = clip.path if clip.sound else None
    ffmpeg.join(folder.segments(), folder.path / "segments.txt", sound, float(folder.done / clip.rate), joined)
    os.replace(joined, to)
    named = recipe.model_copy(update={"content": str(clip.path.absolute())})
    header = f"# The recipe of {in_line(to.name)}, for `nstk video`, with every default written out.\n"
    write_whole(to.with_name(to.name + RECIPE), header + named.to_yaml(to.parent))
    record = {"clip": str(clip.path.absolute()), "frames": folder.done, "made_from": made_from, "versions": versions()}
    write_whole(to.with_name(to.name + RECORD), json.dumps(record, indent=2, default=str) + "\n")
    folder.remove()
