"""Loss over time: at which steps to look, and when a loss was reached."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median


def points(last: int, growth: float = 1.1) -> list[int]:
    """Steps from 1 to `last`, each about a tenth later than the one before."""
    found = [1]
    while found[-1] < last:
        found.append(min(last, max(found[-1] + 1, round(found[-1] * growth))))
    return found


def time_to(curve: Sequence[tuple[float, float]], loss: float) -> float | None:
    """When a curve of (seconds, loss) first comes down to `loss`. Between two points, the loss's logarithm is a straight line.

    It is None if the curve never comes down to `loss`. If its first point is below `loss` already, the result is that point's
    time, which is later than the truth.
    """
    before: tuple[float, float] | None = None
    for seconds, value in curve:
        if value <= loss:
            if before is None or value == before[1]:
                return seconds
            share = math.log(before[1] / loss) / math.log(before[1] / value)
            return before[0] + share * (seconds - before[0])
        before = seconds, value
    return None


def rhythm(seconds: Sequence[float], skip: int, evaluations: Sequence[int] = ()) -> float:
    """The median time from one entry to the next, without `skip` warm-ups. Where evaluations are counted, it is per evaluation.

    The first entry has nothing before it but the start, so it is always a warm-up.
    """
    first = max(1, min(skip, len(seconds) - 1))
    counts = evaluations or range(1, len(seconds) + 1)
    return median((seconds[i] - seconds[i - 1]) / (counts[i] - counts[i - 1]) for i in range(first, len(seconds)))


def compilation(seconds: Sequence[float], skip: int = 1) -> float:
    """How many seconds longer than the others the first step took, because it was traced and compiled."""
    return max(0.0, seconds[0] - rhythm(seconds, skip)) if len(seconds) > 1 else 0.0
