"""The pairs of a photograph and a painting that are painted: a fixed choice, so that figures can be compared."""

from __future__ import annotations

import random
from pathlib import Path

from .processes import Failed
from .setting import IMAGES

LEAST = 24
"""How many pairs there are at least, if nobody says how many. Every painting has one in any case."""

SEED = 0
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"}

PHOTOGRAPHS = ("louvre.jpg", "coffee.jpg", "chelsea.jpg")
PAINTINGS = ("cafe_terrace.jpg", "sandstone.jpg")
"""The free pictures that come with nstk."""

Pair = tuple[Path, Path]


def pairs(folder: Path | None, count: int | None) -> list[Pair]:
    """The pairs in a folder that has `contents/` and `styles/`, or those of the free pictures; the first `count` of them.

    Paintings come in turn, so that all of them are seen before one comes again, and then with another photograph. A smaller
    `count` gives the first pairs of a larger one.
    """
    if folder is None:
        photographs, paintings = ([IMAGES / name for name in names] for names in (PHOTOGRAPHS, PAINTINGS))
    else:
        photographs, paintings = _pictures(folder / "contents"), _pictures(folder / "styles")
    made = _paired(photographs, paintings)
    return made[: count or max(LEAST, len(paintings))]


def _paired(photographs: list[Path], paintings: list[Path]) -> list[Pair]:
    """Every pair, once."""
    rng = random.Random(SEED)
    photographs, paintings = ([*rng.sample(files, len(files))] for files in (photographs, paintings))
    rounds, many = len(photographs), len(photographs)
    return [(photographs[(at + turn) % many], painting) for turn in range(rounds) for at, painting in enumerate(paintings)]


def _pictures(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES)
    if not found:
        raise Failed(f"there are no pictures in {folder}: the folder of the pairs has `contents` and `styles`")
    return found
