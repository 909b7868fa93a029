"""Part `control`: what a second painting and regions add to the time of a step.

The figures are those of nstk's default losses. The region has a soft edge, which is what makes it dearer than a hard one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from nstk import pictures

from .curves import rhythm
from .report import Record
from .setting import BENCH, HERE, Setting, content, paint, style

SIZE, QUICK = (512, 384), (96, 72)
STEPS = 2, 8
"""The number of warm-up steps and of timed steps."""
ROUNDS = 4
"""How often each case is run: it takes many to tell a few hundredths of a step from what a machine does beside it."""
SOFT = 20
"""Over how many pixels the edge of the region is soft."""

PLAIN = "one painting"
MOST = {
    "two paintings": 1.03,
    "a painting in a region": 1.05,
    "a loss in a region": 1.05,
    "two paintings, each in a region": 1.14,
}
"""The cases beside one painting, and how many times as long a step may take: 3 % for a painting more, 5 % for each region."""


def measure(setting: Setting, record: Record) -> None:
    size, rounds = setting.pick(SIZE, QUICK), setting.pick(ROUNDS, 1)
    cases = _cases(*size)
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, settings in cases.items():  # the cases take turns
            setting.say(f"control: {name}")
            made = paint(HERE / "recipes" / "control.yaml", {"size": max(size), "steps": sum(STEPS), **settings})
            seconds[name].append(rhythm(made["seconds"], STEPS[0]))
    record.raw["seconds"] = seconds
    best = {name: min(found) for name, found in seconds.items()}
    record.figure(f"step with {PLAIN}, {size[0]} x {size[1]}", best[PLAIN], "s")
    for name, most in MOST.items():
        record.figure(f"step with {name} / step with {PLAIN}", best[name] / best[PLAIN], most=most)


def _cases(width: int, height: int) -> dict[str, dict[str, Any]]:
    """The keys of a recipe for each case."""
    one, other = (str(style(width, name)) for name in ("sandstone.jpg", "cafe_terrace.jpg"))
    map_ = str(_region(width, height))
    given = {"content": str(content(width, height)), "style": one}
    both = {"a": {"picture": one, "where": map_}, "b": other}
    return {
        PLAIN: given,
        "two paintings": {**given, "style": [one, other]},
        "a painting in a region": {**given, "style": {"picture": one, "where": map_}},
        "a loss in a region": {**given, "losses": {"content": {"where": map_}}},
        "two paintings, each in a region": {**given, "style": both},
    }


def _region(width: int, height: int) -> Path:
    """The left half of a picture, with a soft edge, as PNG."""
    path = BENCH / "pictures" / f"region-{width}x{height}.png"
    if not path.exists():
        map_ = np.clip((width / 2 - np.arange(width)) / SOFT + 0.5, 0, 1)
        pictures.write_picture(255 * np.tile(map_[None, :, None], (height, 1, 3)).astype(np.float32), path)
    return path
