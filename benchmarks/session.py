"""Part `session`: how much sooner a second picture begins, whether it is the same, and whether memory grows.

A session is compared with itself: the time from the call to the end of the first step is taken for the first picture and for
the second, with TensorFlow imported. The first picture's time is what every picture takes in a process of its own, less the
imports.
"""

from __future__ import annotations

from typing import Any

from .processes import ROOT, child
from .report import Record
from .setting import Setting, content, style

RECIPE = ROOT / "recipes" / "minimal.yaml"
SIZE, QUICK_SIZE = (400, 300), (64, 48)
PHOTOS = ("louvre.jpg", "coffee.jpg")
SOONER = 0.25
"""The share of the first picture's time that the second may take."""

MANY, QUICK_MANY = 30, 4
SETTLED = 3
"""How many pictures are painted before memory is looked at. The first ones fill the memory that TensorFlow keeps."""
SMALL = 96
GROWTH = 2.0
"""How many MB a run may leave behind."""


def measure(setting: Setting, record: Record) -> None:
    size = setting.pick(SIZE, QUICK_SIZE)
    settings = {"style": str(style(max(size), "sandstone.jpg")), "size": max(size), "steps": 3, "checkpoint": False}
    photos = [str(content(size[0], size[1], name)) for name in PHOTOS]
    setting.say(f"session: two pictures of {size[0]} x {size[1]}, and the second one alone")
    both = _series(photos, settings, session=True)
    (alone,) = _series(photos[1:], settings, session=False)
    record.raw |= {"both": both, "alone": alone}
    first, second = (row["first_step"] for row in both)
    record.figure("session: second picture / first picture, to the end of the first step", second / first, most=SOONER)
    differs = float(both[1]["sha256"] != alone["sha256"])
    record.figure("session: the second picture is another than in a process of its own (1: it is)", differs, most=0)
    record.figure("session: first picture to the end of the first step", first, "s")
    record.figure("session: second picture to the end of the first step", second, "s")
    count = setting.pick(MANY, QUICK_MANY)
    for name, session in (("in a session", True), ("by nstk.run", False)):
        setting.say(f"session: {count} pictures of {SMALL} pixels {name}")
        rows = _series([photos[0]] * count, {**settings, "size": SMALL, "optimizer": "lbfgs"}, session=session)
        record.raw[name] = rows
        growth = (rows[-1]["held"] - rows[SETTLED - 1]["held"]) / max(1, count - SETTLED) / 1e6
        record.figure(f"session: memory that a run leaves behind, {name}", growth, "MB", most=GROWTH)
        record.keep()


def _series(contents: list[str], settings: dict[str, Any], *, session: bool) -> list[dict[str, Any]]:
    spec = {"recipe": str(RECIPE), "settings": settings, "contents": contents, "session": session}
    rows: list[dict[str, Any]] = child("series", spec)["rows"]
    return rows
