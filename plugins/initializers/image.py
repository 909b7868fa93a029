"""Start from any picture, an earlier result for example."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nstk

if TYPE_CHECKING:
    import numpy as np


class Image(nstk.Initializer):
    """A picture file, resized to the content's size; if it has another aspect, it is cut as the content is by `crop`."""

    name = "image"

    file: nstk.InputPicture = nstk.Field(description="The picture to start from.")
    detail: bool = nstk.Field(
        False,
        description="Whether each finer scale has the picture's own detail, beside what coarser scales have changed; otherwise "
        "it begins from their result alone.",
    )

    def __call__(self, pictures: nstk.Pictures, rng: np.random.Generator) -> np.ndarray:
        height, width = pictures.content.shape[:2]
        return nstk.resize(pictures.cut(nstk.read_picture(self.file, straight=True)), width, height)

    def finer(
        self, pictures: nstk.Pictures, coarser: np.ndarray, size: tuple[int, int], rng: np.random.Generator
    ) -> np.ndarray:
        if not self.detail:
            return coarser
        own, (height, width) = self(pictures, rng), coarser.shape[:2]
        return coarser + own - nstk.resize(nstk.resize(own, *size), width, height)


@nstk.hookimpl
def nstk_initializers() -> list[type[nstk.Initializer]]:
    return [Image]
