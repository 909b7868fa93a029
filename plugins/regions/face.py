"""The faces of the photograph, from brow to chin and from ear to ear.

BlazeFace finds where the eyes, the ears, the nose and the mouth are (`_faces.py`), and a rounded shape goes about them, as wide
as the ears are apart and turned as the head is. It ends where the person does (`_people.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import nstk
from nstk.plugins.regions._faces import Face as Found, faces
from nstk.plugins.regions._people import look, step

if TYPE_CHECKING:
    import numpy as np

UP, DOWN = 1.0, 1.6
"""How far a face reaches above the eyes and below them, in distances between the eyes and the mouth."""

LEAST = 0.4
"""That distance is at least this share of the box's height: it looks shorter where a head is bent."""

SIDES, NARROW = 0.08, 0.75
"""How far a face reaches beyond its points at each side, and how wide it is at least, in widths of the box."""

ROUND = 2.5
"""The exponent of the shape: 2 is an ellipse, and more is nearer to a rectangle."""

EDGE = (0.9, 1.1)
"""Where the soft edge begins and ends, in radii of the shape."""

SEEN = 0.5
"""Which share of a face the map of persons has to hold. Where it holds less, it has missed the person and does not count."""


class Face(nstk.Region):
    """The faces, from brow to chin and from ear to ear; nothing where there is none."""

    name = "face"

    def __call__(self, pictures: nstk.Pictures) -> np.ndarray:
        import numpy as np

        map_ = np.zeros(pictures.content.shape[:2], np.float32)
        if not faces(pictures.content):  # persons are looked for only where a face may need their outline
            return map_
        found, people = look(pictures.content)
        for face in found:
            place, shape = _shape(face, *map_.shape)
            within = np.minimum(shape, people[place])
            map_[place] = np.maximum(map_[place], within if within.sum() > SEEN * shape.sum() else shape)
        return map_


def _shape(face: Found, height: int, width: int) -> tuple[tuple[slice, slice], np.ndarray]:
    """The part of a map of this size that a face lies in, and how much of the face is at each position of it."""
    import numpy as np

    eyes, mouth = face.points[:2].mean(axis=0), face.points[3]
    apart = float(np.hypot(*(mouth - eyes)))
    down = (mouth - eyes) / apart if apart else np.array([0.0, 1.0])
    across = np.array([down[1], -down[0]])
    unit = max(apart, LEAST * face.size[1])
    sides = (face.points - eyes) @ across
    half = max((sides.max() - sides.min()) / 2 + SIDES * face.size[0], NARROW / 2 * face.size[0])
    long = (DOWN + UP) / 2 * unit
    middle = eyes + (DOWN - UP) / 2 * unit * down + (sides.min() + sides.max()) / 2 * across
    reach = EDGE[1] * (half + long)
    left, top = (max(0, int(it)) for it in middle - reach)
    right, bottom = np.maximum(np.minimum((width, height), (middle + reach).astype(int)), (left, top))
    x, y = np.arange(left, right) + 0.5 - middle[0], np.arange(top, bottom)[:, None] + 0.5 - middle[1]
    along, beside = np.abs(x * down[0] + y * down[1]) / long, np.abs(x * across[0] + y * across[1]) / half
    radius = (along**ROUND + beside**ROUND) ** (1 / ROUND)
    return (slice(top, bottom), slice(left, right)), step(-radius, -EDGE[1], -EDGE[0])


@nstk.hookimpl
def nstk_regions() -> list[type[nstk.Region]]:
    return [Face]
