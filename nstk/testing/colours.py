"""Checks everything that colours must do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..api import Colours
from .common import called, check_array, check_dump, checking, require, same
from .samples import ODD, pictures

if TYPE_CHECKING:
    import numpy as np


def check_colours(colours: Colours, size: tuple[int, int] = ODD) -> None:
    """Raise an `AssertionError` that says what is broken, unless colours do all that a run relies on.

        nstk.testing.check_colours(MyColours(share=0.3))

    They survive being written to a recipe and read again; both methods return an array of the shape of what they change, with
    finite numbers, of pictures of any size, of a grey one, and of one column, `[positions, 1, 3]`, as regions hand them over;
    they write to none of the pictures that they are given; they make the same when they are asked again.
    """
    import numpy as np

    check_dump(colours)
    content, large = pictures(size).content, pictures((size[0] + 9, size[1] - 7), seed=1).styles["style"]
    other = pictures(size, seed=1).content
    grey = np.full_like(other, 128)
    grey.setflags(write=False)  # as all the others are
    with checking(called(colours), colours):
        for style, photograph in ((large, content), (grey, content), (_column(large), _column(content))):
            _made(colours, "of_style", style, photograph)
        for picture, photograph in ((other, content), (grey, content), (other, grey)):
            _made(colours, "of_picture", picture, photograph)


def _column(picture: np.ndarray) -> np.ndarray:
    """Some positions of a picture, as regions hand them over."""
    return picture.reshape(-1, 1, 3)[::3]


def _made(colours: Colours, method: Literal["of_style", "of_picture"], picture: np.ndarray, content: np.ndarray) -> np.ndarray:
    """What one of the two methods makes of a picture, twice."""
    who = f"{called(colours)}, in {method},"
    first, again = (getattr(colours, method)(picture, content) for _ in range(2))
    check_array(who, first, picture.shape)
    require(same(first, again), f"{who} made another picture when it was asked again")
    made: np.ndarray = first
    return made
