"""Part `peer`: the time that one evaluation of one objective takes nstk and the peer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from . import neural_style
from .curves import rhythm
from .processes import ROOT
from .report import Record
from .setting import BENCH, Setting, content, paint, style

RECIPE = ROOT / "recipes" / "looks" / "jcjohnson.yaml"
STYLE = "cafe_terrace.jpg"

SIZES = {(512, 384): (3, 14, 0.42), (1024, 768): (2, 7, 0.3)}
"""By the picture's size: iterations to leave out, all iterations, and the ratio to reach where bfloat16 is in hardware."""
QUICK = {(64, 48): (1, 4, 0.42), (96, 72): (1, 4, 0.3)}
ROUNDS = 2


def measure(setting: Setting, record: Record) -> None:
    peer = neural_style.find(setting)
    record.raw["runs"] = []
    for size, (skip, iterations, most) in setting.pick(SIZES, QUICK).items():
        photo, painting = content(*size), style(max(size), STYLE)
        times: dict[str, list[float]] = {"nstk": [], "peer": []}

        def note(who: str, seconds: float, raw: dict[str, Any], size: tuple[int, int] = size, times: Any = times) -> None:
            times[who].append(seconds)
            record.raw["runs"].append({"size": size, "who": who, "evaluation": seconds, **raw})
            record.keep()

        for _ in range(setting.pick(ROUNDS, 1)):
            setting.say(f"peer: {size[0]} x {size[1]}, the peer, then nstk")
            log, process = peer.run(photo, painting, max(size), iterations, BENCH / "peer-out" / "peer.png")
            note("peer", rhythm(log.seconds, skip, log.iterations), {**asdict(log), "process": process})
            settings = {"content": str(photo), "style": str(painting), "size": max(size), "steps": iterations}
            made = paint(RECIPE, settings, count=True, env=peer.env)
            note("nstk", rhythm(made["seconds"], skip, made["evaluations"]), made)
        best = {who: min(found) for who, found in times.items()}
        what = f"{size[0]} x {size[1]}"
        # Without bfloat16 in hardware the two compute equal convolutions in one precision, so no ratio is asked for.
        limit = most if setting.machine["bfloat16"] else None
        record.figure(f"nstk evaluation / peer evaluation, {what}", best["nstk"] / best["peer"], most=limit)
        for who, seconds in best.items():
            record.figure(f"{who} evaluation, {what}", seconds, "s")
