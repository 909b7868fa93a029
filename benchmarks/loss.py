"""Part `loss`: how long nstk takes to the loss that the peer has after 100, 300 and 1000 iterations.

The objective is the peer's, with the peer's defaults. All pictures are judged alike, by `nstk evaluate` in float32 under one
recipe. The peer's pixels leave 0..255 while the peer works and are clipped when they are saved, at a cost that its printed
losses do not show. So the time to the printed loss is told as well, though no picture of the peer's has that loss. Both clocks
start with the first step, nstk's with the compilation of that step. Both programs get equal pictures, which have the right size
already. The time in which nstk writes pictures on the way does not count; the peer's time does, but it writes only ten.
"""

from __future__ import annotations

import math
import re
import shutil
from dataclasses import asdict
from typing import Any

from . import neural_style
from .curves import compilation, points, rhythm, time_to
from .peer import RECIPE, STYLE
from .processes import Failed
from .report import Record
from .setting import BENCH, Setting, content, descend, judge, style

SIZE, QUICK_SIZE = (512, 384), (64, 48)
MARKS: dict[int, dict[str, Any]] = {100: {}, 300: {"most": 0.2, "aim": 0.1}, 1000: {"most": 0.3, "aim": 0.2}}
"""The peer's iterations, and what share of its time nstk may take to their loss."""
QUICK_MARKS: dict[int, dict[str, Any]] = {4: {}, 8: {"most": 0.2, "aim": 0.1}, 12: {"most": 0.3, "aim": 0.2}}

GIVE_UP = 0.4
"""nstk is broken off after this share of the peer's time; more than 0.3 is a miss, however much more."""
BELOW = 0.98
"""nstk goes on until its own loss is this share of the lowest loss looked for: rounding to 8 bits makes its picture worse."""

Theirs = dict[int, tuple[float, float, float]]
"""The peer's seconds, the judged loss of its picture and the loss that it prints, by the number of iterations."""

STARTS: dict[str, dict[str, Any]] = {
    "": {},  # the recipe's own start
    # The peer starts from noise of a thousandth of a level, so in effect from the mean colour of ImageNet.
    ", from the peer's start": {"init": {"use": "noise", "kind": "normal", "amplitude": 0.001, "around": "imagenet"}},
}


def measure(setting: Setting, record: Record) -> None:
    size, marks = setting.pick(SIZE, QUICK_SIZE), setting.pick(MARKS, QUICK_MARKS)
    inputs = {"content": str(content(*size)), "style": str(style(max(size), STYLE)), "size": max(size)}
    theirs = _peer(setting, record, size, marks, inputs)
    record.keep()
    for start, init in STARTS.items():
        curve, compiling = _nstk(setting, record, theirs, f"nstk{start}", {**inputs, **init, "steps": max(marks)})
        _figures(record, theirs, curve, compiling, start, marks)
        record.keep()
    for mark, (seconds, value, printed) in theirs.items():
        record.figure(f"peer: loss {value:.4g} (it prints {printed:.4g}) after {mark} iterations", seconds, "s")


def _peer(setting: Setting, record: Record, size: tuple[int, int], marks: dict[int, Any], inputs: dict[str, Any]) -> Theirs:
    """The peer's time and losses at each mark."""
    peer, last = neural_style.find(setting), max(marks)
    folder = BENCH / "loss" / "peer"
    shutil.rmtree(folder, ignore_errors=True)
    setting.say(f"loss: the peer, {last} iterations at {size[0]} x {size[1]}")
    log, process = peer.run(
        content(*size), style(max(size), STYLE), max(size), last, folder / "peer.png", save=math.gcd(*marks)
    )
    files = {mark: folder / ("peer.png" if mark == last else f"peer_{mark}.png") for mark in marks}
    files = {mark: file for mark, file in files.items() if file.exists() and mark in log.iterations}
    if not files:
        raise Failed(f"the peer ended after {log.iterations[-1]} iterations, before its first picture")
    judged = judge(RECIPE, inputs, list(files.values()))
    places = {mark: log.iterations.index(mark) for mark in files}
    found = {mark: (log.seconds[at], value, log.losses[at]) for (mark, at), value in zip(places.items(), judged, strict=True)}
    record.raw["peer"] = {**asdict(log), "process": process, "judged": found}
    return found


def _nstk(
    setting: Setting, record: Record, theirs: Theirs, name: str, settings: dict[str, Any]
) -> tuple[list[tuple[float, float]], float]:
    """The curve of (seconds, judged loss) of nstk under the recipe, and how many of the seconds were compilation."""
    stopwatch = {
        "keep": points(settings["steps"]),
        "until": BELOW * min(min(losses) for _, *losses in theirs.values()),
        "budget": GIVE_UP * max(seconds for seconds, *_ in theirs.values()),
    }
    setting.say(f"loss: {name}, at most {stopwatch['budget']:.0f} s")
    folder = re.sub(r"\W+", "-", name)
    made = descend(RECIPE, settings, folder, stopwatch, count=True, env=neural_style.find(setting).env)
    record.raw[name] = {**made, "evaluation": rhythm(made["seconds"], 1, made["evaluations"])}
    return made["judged"], compilation(made["seconds"])


def _figures(
    record: Record,
    theirs: Theirs,
    curve: list[tuple[float, float]],
    compiling: float,
    start: str,
    marks: dict[int, dict[str, Any]],
) -> None:
    for mark, (seconds, value, printed) in theirs.items():
        wanted = marks[mark] if not start else {}
        if _reached(record, f"nstk / peer, time to the loss of {mark} iterations{start}", curve, value, seconds, wanted):
            ours = time_to(curve, value) or 0.0
            record.figure(f"the same without compiling, {mark} iterations{start}", max(0.0, ours - compiling) / seconds)
            record.figure(f"nstk, time to the peer's loss of {mark} iterations{start}", ours, "s")
        _reached(record, f"nstk / peer, time to what it prints after {mark} iterations{start}", curve, printed, seconds, {})


def _reached(
    record: Record, what: str, curve: list[tuple[float, float]], loss: float, seconds: float, wanted: dict[str, Any]
) -> bool:
    """Write down nstk's time to a loss as a share of the peer's `seconds`. Returns whether nstk got there at all."""
    ours = time_to(curve, loss)
    record.figure(what, (curve[-1][0] if ours is None else ours) / seconds, above=ours is None, **wanted)
    return ours is not None
