"""Start from a copy of the content: the first steps already show the photograph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nstk

if TYPE_CHECKING:
    import numpy as np


class Content(nstk.Initializer):
    """A copy of the content picture."""

    name = "content"

    def __call__(self, pictures: nstk.Pictures, rng: np.random.Generator) -> np.ndarray:
        return pictures.content.copy()


@nstk.hookimpl
def nstk_initializers() -> list[type[nstk.Initializer]]:
    return [Content]
