"""Checks everything that an initializer must do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..api import Initializer, Pictures
from .common import called, check_array, check_dump, checking, require, same
from .samples import ODD, pictures

if TYPE_CHECKING:
    import numpy as np

SEED = 5


def check_initializer(initializer: Initializer, size: tuple[int, int] = ODD) -> None:
    """Raise an `AssertionError` that says what is broken, unless an initializer does all that a run relies on.

        nstk.testing.check_initializer(MyInitializer(level=3))

    It survives being written to a recipe and read again; it makes a new array of the content's shape with finite numbers from
    0 to 255, at any size; it draws from the generator that it is given and from nothing else, so that the same seed makes the
    same picture; what `finer` makes has the shape of the finer scale.
    """
    check_dump(initializer)
    who, made = called(initializer), pictures(size)
    with checking(who, initializer):
        first = _first(initializer, made)
        _first(initializer, pictures((size[0] + 9, size[1] - 7)))
        require(
            same(first, _first(initializer, made)),
            f"{who} made another picture when it was asked again with the same seed: draw from `rng`, and keep nothing",
        )
        _check_finer(initializer, made, first)


def _first(initializer: Initializer, made: Pictures) -> np.ndarray:
    """The picture that a run starts from."""
    import numpy as np

    who = called(initializer)
    first = initializer(made, np.random.default_rng(SEED))
    check_array(who, first, made.content.shape, high=255)
    require(not np.shares_memory(first, made.content), f"{who} returned the content's own array: return a copy of it")
    return first


def _check_finer(initializer: Initializer, made: Pictures, first: np.ndarray) -> None:
    """What a finer scale starts from, after a scale of half the size."""
    import numpy as np

    from ..pictures import resize

    who, (height, width) = f"{called(initializer)}, in finer,", first.shape[:2]
    size = width // 2, height // 2
    coarser = resize(resize(np.asarray(first, np.float32), *size), width, height)
    coarser.setflags(write=False)
    one, again = (initializer.finer(made, coarser, size, np.random.default_rng(SEED)) for _ in range(2))
    check_array(who, one, made.content.shape)
    require(same(one, again), f"{who} made another picture when it was asked again with the same seed: draw from `rng`")
