"""Structures of tensors that are added up over the tiles of a picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from .tiles import Tile


def added(one: Any, other: Any) -> Any:
    """The sum of two structures of tensors. `one` may be None, which counts as zero."""
    return other if one is None else each(lambda a, b: a + b, one, other)


def each(function: Callable[..., Any], *structures: Any) -> Any:
    """A structure of what `function` makes of the tensors of others. Where the first of them has None, the result has None."""
    return tf.nest.map_structure(lambda *leaves: None if leaves[0] is None else function(*leaves), *structures)


def summed(function: Callable[..., Any], tile: Tile, halo: int, *maps: Any) -> Any:
    """What `function` sums over a tile's maps. They overlap the next tiles' maps by `halo`, and the overlap counts once."""

    def over(rows: slice, columns: slice) -> Any:
        return function(*(each(lambda map_: map_[:, rows, columns], it) for it in maps))

    total = function(*maps)
    below, beside = halo > 0 and tile.rows.after > 0, halo > 0 and tile.columns.after > 0
    every, seam = slice(None), slice(-halo, None)
    shared = [(seam, every, -1)] * below + [(every, seam, -1)] * beside + [(seam, seam, 1)] * (below and beside)
    for rows, columns, sign in shared:
        total = each(lambda sums, twice, sign=sign: sums + sign * twice, total, over(rows, columns))
    return total
