"""What the files that belong to one picture are called: no two pictures of a folder share one."""

from __future__ import annotations

from pathlib import PurePath

PLAIN = ".png"
"""The suffix that is left out of the names of the files that belong to a picture."""

SUFFIXES = frozenset({PLAIN, ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".avif"})
"""The suffixes of all pictures that nstk writes anywhere. The names must not depend on what this machine can write."""

READ = SUFFIXES | {".jpe", ".jfif", ".gif", ".heic", ".heif", ".jp2", ".jxl", ".psd", ".tga", ".ppm", ".pgm", ".pnm"}
"""How the names of pictures end that nstk reads."""


def base_name(picture: PurePath) -> str:
    """What the names of all files begin with that belong to a picture: `louvre` for `louvre.png`, `a.jpg` for `a.jpg`.

    A PNG leaves its suffix out, unless what is left could be the name of another picture: that of `a.jpg.png` is `a.jpg.png`.
    """
    plain = picture.suffix == PLAIN and PurePath(picture.stem).suffix.lower() not in SUFFIXES
    return picture.stem if plain else picture.name
