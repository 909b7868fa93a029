"""ffmpeg, from the PATH or the `video` extra: what a clip is, its frames, and frames into a clip."""

from __future__ import annotations

import logging
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import numpy as np

from ..errors import OutputError, RunError, UserError
from ..files import shown

log = logging.getLogger("nstk")

INSTALL = 'pip install "nstk-styletransfer[video]"'

LOSSLESS = ["-c:v", "ffv1", "-pix_fmt", "gbrp"]
"""How frames are kept that are encoded anew at the end."""

SEGMENTS = {
    ".mp4": ["-c:v", "libx264", "-crf", "16", "-preset", "medium"],
    ".webm": ["-c:v", "libvpx-vp9", "-crf", "24", "-b:v", "0", "-row-mt", "1"],
    ".gif": LOSSLESS,
    ".webp": LOSSLESS,
}
SEGMENTS |= dict.fromkeys((".m4v", ".mov", ".mkv"), SEGMENTS[".mp4"])
"""How frames are encoded for each kind of clip."""

PALETTE = "split[a][b];[a]palettegen=stats_mode=diff[p];[b][p]paletteuse=dither=sierra2_4a"

ENDS = {
    ".gif": ["-filter_complex", PALETTE, "-loop", "0"],
    ".webp": ["-c:v", "libwebp_anim", "-quality", "90", "-loop", "0"],
}
"""How a clip is made of its segments, where these are not taken as they are."""

SOUND = {".webm": "libopus"}
"""The sound of a clip that cannot hold that of the one it was made from; elsewhere it is AAC."""

HEADER = re.compile(rb"YUV4MPEG2 W(\d+) H(\d+) F(\d+):(\d+) ")
DURATION = re.compile(r"Duration: (\d+):(\d+):(\d+\.\d+)")
RATE = re.compile(r"Video: .*?\b(\d+(?:\.\d+)?) fps")
FULL_RANGE = re.compile(r"Video: .*(?:yuvj|\(pc\b)")


@dataclass(frozen=True)
class Told:
    """What ffmpeg tells of a clip."""

    width: int
    """Pixels, as the clip is shown: turned as it asks for."""
    height: int
    rate: Fraction
    """Frames a second."""
    seconds: float
    """How long it is; 0 where that is not known."""
    sound: bool
    full_range: bool
    """Whether its levels go from 0 to 255, and not from 16 to 235."""


@cache
def program() -> str:
    """The program. Raises `UserError` where there is none."""
    if found := shutil.which("ffmpeg"):
        return found
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise UserError(f"clips are read and written by ffmpeg, which is not on the PATH: install it, or {INSTALL}") from error


def told(clip: Path) -> Told:
    """Raises `UserError` where ffmpeg cannot read the clip."""
    options = ["-i", _named(clip), "-map", "0:v:0", "-frames:v", "1", "-pix_fmt", "yuv444p", "-strict", "-1"]
    run = subprocess.run(
        [program(), "-hide_banner", "-nostdin", *options, "-f", "yuv4mpegpipe", "-"], capture_output=True, check=False
    )
    said = run.stderr.decode(errors="replace")
    header = HEADER.match(run.stdout)
    if not header:
        raise UserError(f"{shown(clip)} is no clip that ffmpeg can read: {_why(said)}")
    width, height, *guessed = map(int, header.groups())
    found = DURATION.search(said)
    hours, minutes, seconds = map(float, found.groups()) if found else (0.0, 0.0, 0.0)
    source = said.partition("Output #")[0]
    return Told(
        width,
        height,
        _rate(source) or Fraction(*guessed),
        3600 * hours + 60 * minutes + seconds,
        bool(re.search(r"Stream #.*: Audio:", source)),
        bool(FULL_RANGE.search(source)),
    )


def _rate(said: str) -> Fraction | None:
    """The mean frame rate, of which ffmpeg writes two decimals; rates of television are known by them."""
    found = RATE.search(said)
    if not found:
        return None
    near = [it for it in (Fraction(1000 * whole, 1001) for whole in (24, 30, 48, 60, 120)) if f"{float(it):.2f}" == found[1]]
    return near[0] if near else Fraction(found[1])


def frames(clip: Path, rate: Fraction, width: int, height: int, limit: int | None = None) -> Iterator[np.ndarray]:
    """The frames of a clip at a size, height x width x 3, uint8, as many a second as `rate` says. Raises `RunError`.

    Where frames are missing or cannot be read, the one before is shown again, as a player does it.
    """
    turned = ["-vf", f"scale={width}:{height}:flags=lanczos+accurate_rnd+full_chroma_int"]
    even = ["-fps_mode", "cfr", "-r", f"{rate.numerator}/{rate.denominator}"]
    most = [] if limit is None else ["-frames:v", str(limit)]
    options = ["-i", _named(clip), "-map", "0:v:0", *turned, *even, *most, "-pix_fmt", "rgb24", "-f", "rawvideo"]
    with TemporaryFile() as said, _started([program(), "-v", "error", "-nostdin", *options, "-"], said) as process:
        assert process.stdout
        size, count = width * height * 3, 0
        while len(data := process.stdout.read(size)) == size:
            count += 1
            yield np.frombuffer(data, np.uint8).reshape(height, width, 3)
        failed = process.wait() or not count
        said.seek(0)
        why = said.read().decode(errors="replace")
        if failed:
            raise RunError(f"frame {count + 1} of {shown(clip)} cannot be read: {_why(why)}")
        if why:
            log.warning("%s is damaged (%s): the frame before stands for each that cannot be read", shown(clip), _why(why))


@contextmanager
def _started(words: Sequence[str], said: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """A process whose output is read, and which ends with the block."""
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=said, bufsize=10**7)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def encode(pattern: str, first: int, count: int, rate: Fraction, to: Path, suffix: str, *, full_range: bool) -> None:
    """Encode numbered pictures (`frame-%07d.png`) as a segment of a clip. Raises `OutputError`."""
    speed = f"{rate.numerator}/{rate.denominator}"
    colours = [] if SEGMENTS[suffix] is LOSSLESS else _colours(full_range)
    source = ["-framerate", speed, "-start_number", str(first), "-i", pattern, "-frames:v", str(count)]
    _run([*source, *SEGMENTS[suffix], *colours, "-fflags", "+bitexact", "-flags:v", "+bitexact", str(to)], to)


def _colours(full_range: bool) -> list[str]:
    """The options that say how colours are written down, in the file too."""
    levels = "pc" if full_range else "tv"
    even = "crop=trunc(iw/2)*2:trunc(ih/2)*2"  # this kind of colours has a half of the rows and columns
    scale = f"{even},scale=out_color_matrix=bt709:out_range={levels}:flags=lanczos+accurate_rnd+full_chroma_int,format=yuv420p"
    return ["-vf", f"{scale},setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range={levels}"]


def join(segments: Sequence[Path], listing: Path, sound: Path | None, seconds: float, to: Path) -> None:
    """Make a clip of its segments, with the sound of another clip. `listing` is a file to write. Raises `OutputError`."""
    listing.write_text("".join(f"file '{it.name}'\n" for it in segments), encoding="utf-8")
    suffix = to.suffix.lower()
    source = ["-f", "concat", "-safe", "0", "-i", str(listing)]
    exact = ["-fflags", "+bitexact", "-map_metadata", "-1"]
    ends = ENDS.get(suffix, ["-c:v", "copy", *(["-movflags", "+faststart"] if suffix in (".mp4", ".m4v", ".mov") else [])])
    if not sound or suffix in ENDS:
        _run([*source, *ends, *exact, str(to)], to)
        return
    beside = ["-i", _named(sound), "-map", "0:v", "-map", "1:a", "-t", f"{seconds:.6f}"]
    try:
        _run([*source, *beside, *ends, "-c:a", "copy", *exact, str(to)], to)
    except OutputError:  # the container does not hold this kind of sound
        _run([*source, *beside, *ends, "-c:a", SOUND.get(suffix, "aac"), *exact, str(to)], to)


def _run(options: Sequence[str], to: Path) -> None:
    words = [program(), "-v", "error", "-nostdin", "-y", *options]
    run = subprocess.run(words, capture_output=True, check=False)
    if run.returncode:
        raise OutputError(f"cannot write {shown(to)}: {_why(run.stderr.decode(errors='replace'))}")


def _named(path: Path) -> str:
    """A file as ffmpeg takes it for a file, whatever its name begins with or holds."""
    return f"file:{path}"


def _why(said: str) -> str:
    """What went wrong, in ffmpeg's own words."""
    lines = [line.strip() for line in said.splitlines() if line.strip() and line.strip() != "Conversion failed!"]
    return lines[-1].removeprefix("Error opening input files: ") if lines else "it says nothing"
