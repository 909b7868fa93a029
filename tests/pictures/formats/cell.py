"""A cell of the table of formats: a file, and the picture that is in it, known without any reader of nstk's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tests.pictures.colours import H, W

RNG = np.random.default_rng(11)
LEVELS = RNG.integers(0, 65536, (H, W, 4)).astype(np.uint16)
"""Levels of 16 bits: red, green, blue, alpha."""

_x, _y = np.meshgrid(np.linspace(0, 1, W), np.linspace(0, 1, H))
SMOOTH = np.rint(np.dstack([40 + 180 * _x, 210 - 150 * _y, 60 + 90 * _x + 80 * _y])).astype(np.uint8)
"""A picture of 8 bits that lossy formats keep to a level or two."""

CHANNELS = {"grey": slice(0, 1), "RGB": slice(0, 3)}

TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a),
}
"""How a picture that lies in its file by an EXIF orientation is turned upright (Exif 2.32, 4.6.4)."""


@dataclass(frozen=True, eq=False)
class Cell:
    """A file of one format, and what is in it."""

    row: str
    """The format, as the table of the documentation calls it."""
    bits: str
    colours: str
    data: Callable[[], bytes]
    expected: Callable[[], np.ndarray]
    """The colours (height x width x 1 or 3, 0..255), as they lie in the file, and perhaps an alpha of 0..255 after them."""
    space: str = ""
    alpha: bool = False
    turn: int = 1
    within: float = 0.01
    """By how many levels of 255 what is read may differ: what rounding, or a lossy codec, explains."""
    what: str = ""

    @property
    def name(self) -> str:
        """What the test is called."""
        parts = [
            self.row,
            self.bits,
            self.colours,
            "alpha" * self.alpha,
            self.space,
            str(self.turn) * (self.turn > 1),
            self.what,
        ]
        return " ".join(part for part in parts if part)


def levels(bits: int, colours: str = "RGB", alpha: bool = False) -> np.ndarray:
    """The picture at so many bits a channel: height x width x 1..4, uint8 or uint16."""
    made = LEVELS[..., CHANNELS[colours]] if not alpha else LEVELS[..., [0, 3] if colours == "grey" else [0, 1, 2, 3]]
    return (made >> (16 - bits)).astype(np.uint8 if bits <= 8 else np.uint16)


def known(numbers: np.ndarray, bits: int = 8) -> Callable[[], np.ndarray]:
    """Levels as colours of 0..255."""
    return lambda: numbers * (255 / (2**bits - 1))
