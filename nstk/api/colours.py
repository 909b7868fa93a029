"""Colours: whose colours the result has, the painting's or the photograph's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .definition import Definition

if TYPE_CHECKING:
    import numpy as np


class Colours(Definition):
    """Whose colours the result has. A subclass changes the paintings before the losses see them, or the result, or both.

    All pictures are height x width x 3, float32, 0..255. What is returned has the shape of what is changed, and is cut off at 0
    and at 255. None of the arrays may be written to.

    Where a recipe names regions, `of_style` gets what of the painting counts, and what of the photograph takes this painting,
    each as a picture of one column, `[positions, 1, 3]`.
    """

    def of_style(self, style: np.ndarray, content: np.ndarray) -> np.ndarray:
        """A painting as the losses are to see it. It is asked for at each scale, in the size that the scale has."""
        return style

    def of_picture(self, picture: np.ndarray, content: np.ndarray) -> np.ndarray:
        """What was painted as it is to be shown and saved. `content` has its size. Steps go on from what was painted."""
        return picture
