"""The map of a region: what its plugin made, checked, grown, feathered and inverted as the recipe says."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..api import Pictures, Region
from ..errors import RunError
from ..registry.blame import blaming

LOOK = 640
"""The long edge in pixels of a picture that is large enough to look for a region in."""

ROUNDING = 1e-3
"""By how much a map may lie outside 0..1 for rounding alone."""

ROWS = 256
"""How many rows of a map are averaged at once. In float64 a large map would take much memory."""

SLANTED = 1 - math.sqrt(0.5)
"""How far an octagon's slanted steps go, in shares of what it reaches: its edges are then equally far from its centre."""

Map = NDArray[np.float32]


def region_map(region: Region, pictures: Pictures, per_pixel: float = 1.0) -> Map:
    """How much each position of the content belongs to a region: height x width, float32, 0..1.

    `per_pixel` is how many of these pixels one of the result's is: `grow` and `feather` are in pixels of the result. Raises
    `RunError` if the plugin does, or if what it returns is no such map.
    """
    made = _made(region, pictures)
    if region.grow:
        made = grown(made, region.grow * per_pixel)
    if region.feather:
        made = feathered(made, region.feather * per_pixel)
    return 1 - made if region.invert else made


def _made(region: Region, pictures: Pictures) -> Map:
    """What the plugin returns, as an array of its own."""
    who = f"region `{region.name}`"
    wanted = pictures.content.shape[:2]
    with blaming(who, region):
        made = np.array(region(pictures), np.float32)
    if made.shape != wanted:
        raise RunError(f"{who} made an array of shape {made.shape}, not {wanted}")
    if not np.isfinite(made).all():
        raise RunError(f"{who} made a map with NaN or infinite values")
    if made.min() < -ROUNDING or made.max() > 1 + ROUNDING:
        raise RunError(f"{who} made a map of {made.min():.4g} to {made.max():.4g}, not of 0 to 1")
    return np.clip(made, 0, 1, out=made)


def grown(map_: Map, pixels: float) -> Map:
    """A map that is wider by so many pixels at each side, or narrower where they are below 0.

    Each position gets the largest value within an octagon, which is nearly a disc and is made of a few steps, however large.
    Between whole pixels it is a mean. Nothing comes in from outside the map, and nothing is lost there.
    """
    if pixels < 0:
        return 1 - grown(1 - map_, -pixels)
    whole, share = int(pixels), np.float32(pixels % 1)
    inner = _largest(map_, whole)
    return inner if not share else inner * (1 - share) + _largest(map_, whole + 1) * share


def _largest(map_: Map, reach: int) -> Map:
    """The largest value within an octagon that reaches so many pixels to each side."""
    slanted = min(round(SLANTED * reach), max(0, reach - 1) // 2)  # the straight steps fill what slanted ones leave out
    straight = reach - 2 * slanted
    height, width = map_.shape
    map_ = np.pad(map_, slanted)  # slanted steps may lead out and in again
    for steps, way in ((straight, (0, 1)), (straight, (1, 0)), (slanted, (1, 1)), (slanted, (1, -1))):
        for sign in (1, -1):
            map_ = _swept(map_, steps, (sign * way[0], sign * way[1]))
    return map_[slanted : slanted + height, slanted : slanted + width]


def _swept(map_: Map, steps: int, way: tuple[int, int]) -> Map:
    """The largest value on the way back from each position, up to so many steps. Each round doubles what has been seen."""
    seen = 1
    while seen <= steps:
        more = min(seen, steps + 1 - seen)
        here, there = zip(*(_shifted(more * it) for it in way), strict=True)
        swept = map_.copy()
        np.maximum(map_[here], map_[there], out=swept[here])
        map_, seen = swept, seen + more
    return map_


def _shifted(by: int) -> tuple[slice, slice]:
    """The positions that have another one so far before them, and those others."""
    if by == 0:
        return slice(None), slice(None)
    return (slice(by, None), slice(None, -by)) if by > 0 else (slice(None, by), slice(-by, None))


def feathered(map_: Map, pixels: float) -> Map:
    """A map whose hard edges take so many pixels, half of them on each side.

    It is averaged twice over half as many pixels, along each axis, so that an edge begins and ends gently. At the border the
    average is of what is inside.
    """
    for axis in (0, 1):
        for _ in range(2):
            map_ = _averaged(map_, pixels / 2, axis)
    return map_


def _averaged(map_: Map, width: float, axis: int) -> Map:
    """The mean over a window of a width that need not be whole, by cumulative sums."""
    lines = np.moveaxis(map_, axis, -1)
    length = lines.shape[-1]
    centre = np.arange(length) + 0.5
    ends = [np.clip(centre + side * max(width, 1) / 2, 0, length) for side in (-1, 1)]
    made = np.empty_like(map_)
    for first in range(0, len(lines), ROWS):
        sums = np.zeros((len(lines[first : first + ROWS]), length + 2))
        np.cumsum(lines[first : first + ROWS], axis=-1, out=sums[:, 1:-1])
        sums[:, -1] = sums[:, -2]
        mean = (_at(sums, ends[1]) - _at(sums, ends[0])) / (ends[1] - ends[0])
        np.moveaxis(made, axis, -1)[first : first + ROWS] = np.clip(mean, 0, 1)
    return made


def _at(sums: NDArray[Any], places: NDArray[Any]) -> NDArray[Any]:
    """The cumulative sums at places between whole pixels."""
    whole = places.astype(int)
    share = places - whole
    return np.asarray(sums[:, whole] * (1 - share) + sums[:, whole + 1] * share)
