"""The persons of the photograph, from hair to shoes.

Two small networks find them (`_people.py` tells how): in about a second for a photograph of a megapixel, on one processor core.
They know figures in the foreground best. Where no face is seen, an animal or a flower that fills as much of the photograph as a
person would counts as one. What is smaller than 0.2 % of the photograph does not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import nstk
from nstk.plugins.regions._people import look

if TYPE_CHECKING:
    import numpy as np


class Person(nstk.Region):
    """The persons, from hair to shoes; nothing where there is nobody."""

    name = "person"

    def __call__(self, pictures: nstk.Pictures) -> np.ndarray:
        return look(pictures.content)[1]


@nstk.hookimpl
def nstk_regions() -> list[type[nstk.Region]]:
    return [Person]
