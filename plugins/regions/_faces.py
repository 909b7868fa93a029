"""Faces in a photograph, by BlazeFace.

Bazarevsky and others, "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019.

The network looks at squares of 128 pixels, and finds the faces that are at least a tenth of a square wide. nstk shows it the
whole photograph, and then overlapping squares of it at several sizes, so that the small faces of a group are found too. As in
the paper, the boxes that lie over one another become one, which is their mean weighted by their scores. Where it may have seen
a face, nstk looks again, from nearer and farther and at the mirror image: mistakes are seldom seen each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import nstk
from nstk.plugins.regions._networks import Network

if TYPE_CHECKING:
    import numpy as np

UNIT = 128
"""In pixels of which the network says where a box lies: those of its input."""

GRIDS = ((16, 2), (8, 6))
"""The grids of anchors: how many places along an edge, and how many anchors at each."""

SHORT_EDGES = (1, 2, 4)
"""How many squares lie along the photograph's short edge, one size of squares after the other, if they do not overlap."""

LONGEST = 2048
"""The long edge in pixels, at most, at which a photograph is looked at."""

SURE = 0.78
"""The score from which on a face is one. In photographs without faces the best score is 0.7 or less."""

DOUBTFUL = 0.5
"""The score from which on nstk looks again."""

AGAIN, SURE_AGAIN = (1.8, 2.5, 3.5), 0.66
"""The sides of the squares at which it looks again, in widths of the box; and the mean score from which on a face is one."""

SAME, BETTER = 0.5, 0.4
"""Which share of two boxes is common if they are of one face; which share of the smaller box a better one covers at most."""


@dataclass(frozen=True)
class Face:
    """Where a face lies, in pixels of the photograph, x before y."""

    score: float
    centre: np.ndarray
    size: np.ndarray
    """Width and height of the box from the brows to the chin."""
    points: np.ndarray
    """6 x 2: the right eye, the left eye, the tip of the nose, the mouth, the right ear, the left ear. The right ones are the
    person's own, so they lie at the left."""


def faces(photograph: np.ndarray) -> list[Face]:
    """The faces in a photograph (height x width x 3, 0..255), the surest first."""
    network = Network("face_detection_short_range")
    found: list[Face] = []
    for square, corner, times in _squares(photograph, network.side):
        found += _look(network, square, corner, network.side * times)
    sure = _distinct([it for it in found if it.score >= SURE])
    doubtful = _distinct([it for it in found if it.score < SURE])
    return sure + [it for it in doubtful if _apart(it, sure) and _again(network, photograph, it) >= SURE_AGAIN]


def reduced(picture: np.ndarray, edge: int) -> tuple[np.ndarray, float]:
    """A picture with a long edge of so many pixels at most, and what its size is multiplied by for that."""
    height, width = picture.shape[:2]
    scale = min(1.0, edge / max(height, width))
    return nstk.resize(picture, max(1, round(width * scale)), max(1, round(height * scale))), scale


def _apart(face: Face, others: Sequence[Face]) -> bool:
    return all(_common(face, it)[1] < BETTER for it in others)


def _again(network: Network, photograph: np.ndarray, face: Face) -> float:
    """The mean score of a face in squares about it, some of them mirrored."""
    import numpy as np

    def score(times: float, mirrored: bool) -> float:
        side = max(1, round(times * float(face.size.max())))
        left, top = np.rint(face.centre - side / 2).astype(int)
        rows, columns = (
            np.clip(np.arange(at, at + side), 0, n - 1) for at, n in zip((top, left), photograph.shape, strict=False)
        )
        square = nstk.resize(photograph[np.ix_(rows, columns)], network.side, network.side)
        square = square[:, ::-1] if mirrored else square
        middle = Face(0, np.full(2, side / 2), face.size, face.points)
        seen = _look(network, square, np.zeros(2), np.full(2, side))
        return max((it.score for it in seen if _common(it, middle)[0] >= SAME), default=0.0)

    return float(np.mean([score(times, mirrored) for times in AGAIN for mirrored in (False, True)]))


def _squares(photograph: np.ndarray, side: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Squares of the photograph as the network sees them: each with its corner and how large its pixels are in the
    photograph, x before y."""
    import numpy as np

    height, width = photograph.shape[:2]
    edges = np.array([width, height])
    closer = [side * count / edges.min() for count in SHORT_EDGES]
    for scale in sorted({side / edges.max(), *(it for it in closer if it * edges.max() <= LONGEST)}):
        columns, rows = np.maximum(1, np.rint(edges * scale).astype(int))
        picture = nstk.resize(photograph, columns, rows)
        picture = np.pad(picture, [(0, max(0, side - rows)), (0, max(0, side - columns)), (0, 0)])
        times = edges / (columns, rows)
        for top in _starts(rows, side):
            for left in _starts(columns, side):
                yield picture[top : top + side, left : left + side], np.array([left, top]) * times, times


def _starts(length: int, side: int) -> list[int]:
    """Where squares begin that cover a length and overlap by half or more."""
    import numpy as np

    free = max(0, length - side)
    return [int(it) for it in np.rint(np.linspace(0, free, -(-2 * free // side) + 1))]


def _look(network: Network, square: np.ndarray, corner: np.ndarray, side: np.ndarray) -> Iterator[Face]:
    """The faces in a square, doubtful ones too. Its corner and side are given in pixels of the photograph.

    The network says in pixels of its input how far a box and its points are from their anchor.
    """
    import numpy as np

    outputs = network(square / 127.5 - 1)
    logits, regressors = outputs["classificators"][:, 0], outputs["regressors"]
    scores = 1 / (1 + np.exp(-np.clip(logits.astype(np.float64), -100, 100)))
    for index in np.flatnonzero(scores >= DOUBTFUL):
        centre, size, *points = regressors[index].reshape(8, 2).astype(np.float64) / UNIT
        centre, points = centre + _anchors()[index], np.array(points) + _anchors()[index]
        yield Face(float(scores[index]), corner + side * centre, side * size, corner + side * points)


@cache
def _anchors() -> np.ndarray:
    """The centres of the network's anchors, in shares of the input's edge, x before y."""
    import numpy as np

    centres = []
    for count, times in GRIDS:
        y, x = np.mgrid[:count, :count]
        centres.append(np.repeat(np.stack([x, y], -1).reshape(-1, 2) + 0.5, times, axis=0) / count)
    return np.concatenate(centres)


def _distinct(found: Sequence[Face]) -> list[Face]:
    """One face for each place, blended from all that were found there."""
    left, made = sorted(found, key=lambda it: -it.score), []
    while left:
        best = left[0]
        common = [_common(best, it) for it in left]
        made.append(_blended([it for it, share in zip(left, common, strict=True) if share[0] >= SAME]))
        left = [it for it, share in zip(left, common, strict=True) if share[1] < BETTER]
    return made


def _common(one: Face, other: Face) -> tuple[float, float]:
    """The common area of two boxes, as a share of both together and of the smaller one."""
    import numpy as np

    low = np.maximum(one.centre - one.size / 2, other.centre - other.size / 2)
    high = np.minimum(one.centre + one.size / 2, other.centre + other.size / 2)
    common, areas = np.prod(np.maximum(0, high - low)), (np.prod(one.size), np.prod(other.size))
    return float(common / (sum(areas) - common)), float(common / min(areas))


def _blended(found: Sequence[Face]) -> Face:
    import numpy as np

    weights = [it.score for it in found]
    mean = [np.average([getattr(it, name) for it in found], axis=0, weights=weights) for name in ("centre", "size", "points")]
    return Face(max(weights), *mean)
