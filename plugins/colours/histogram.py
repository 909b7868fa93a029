"""The photograph's palette, colour by colour: each painting gets the photograph's histogram before the losses see it.

Pitie, Kokaram and Dahyot, "Automated colour grading using colour distribution transfer", 2007: the colours are turned, and
along each axis the painting's values take the places of the photograph's, the lowest that of the lowest and so on; with other
axes each time, the two clouds of colours become alike. nstk differs in that the turns are a fixed sequence, that distributions
are told by `QUANTILES` values, and in that a part of the positions stands for a large picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import nstk

if TYPE_CHECKING:
    import numpy as np

TURNS = 16
"""How many times the colours are turned. Twice as many change a painting by one or two levels in the mean."""

QUANTILES = 512
"""By how many values the distribution along an axis is told."""

MOST = 1 << 16
"""How many positions of a picture are looked at, at most."""


class Histogram(nstk.Colours):
    """The painting recoloured to the photograph's histogram, before the losses see it."""

    name = "histogram"

    def of_style(self, style: np.ndarray, content: np.ndarray) -> np.ndarray:
        import numpy as np

        made, theirs = style.reshape(-1, 3).astype(np.float64), _some(content.reshape(-1, 3).astype(np.float64))
        shares, rng = np.linspace(0, 1, QUANTILES), np.random.default_rng(0)
        for turn in range(TURNS):
            axes = np.eye(3) if turn == 0 else np.linalg.qr(rng.standard_normal((3, 3)))[0]
            turned, wanted = made @ axes, theirs @ axes
            for axis in range(3):
                values, places = np.quantile(_some(turned[:, axis]), shares), np.quantile(wanted[:, axis], shares)
                turned[:, axis] = np.interp(turned[:, axis], *_rising(values, places))
            made = turned @ axes.T
        return made.reshape(style.shape).astype(np.float32)


def _some(rows: np.ndarray) -> np.ndarray:
    """At most `MOST` rows, evenly spread."""
    return rows[:: -(-len(rows) // MOST)]


def _rising(values: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The quantiles without repetitions. A value that many positions have goes to the middle of the places that they take."""
    import numpy as np

    kept, index = np.unique(values, return_inverse=True)
    return kept, np.bincount(index, places) / np.bincount(index)


@nstk.hookimpl
def nstk_colours() -> list[type[nstk.Colours]]:
    return [Histogram]
