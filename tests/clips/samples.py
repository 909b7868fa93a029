"""Clips that the tests make: a camera that moves over a photograph, and something that moves before it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from nstk.clips.ffmpeg import program
from nstk.recipe.defaults import recipes_folder

IMAGES = recipes_folder() / "images"


def moving(count: int, width: int = 128, height: int = 96, speed: float = 2.0) -> list[np.ndarray]:
    """Frames in which the camera goes to the right and down by `speed` pixels a frame, and a disc to the right."""
    back = Image.open(IMAGES / "louvre.jpg").convert("RGB")
    factor = 1.8 * max(width / back.width, height / back.height)
    back = back.resize((round(back.width * factor), round(back.height * factor)), Image.Resampling.BICUBIC)
    side = width // 3
    disc = Image.open(IMAGES / "chelsea.jpg").convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
    round_ = Image.new("L", disc.size, 0)
    ImageDraw.Draw(round_).ellipse((2, 2, side - 3, side - 3), fill=255)
    round_ = round_.filter(ImageFilter.GaussianBlur(1))
    frames = []
    for index in range(count):

        def at(picture: Image.Image, x: float, y: float) -> Image.Image:
            return picture.transform((width, height), Image.Transform.AFFINE, (1, 0, x, 0, 1, y), Image.Resampling.BICUBIC)

        frame = at(back, 8 + speed * index, 8 + speed * index / 2)
        x, y = -(width * 0.1 + 2 * speed * index), -height * 0.45
        frame.paste(at(disc, x, y), (0, 0), at(round_, x, y))
        frames.append(np.asarray(frame))
    return frames


def write(frames: list[np.ndarray], path: Path, *options: str, rate: str = "12", sound: bool = False) -> Path:
    """Write frames as a clip, H.264 of the best quality unless `options` say otherwise."""
    height, width = frames[0].shape[:2]
    tone = ["-f", "lavfi", "-i", f"sine=440:duration={len(frames) / eval(rate)}", "-c:a", "aac"] if sound else []
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", rate, "-i", "-"]
    coded = options or ("-c:v", "libx264", "-crf", "8", "-pix_fmt", "yuv420p")
    words = [program(), "-v", "error", "-y", *source, *tone, *coded, str(path)]
    subprocess.run(words, input=b"".join(it.tobytes() for it in frames), check=True)
    return path
