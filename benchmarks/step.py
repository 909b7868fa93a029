"""Part `step`: the time of a step against the floor, compiled and eager, in each precision; its memory; its cost a pixel.

The floor is the time of the step's convolutions alone, if all of them ran at the best rate that a single 3 x 3 convolution
reaches in these processes on this machine.
"""

from __future__ import annotations

from typing import Any

from .curves import rhythm
from .flops import step_flops
from .report import Record
from .setting import HERE, Setting, content, paint, style

SIZES = {(400, 300): (4, 10), (1024, 768): (3, 5), (2048, 1536): (3, 3)}
"""The number of warm-up steps and of timed steps, by the picture's size, which is from 0.1 to 3 megapixels."""
QUICK = {(64, 48): (1, 2), (96, 72): (1, 2), (128, 96): (1, 2)}
ROUNDS = 2
RATES_AT = [(400, 300), (1024, 768)]

Key = tuple[tuple[int, int], str, str]
"""The size, `compiled` or `eager`, and the precision."""


def measure(setting: Setting, record: Record) -> None:
    sizes = setting.pick(SIZES, QUICK)
    precisions = _precisions(setting, record)
    cases = [(size, way, precision) for size in sizes for precision in precisions for way in ("compiled", "eager")]
    runs: dict[Key, list[dict[str, Any]]] = {case: [] for case in cases}
    record.raw["runs"] = []
    for size in sizes:
        for _ in range(setting.pick(ROUNDS, 1)):
            for case in (case for case in cases if case[0] == size):  # the cases take turns: A B C A B C
                setting.say(f"step: {_name(case)}")
                runs[case].append(_run(setting, case, *sizes[size]))
                record.raw["runs"].append({"size": size, "way": case[1], "precision": case[2], **runs[case][-1]})
                record.keep()
    rates = [(case[2], rate["rate"]) for case in cases for run in runs[case] for rate in run.get("rates", ())]
    best = {precision: max(rate for at, rate in rates if at == precision) for precision in precisions}
    seconds = {case: min(run["step"] for run in runs[case]) for case in cases}
    record.raw |= {"best_rate": best, "seconds": {_name(case): value for case, value in seconds.items()}}
    _ratios(record, list(sizes), precisions, seconds, best)
    _memory(setting, record, list(sizes), precisions, runs)
    for precision, rate in best.items():
        record.figure(f"best rate of a 3 x 3 convolution, {precision}", rate / 1e9, "GFLOP/s")
    for case, value in seconds.items():
        record.figure(f"step, {_name(case)}", value, "s")


def _precisions(setting: Setting, record: Record) -> list[str]:
    """The precisions that can be measured on this machine. The record says which are missing."""
    if setting.machine["bfloat16"]:
        return ["float32", "bfloat16"]
    record.raw["bfloat16"] = "not in hardware"
    setting.say("step: float32 only, for bfloat16 is not in hardware")
    return ["float32"]


def _name(case: Key) -> str:
    (width, height), way, precision = case
    return f"{width} x {height}, {way}, {precision}"


def _run(setting: Setting, case: Key, warm: int, timed: int) -> dict[str, Any]:
    """The answer of one process. `step` is the median time of its steps."""
    size, way, precision = case
    settings = {
        "content": str(content(*size)),
        "style": str(style(max(size), "sandstone.jpg")),
        "size": max(size),
        "steps": warm + timed,
        "run_eagerly": way == "eager",
        "precision": precision,
    }
    at = setting.pick(RATES_AT, [(64, 48)])
    rate = {"precision": precision, "sizes": at, "repeats": setting.pick(5, 2)} if way == "compiled" else None
    made = paint(HERE / "recipes" / "step.yaml", settings, rate=rate)
    return {**made, "step": rhythm(made["seconds"], warm)}


def _ratios(
    record: Record, sizes: list[tuple[int, int]], precisions: list[str], seconds: dict[Key, float], best: dict[str, float]
) -> None:
    for precision in precisions:
        for size in sizes:
            floor = step_flops(size[1], size[0]) / best[precision]
            most = 1.2 if size != sizes[-1] else None  # the largest size has no target
            ratio = seconds[size, "compiled", precision] / floor
            record.figure(f"step / floor, {_name((size, 'compiled', precision))}", ratio, most=most)
    for precision in precisions:
        for size in sizes:
            ratio = seconds[size, "eager", precision] / seconds[size, "compiled", precision]
            most = 1.35 if precision == "float32" else None
            record.figure(f"eager step / compiled step, {size[0]} x {size[1]}, {precision}", ratio, most=most)
    if "bfloat16" in precisions:
        for size in sizes:
            ratio = seconds[size, "compiled", "bfloat16"] / seconds[size, "compiled", "float32"]
            record.figure(f"bfloat16 step / float32 step, {size[0]} x {size[1]}", ratio, most=0.55)
    for precision in precisions:
        costs = [seconds[size, "compiled", precision] / (size[0] * size[1]) for size in sizes]
        megapixels = [size[0] * size[1] / 1e6 for size in sizes]
        what = f"cost a pixel from {min(megapixels):.1g} to {max(megapixels):.1g} megapixels, dearest / cheapest, {precision}"
        record.figure(what, max(costs) / min(costs), most=1.25)


def _memory(
    setting: Setting, record: Record, sizes: list[tuple[int, int]], precisions: list[str], runs: dict[Key, list[dict[str, Any]]]
) -> None:
    """Note the peak above the memory that was resident when the network was built, before the first activation.

    Memory that does not grow with the picture, such as the compiled step's copy of the kernels, weighs least at the largest
    size, so only the largest size is compared with the target.
    """
    if setting.machine["gpus"]:
        setting.say("step: the pictures are in the GPU's memory, so the process's is not reported")
        return
    for precision in precisions:
        for size in sizes:
            peak = min(run["peak_bytes"] - run["base_bytes"] for run in runs[size, "compiled", precision])
            most = 1.4 if precision == "bfloat16" and size == sizes[-1] else None
            name = f"peak memory a pixel above start-up, {_name((size, 'compiled', precision))}"
            record.figure(name, peak / (size[0] * size[1]) / 1000, "kB", most=most)
