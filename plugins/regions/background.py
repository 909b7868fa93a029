"""What is behind the persons of the photograph: all that the region `person` is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nstk
from nstk.plugins.regions._people import look

if TYPE_CHECKING:
    import numpy as np


class Background(nstk.Region):
    """All that is no person. Where nobody is found, all is background."""

    name = "background"

    def __call__(self, pictures: nstk.Pictures) -> np.ndarray:
        return 1 - look(pictures.content)[1]


@nstk.hookimpl
def nstk_regions() -> list[type[nstk.Region]]:
    return [Background]
