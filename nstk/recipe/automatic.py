"""The scales and steps of a picture where the recipe leaves them to nstk: `pyramid: auto` and `steps: auto`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..pictures import MIN_SIDE
from .scales import MOST_LEVELS, Pyramid
from .settings import AUTO, Settings

START = 128
"""The least long edge of the first scale, in pixels. Below it, the deep layers have too few positions to see a motif in."""

STEPS = (40, 24, 14, 10, 8)
"""The steps of each scale, coarse to fine; further scales have the last number. A step on a scale twice as long costs four
times as much, and less is left to do there."""

OF_ONE = 100
"""The steps where a recipe asks for one scale."""


def decided(settings: Settings, size: int, large_enough: Callable[[int], bool]) -> tuple[int | list[int], Pyramid | None]:
    """The steps and the pyramid of a result with a long edge of `size` pixels, each `auto` replaced by numbers.

    Each scale is twice as long as the one before, and the first is at least `START` pixels long. Scales whose pictures are not
    `large_enough` for a long edge are left out, and so are the coarsest of more scales than steps. A list of steps asks for as
    many scales as it has numbers; those of scales that are left out go with them.
    """
    pyramid, steps = settings.pyramid, settings.steps
    if pyramid == AUTO:
        pyramid = _pyramid(size, steps, large_enough)
        if isinstance(steps, list):
            steps = steps[-_levels(pyramid, size) :]
    if steps != AUTO:
        return steps, pyramid
    if settings.pyramid is None:
        return OF_ONE, None
    steps = [STEPS[min(level, len(STEPS) - 1)] for level in range(_levels(pyramid, size))]
    return steps if pyramid else steps[0], pyramid


def _pyramid(size: int, steps: int | Sequence[int] | str, large_enough: Callable[[int], bool]) -> Pyramid | None:
    most = steps if isinstance(steps, int) else MOST_LEVELS if isinstance(steps, str) else len(steps)
    start = min(START, size) if isinstance(steps, (int, str)) else MIN_SIDE
    levels = min(most, sum(map(large_enough, Pyramid(start=start).long_edges(size))))
    return Pyramid(levels=levels) if levels > 1 else None


def _levels(pyramid: Pyramid | None, size: int) -> int:
    """How many scales a pyramid has; 1 where it does not fit the size, which the checks report."""
    try:
        return len(pyramid.long_edges(size)) if pyramid else 1
    except ValueError:
        return 1
