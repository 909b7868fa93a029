"""The guided filter: He, Sun and Tang, "Guided Image Filtering", ECCV 2010, which moves the edges of a map to those of a guide.

Within each small window the filtered map is a linear function of the guide's colours, the one that is closest to the map. Where
the guide has an edge, the filtered map has it too, as sharp; where the guide is flat, it is smooth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

ROWS = 256
"""How many rows of a large guide are worked on at once."""


def guided(map_: np.ndarray, guide: np.ndarray, radius: int, smooth: float) -> tuple[np.ndarray, np.ndarray]:
    """The linear function of the guide's colours at each position: factors (height x width x 3) and what is added.

    `map_` is height x width, `guide` height x width x 3, both 0..1. A window has `2 radius + 1` pixels an edge, fewer at
    the border. `smooth` is the paper's epsilon: edges whose variance is less are not followed. float32.
    """
    import numpy as np

    map_, guide = map_.astype(np.float64), guide.astype(np.float64)
    mean, mean_map = means(guide, radius), means(map_, radius)
    rows = [means(guide * guide[..., i, None], radius) - mean * mean[..., i, None] for i in range(3)]
    for i, row in enumerate(rows):
        row[..., i] += smooth
    with_map = means(guide * map_[..., None], radius) - mean * mean_map[..., None]
    crossed = [np.cross(rows[i - 2], rows[i - 1]) for i in range(3)]  # the system of three equations, by Cramer's rule
    determinant = (rows[0] * crossed[0]).sum(axis=-1)
    factors = np.stack([(with_map * it).sum(axis=-1) / determinant for it in crossed], axis=-1)
    added = mean_map - (factors * mean).sum(axis=-1)
    return means(factors, radius).astype(np.float32), means(added, radius).astype(np.float32)


def applied(factors: np.ndarray, added: np.ndarray, guide: np.ndarray) -> np.ndarray:
    """The filtered map for a guide that may be larger than the one that the factors are of: height x width, float32.

    The factors are smooth, so those of a small guide do for a large one (He and Sun, "Fast Guided Filter", 2015).
    """
    import numpy as np

    height, width = guide.shape[:2]
    above, below, lower = _between(height, len(added))
    before, behind, right = _between(width, added.shape[1])
    function = np.concatenate([factors, added[..., None]], axis=-1)
    function = function[:, before] * (1 - right[:, None]) + function[:, behind] * right[:, None]
    made = np.empty((height, width), np.float32)
    for top in range(0, height, ROWS):
        rows = slice(top, top + ROWS)
        here = function[above[rows]] * (1 - lower[rows, None, None]) + function[below[rows]] * lower[rows, None, None]
        made[rows] = np.einsum("yxc,yxc->yx", here[..., :3], guide[rows]) + here[..., 3]
    return made


def _between(length: int, known: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each of `length` positions the two of the `known` ones that it lies between, and how near it is to the second."""
    import numpy as np

    place = np.clip((np.arange(length) + 0.5) * known / length - 0.5, 0, known - 1)
    first = np.minimum(place.astype(int), max(0, known - 2))
    return first, np.minimum(first + 1, known - 1), (place - first).astype(np.float32)


def means(planes: np.ndarray, radius: int) -> np.ndarray:
    """The mean in the window about each position, height x width or height x width x 3, float64, by cumulative sums."""
    import numpy as np

    for axis in (0, 1):
        length = planes.shape[axis]
        sums = np.insert(np.cumsum(planes, axis=axis, dtype=np.float64), 0, 0, axis=axis)
        first = np.maximum(0, np.arange(length) - radius)
        last = np.minimum(length, np.arange(length) + radius + 1)
        counts = (last - first).reshape([-1 if it == axis else 1 for it in range(planes.ndim)])
        planes = (np.take(sums, last, axis) - np.take(sums, first, axis)) / counts
    return planes
