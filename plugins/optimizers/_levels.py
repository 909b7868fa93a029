"""A change of a picture as a sum over the levels of a pyramid, each half as long as the one before, enlarged bilinearly.

`together` makes a picture of the levels. It is linear, and `apart` is its transpose: it takes a gradient with respect to the
pixels to one with respect to each level. Both are written as sums of slices, which have the same bits every time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import nstk

NEAR, FAR = 0.75, 0.25
"""The weights of the two nearest pixels, where a picture is enlarged to twice its length."""


def sizes(height: int, width: int, levels: int) -> list[tuple[int, int]]:
    """The height and width of each level, fine to coarse."""
    found = [(height, width)]
    for _ in range(levels - 1):
        found.append(((found[-1][0] + 1) // 2, (found[-1][1] + 1) // 2))
    return found


def together(levels: Sequence[Any]) -> Any:
    """The picture `[1, height, width, 3]` that the levels, fine to coarse, add up to."""
    *finer, picture = levels
    for level in reversed(finer):
        for axis in (1, 2):
            picture = _enlarged(picture, axis, int(level.shape[axis]))
        picture = level + picture
    return picture


def apart(picture: Any, levels: int) -> list[Any]:
    """What each of the levels has of a gradient with respect to the picture, fine to coarse."""
    found = [picture]
    for _ in range(levels - 1):
        level = found[-1]
        for axis in (2, 1):
            level = _gathered(level, axis)
        found.append(level)
    return found


def _enlarged(picture: Any, axis: int, length: int) -> Any:
    """A picture with its rows (axis 1) or columns (2) at twice their number, or one less."""
    import tensorflow as tf

    first, last = _part(picture, axis, 0, 1), _part(picture, axis, -1, None)
    before = tf.concat([first, _part(picture, axis, 0, -1)], axis)
    after = tf.concat([_part(picture, axis, 1, None), last], axis)
    pairs = tf.stack([NEAR * picture + FAR * before, NEAR * picture + FAR * after], axis + 1)
    shape = [*picture.shape]
    shape[axis] *= 2
    return _part(tf.reshape(pairs, shape), axis, 0, length)


def _gathered(picture: Any, axis: int) -> Any:
    """The transpose of `_enlarged`."""
    import tensorflow as tf

    if picture.shape[axis] % 2:
        picture = tf.pad(picture, [[0, int(at == axis)] for at in range(4)])
    shape = [*picture.shape]
    shape[axis : axis + 1] = [shape[axis] // 2, 2]
    even, odd = tf.unstack(tf.reshape(picture, shape), axis=axis + 1)
    nothing = tf.zeros_like(_part(even, axis, 0, 1))
    # An even row looks at the row before, the first at itself; an odd one at the row after, the last at itself.
    from_even = tf.concat([_part(even, axis, 1, None), nothing], axis)
    from_odd = tf.concat([nothing, _part(odd, axis, 0, -1)], axis)
    more = [[0, 0] if at != axis else [0, int(even.shape[axis]) - 1] for at in range(4)]
    ends = tf.pad(_part(even, axis, 0, 1), more), tf.pad(_part(odd, axis, -1, None), [pair[::-1] for pair in more])
    return nstk.total([NEAR * (even + odd), FAR * (from_even + from_odd), FAR * ends[0], FAR * ends[1]])


def _part(picture: Any, axis: int, begin: int, end: int | None) -> Any:
    index = [slice(None)] * 4
    index[axis] = slice(begin, end)
    return picture[tuple(index)]
