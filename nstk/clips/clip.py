"""A clip to paint: how large, how fast, how long, and its frames one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import UserError
from ..files import NOT_THERE, shown, trouble
from ..hints import suggest_file
from . import ffmpeg

if TYPE_CHECKING:
    from PIL import Image

ANIMATED = ".webp"
"""The clips that Pillow reads: not every ffmpeg knows them."""

DEFAULT_MS = 100
"""For how long a frame is shown that does not say it, as browsers do it."""


@dataclass(frozen=True)
class Clip:
    """A file with moving pictures."""

    path: Path
    width: int
    """Pixels, as the clip is shown."""
    height: int
    rate: Fraction
    """Frames a second."""
    seconds: float
    """How long it is; 0 where that is not known."""
    sound: bool = False
    full_range: bool = False
    """Whether its levels go from 0 to 255, and not from 16 to 235."""

    @classmethod
    def of(cls, path: Path) -> Clip:
        """Raises `UserError` where there is no clip to read."""
        if why := trouble(path):
            hint = suggest_file(path) if why == NOT_THERE else ""
            raise UserError(f"the clip {shown(path)} {why}{f': {hint}' if hint else ''}")
        if path.suffix.lower() == ANIMATED:
            return _animated(path)
        it = ffmpeg.told(path)
        return cls(path, it.width, it.height, it.rate, it.seconds, it.sound, it.full_range)

    @property
    def count(self) -> int:
        """About how many frames there are; 0 where that is not known."""
        return round(self.seconds * self.rate)

    def frames(self, width: int, height: int, first: int = 0, limit: int | None = None) -> Iterator[np.ndarray]:
        """The frames at a size, height x width x 3, uint8, from the number `first` up to `limit`."""
        if self.path.suffix.lower() == ANIMATED:
            made = _stills(self, width, height)
        else:
            made = ffmpeg.frames(self.path, self.rate, width, height, limit)
        return islice(made, first, limit)


def _animated(path: Path) -> Clip:
    from PIL import Image, ImageSequence, UnidentifiedImageError

    try:
        with Image.open(path) as file:
            shown_for = [_shown_for(frame) for frame in ImageSequence.Iterator(file)]
            width, height = file.size
    except (UnidentifiedImageError, OSError, EOFError) as error:
        raise UserError(f"{shown(path)} is no clip that can be read: {error}") from error
    if len(shown_for) < 2:
        raise UserError(f"{shown(path)} is a single picture: `nstk run` paints it")
    return Clip(path, width, height, Fraction(1000 * len(shown_for), round(sum(shown_for))), sum(shown_for) / 1000)


def _shown_for(frame: Image.Image) -> float:
    """For how many milliseconds a frame is shown. It has to be decoded to know that."""
    frame.load()
    return float(frame.info.get("duration") or DEFAULT_MS)


def _stills(clip: Clip, width: int, height: int) -> Iterator[np.ndarray]:
    """The frames of an animated picture, at even distances in time."""
    from PIL import Image, ImageSequence

    with Image.open(clip.path) as file:
        until, number = 0.0, 0
        for frame in ImageSequence.Iterator(file):
            until += _shown_for(frame) / 1000
            colours = np.asarray(frame.convert("RGB").resize((width, height), Image.Resampling.LANCZOS))
            while number / clip.rate < until - 1e-9:
                yield colours
                number += 1
