"""Checks everything that a region must do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..api import Pictures, Region
from .common import called, check_array, check_dump, checking, require, same
from .samples import ODD, pictures

if TYPE_CHECKING:
    import numpy as np

DRIFT = 0.15
"""By how much the share of the picture that a region takes may differ between two sizes of it."""


def check_region(region: Region, size: tuple[int, int] = ODD, *, content: np.ndarray | None = None) -> None:
    """Raise an `AssertionError` that says what is broken, unless a region does all that a run relies on.

        nstk.testing.check_region(MyRegion(share=0.3))
        nstk.testing.check_region(MyRegion(), content=nstk.read_picture("portrait.jpg"))        # where it finds something

    It survives being written to a recipe and read again; it makes a new array, height x width, of float32 from 0 to 1, at any
    size; it takes about the same share of a picture and of the same picture twice as large; it is the same when it is asked
    again.
    """
    import numpy as np

    from ..pictures import resize

    check_dump(region)
    content = pictures(size).content if content is None else np.asarray(content, np.float32)
    who, (height, width) = called(region), content.shape[:2]
    with checking(who, region):
        first, larger = _map(region, content), _map(region, resize(content, 2 * width, 2 * height))
        require(same(first, _map(region, content)), f"{who} made another map of the same picture when it was asked again")
        shares = f"{100 * first.mean():.0f} % of a picture, but {100 * larger.mean():.0f} % of the same picture twice as large"
        require(
            abs(float(first.mean() - larger.mean())) < DRIFT,
            f"{who} takes {shares}: it is asked for at several sizes, so count in shares of the picture and not in pixels",
        )


def _map(region: Region, content: np.ndarray) -> np.ndarray:
    import numpy as np

    who, content = called(region), content.view()
    content.setflags(write=False)
    made = region(Pictures(content, {}))
    check_array(who, made, content.shape[:2], high=1)
    require(made.dtype == np.float32, f"{who} made numbers of the type {made.dtype}: return `.astype(np.float32)` of them")
    require(not np.shares_memory(made, content), f"{who} returned a part of the content's own array: return a new one")
    return made
