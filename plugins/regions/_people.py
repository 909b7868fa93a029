"""Persons in a photograph, by MediaPipe's network for the figure in the foreground ("Selfie Segmentation").

The network looks at 256 x 256 pixels and knows a figure that fills a good part of them. nstk shows it the whole photograph,
squeezed to the square, and takes the mean with what it says of the same mirrored: mistakes seldom come twice. What it looks at
more closely depends on the faces that are found. About each of them it looks at a square with the whole body and at one with
the head and the shoulders, so that small persons of a group count. Without a face, as with persons seen from behind, it looks
again at the square about all that was found, and both looks have to agree. The edges of the map are then moved to those of the
photograph by the guided filter.

The network tells a figure from what is behind it, and not a person from an animal or a flower that stands as a person would.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import nstk
from nstk.plugins.regions._faces import LONGEST, Face, faces, reduced
from nstk.plugins.regions._guided import applied, guided
from nstk.plugins.regions._networks import Network

if TYPE_CHECKING:
    import numpy as np

EDGE = 1024
"""The long edge in pixels, at most, at which persons are looked for: four times that of the network's input."""

BODY, HEAD = (14, 2.5), (5, 1.7)
"""The squares about a whole body and about a head with its shoulders, in widths of the face's box: their side, and how much of
it is above the face's centre."""

WIDER = 1.25
"""How much larger than the largest square of the photograph such a square may be: the largest one then stands for it."""

FADE = 8
"""Which part of a square's side it takes until the square counts in full."""

CLOSER = 1.6
"""How much larger than all that was found the square is at which the network looks again."""

AGREED = 0.5
"""Which share of all that either look found has to be found by both."""

SPECK = 0.002
"""The share of the photograph below which what is found is none."""

GUIDE, RADIUS, SMOOTH = 640, 96, 1e-4
"""For the guided filter: the long edge in pixels, at most, at which its functions are found, the part of the long edge that the
radius of its window is, and its epsilon."""


def look(photograph: np.ndarray) -> tuple[list[Face], np.ndarray]:
    """The faces in a photograph (height x width x 3, 0..255), and how much each pixel is part of a person.

    The map is height x width, float32, 0..1. The faces lie in pixels of the photograph.
    """
    near, scale = reduced(photograph, LONGEST)  # to reduce a large photograph takes longer than all else
    found = faces(near)
    return [_scaled(face, 1 / scale) for face in found], _persons(photograph, near, found)


def _scaled(face: Face, times: float) -> Face:
    return Face(face.score, face.centre * times, face.size * times, face.points * times)


def _persons(photograph: np.ndarray, near: np.ndarray, found: Sequence[Face]) -> np.ndarray:
    """The map of persons for a photograph, from a smaller one and its faces."""
    import numpy as np

    small, scale = reduced(near, EDGE)
    network = Network("selfie_segmentation")
    map_ = step(_with_faces(network, small, found, scale) if found else _without(network, small), 0.25, 0.75)
    if (map_ > 0.5).mean() < SPECK:
        return np.zeros(photograph.shape[:2], np.float32)
    guide = reduced(small, GUIDE)[0] / 255
    coarse = nstk.resize(255 * map_[..., None], guide.shape[1], guide.shape[0])[..., 0] / 255
    factors, added = guided(coarse, guide, max(1, round(max(coarse.shape) / RADIUS)), SMOOTH)
    return step(applied(factors / 255, added, photograph), 0.1, 0.9)


def _look(network: Network, picture: np.ndarray) -> np.ndarray:
    """What the network says of a picture and of its mirror image, at the picture's size."""
    import numpy as np

    square = nstk.resize(picture, network.side, network.side) / 255
    (straight,), (mirrored,) = network(square).values(), network(square[:, ::-1]).values()
    seen = (straight + mirrored[:, ::-1]) / 2
    return nstk.resize(255 * np.clip(seen, 0, 1), picture.shape[1], picture.shape[0])[..., 0] / 255


def _with_faces(network: Network, small: np.ndarray, found: Sequence[Face], scale: float) -> np.ndarray:
    """The map where there are faces.

    A look at a whole body replaces what the first look says there, and one at a head adds to it.
    """
    import numpy as np

    map_ = _look(network, small)
    for side, above in (BODY, HEAD):
        seen, cover = np.zeros_like(map_), np.zeros_like(map_)
        for face in found:
            width = scale * float(face.size.mean())
            if side * width > WIDER * min(map_.shape):
                continue  # the first look has seen this one as well
            left, top = scale * face.centre - (side * width / 2, above * width)
            square = _square(map_.shape, left, top, min(round(side * width), *map_.shape))
            seen[square] = np.maximum(seen[square], _look(network, small[square]))
            cover[square] = np.maximum(cover[square], _faded(square, map_.shape))
        map_ = map_ * (1 - cover) + seen * cover if side == BODY[0] else np.maximum(map_, seen * cover)
    return map_


def _without(network: Network, small: np.ndarray) -> np.ndarray:
    """The map where there is no face: empty unless a closer look says the same."""
    import numpy as np

    map_ = _look(network, small)
    rows, columns = np.flatnonzero((map_ > 0.5).any(axis=1)), np.flatnonzero((map_ > 0.5).any(axis=0))
    if not len(rows):
        return np.zeros_like(map_)
    extent = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    if extent > min(map_.shape):  # no square of the photograph holds it
        return map_ if _agree(map_, _padded_look(network, small)) else np.zeros_like(map_)
    side = min(round(CLOSER * extent), *map_.shape)
    square = _square(map_.shape, (columns[0] + columns[-1] - side) / 2, (rows[0] + rows[-1] - side) / 2, side)
    closer = np.zeros_like(map_)
    closer[square] = _look(network, small[square])
    return closer if _agree(map_, closer) else np.zeros_like(map_)


def _padded_look(network: Network, small: np.ndarray) -> np.ndarray:
    """What the network says of the photograph with black about it, so that it is a square."""
    import numpy as np

    spare = [max(small.shape) - length for length in small.shape[:2]]
    padded = np.pad(small, [*((it // 2, it - it // 2) for it in spare), (0, 0)])
    rows, columns = (slice(it // 2, it // 2 + length) for it, length in zip(spare, small.shape[:2], strict=True))
    return _look(network, padded)[rows, columns]


def _agree(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two looks found the same for the most part."""
    both, either = (one > 0.5) & (other > 0.5), (one > 0.5) | (other > 0.5)
    return bool(both.sum() >= AGREED * either.sum())


def _square(shape: tuple[int, ...], left: float, top: float, side: int) -> tuple[slice, slice]:
    """A square within a map of this shape, moved inside where it would reach out."""
    top, left = (min(max(0, round(first)), length - side) for first, length in zip((top, left), shape, strict=True))
    return slice(top, top + side), slice(left, left + side)


def _faded(square: tuple[slice, slice], shape: tuple[int, ...]) -> np.ndarray:
    """How much each position of a square counts: less towards its edges, unless they are the photograph's."""
    import numpy as np

    edges = []
    for part, length in zip(square, shape, strict=True):
        place, side = np.arange(part.start, part.stop) + 0.5, part.stop - part.start
        before = place - part.start if part.start > 0 else np.full(side, np.inf)
        behind = part.stop - place if part.stop < length else np.full(side, np.inf)
        edges.append(np.clip(FADE * np.minimum(before, behind) / side, 0, 1))
    return np.minimum(edges[0][:, None], edges[1])


def step(map_: np.ndarray, low: float, high: float) -> np.ndarray:
    """A soft step from 0 at `low` to 1 at `high`."""
    import numpy as np

    share = np.clip((map_ - low) / (high - low), 0, 1)
    return (share * share * (3 - 2 * share)).astype(np.float32)
