"""Pictures as the bytes of a file that moves: GIF and WebP by Pillow, clips by ffmpeg."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import TYPE_CHECKING

import nstk

if TYPE_CHECKING:
    from PIL import Image

    from nstk.plugins.callbacks._reel import Shown

H264 = ["-c:v", "libx264", "-crf", "18", "-preset", "medium"]

CLIPS = {
    ".mp4": [*H264, "-movflags", "+faststart"],
    ".mkv": H264,
    ".webm": ["-c:v", "libvpx-vp9", "-crf", "28", "-b:v", "0", "-row-mt", "1", "-deadline", "good", "-cpu-used", "4"],
}
"""How ffmpeg encodes each kind of clip."""

YUV = "scale=out_color_matrix=bt709:out_range=tv:flags=lanczos+accurate_rnd+full_chroma_int,format=yuv420p"
"""What players expect of colours in a clip; without it, ffmpeg writes those of old television, and says so nowhere."""
BT709 = f"{YUV},setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"

SUFFIXES = (".gif", ".webp", *CLIPS)

SAMPLES = 12
"""From how many pictures the colours of a GIF are chosen."""


def ffmpeg() -> str | None:
    """The program, from the PATH or the `video` extra, or None where there is none."""
    if found := shutil.which("ffmpeg"):
        return found
    if find_spec("imageio_ffmpeg") is None:
        return None
    import imageio_ffmpeg

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:  # the package is there without the program
        return None


def moving(shown: Iterable[Shown], suffix: str, fps: int) -> bytes:
    """A file of this kind that shows pictures of one size, each for so many frames. Raises `OutputError` where ffmpeg fails.

    GIF counts in hundredths of a second; the frames of 24 a second are as long on average.
    """
    if suffix in CLIPS:
        return _clip(shown, suffix, fps)
    pictures, frames = zip(*shown, strict=True)
    file = io.BytesIO()
    if suffix == ".gif":
        lengths = _lengths(frames, fps, 10)
        first, *others = _in_one_palette(pictures)
        first.save(file, "GIF", save_all=True, append_images=others, duration=lengths, loop=0, optimize=False)
    else:
        lengths = _lengths(frames, fps, 1)
        first, *others = pictures
        first.save(file, "WEBP", save_all=True, append_images=others, duration=lengths, loop=0, quality=82, method=3)
    return file.getvalue()


def _lengths(frames: Sequence[int], fps: int, unit: int) -> list[int]:
    """How many milliseconds each picture is shown, in multiples of `unit`. Their rounding does not add up."""
    ends = [unit * max(1, round(1000 * end / fps / unit)) for end in accumulate(frames)]
    return [max(unit, end - begin) for begin, end in zip([0, *ends], ends, strict=False)]


def _in_one_palette(pictures: Sequence[Image.Image]) -> list[Image.Image]:
    """Pictures in the 256 colours that are best for all of them: colours that change with each picture would flicker."""
    from PIL import Image

    chosen = pictures[:: max(1, len(pictures) // SAMPLES)]
    width, height = chosen[0].size
    sheet = Image.new("RGB", (width, height * len(chosen)))
    for index, picture in enumerate(chosen):
        sheet.paste(picture, (0, index * height))
    sheet.thumbnail((512, 4096))
    palette = sheet.quantize(256, Image.Quantize.MEDIANCUT, kmeans=2)
    return [picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for picture in pictures]


def _clip(shown: Iterable[Shown], suffix: str, fps: int) -> bytes:
    program, pictures = ffmpeg(), iter(shown)
    if program is None:
        raise nstk.OutputError("ffmpeg is not there any more")
    first, frames = next(pictures)
    size = "{}x{}".format(*first.size)
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", str(fps), "-i", "-", "-vf", BT709]
    with TemporaryDirectory(prefix="nstk-") as folder, TemporaryFile() as said:
        to = Path(folder, f"clip{suffix}")
        words = [program, "-v", "error", "-nostdin", "-y", *source, *CLIPS[suffix], "-fflags", "+bitexact", str(to)]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said) as process:
            assert process.stdin
            try:
                for picture, count in ((first, frames), *pictures):
                    for _ in range(count):
                        process.stdin.write(picture.tobytes())
                process.stdin.close()
            except BrokenPipeError:  # ffmpeg has ended, and said why
                pass
        if process.returncode or not to.exists():
            said.seek(0)
            why = said.read().decode(errors="replace").strip().splitlines()
            raise nstk.OutputError(f"ffmpeg cannot make a {suffix} ({why[-1] if why else 'it says nothing'})")
        return to.read_bytes()
