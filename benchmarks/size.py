"""Part `size`: an estimate against what the run takes, a step in tiles against one on the whole, large pictures' memory.

All runs paint `recipes/minimal.yaml` at one scale, with nstk's default losses and its default optimizer, whose history takes
memory too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .curves import rhythm
from .processes import ROOT, child
from .report import Record
from .setting import Setting, content, paint, style

RECIPE = ROOT / "recipes" / "minimal.yaml"
PHOTO, PAINTING = (1024, 768), (1024, "sandstone.jpg")
"""The pictures that are read. nstk brings them to the size that is painted."""


@dataclass(frozen=True)
class Case:
    """One run to measure."""

    size: tuple[int, int]
    steps: int
    settings: dict[str, Any] = field(default_factory=dict)
    most: float | None = None
    """How many GB of memory the run must stay within."""

    @property
    def name(self) -> str:
        tiles = self.settings.get("tiles", "")
        within = f", memory {self.most:g}GB" if self.most else ""
        return f"{self.size[0]} x {self.size[1]}" + (f", tiles {tiles}" if tiles else "") + within


def _within(size: tuple[int, int], steps: int, gigabytes: float) -> Case:
    return Case(size, steps, {"memory": f"{gigabytes:g}GB"}, most=gigabytes)


CASES = [
    Case((1024, 768), 5, {"tiles": "off"}),
    Case((1024, 768), 5, {"tiles": 512}),
    Case((2048, 1536), 4, {"tiles": "off"}),
    Case((2048, 1536), 4, {"tiles": 640}),
    _within((4096, 3072), 3, 4),
    _within((8192, 6144), 3, 8),
]
QUICK = [Case((128, 96), 3, {"tiles": "off"}), Case((128, 96), 3, {"tiles": 64}), _within((160, 120), 3, 2)]
APART = 1.25
"""The factor by which the estimate may be wrong."""
SLOWER = 2.2
"""How many times as long as a step on the whole a step in tiles may take."""


def measure(setting: Setting, record: Record) -> None:
    record.raw["runs"] = []
    seconds: dict[tuple[int, int], float] = {}
    for case in setting.pick(CASES, QUICK):
        inputs = {"content": str(content(*PHOTO)), "style": str(style(*PAINTING)), "size": max(case.size), "steps": case.steps}
        settings = {**inputs, "pyramid": False, "checkpoint": False, **case.settings}
        setting.say(f"size: {case.name}, the estimate")
        said = child("forecast", {"recipe": str(RECIPE), "settings": settings})
        setting.say(f"size: {case.name}, {case.steps} steps")
        made = paint(RECIPE, settings)
        ends = made["seconds"][:-1]  # the last step also evaluates the optimizer's last proposal
        step, peak = rhythm(ends, 1), made["process"]["peak"]
        record.raw["runs"].append({"case": case.name, "estimate": said, **made, "step": step})
        record.figure(f"estimate of memory and run differ by a factor, {case.name}", _factor(said["bytes"], peak), most=APART)
        record.figure(f"estimate of time and run differ by a factor, {case.name}", _factor(said["seconds"], step), most=APART)
        record.figure(f"peak memory of the process, {case.name}", peak / 1e9, "GB", most=case.most)
        record.figure(f"step, {case.name}", step, "s")
        if case.settings.get("tiles") == "off":
            seconds[case.size] = step
        elif case.size in seconds:
            record.figure(f"step in tiles / on the whole, {case.name}", step / seconds[case.size], most=SLOWER)
        record.keep()


def _factor(one: float, other: float) -> float:
    return max(one, other) / min(one, other)
