"""The photograph's colours: the result has the lightness of what was painted, and the colours of the photograph.

Gatys and others, "Preserving color in neural artistic style transfer", 2016, have two ways to keep colours. This is the one by
luminance, in which each place keeps its own colour. nstk differs in two things: lightness is that of Oklab (Ottosson 2020),
where they have the luminance of YIQ; and losses see the paintings in colour, while it is the result that is changed. Edges of
the paint between colours of one lightness are lost with it. A colour that is too strong for its new lightness is weakened, with
the same hue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import nstk
from nstk.plugins.colours._oklab import lab, pixels

if TYPE_CHECKING:
    import numpy as np

ROWS = 64
"""How many rows are worked on at once. In float64 a large picture would take much memory."""


class Keep(nstk.Colours):
    """The colours of the photograph, with the lightness of what was painted."""

    name = "keep"

    def of_picture(self, picture: np.ndarray, content: np.ndarray) -> np.ndarray:
        import numpy as np

        made = np.empty_like(picture)
        for top in range(0, len(picture), ROWS):
            rows = slice(top, top + ROWS)
            lightness, colours = lab(picture[rows])[..., :1], lab(content[rows])[..., 1:]
            made[rows] = pixels(np.concatenate([lightness, colours], axis=-1))
        return made


@nstk.hookimpl
def nstk_colours() -> list[type[nstk.Colours]]:
    return [Keep]
