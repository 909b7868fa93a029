"""Large pictures made small without holding all of one: boxes of pixels become their mean while the file is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .pixels import MIN_SIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGE = 64_000_000
"""From how many pixels on a picture is not held whole where a small one is asked for."""


def side_of(width: int, height: int, edge: int) -> int:
    """The side of the boxes, in pixels, with which a picture keeps twice the `edge` that is asked for, and can be read."""
    return max(1, min(max(width, height) // (2 * edge), min(width, height) // MIN_SIDE))


class Boxes:
    """A picture (height x width x channels) that becomes smaller while its parts come, one number for each whole box.

    It is the mean of the box; its first pixel where the numbers are no levels, as those of a palette are not.
    """

    def __init__(self, size: tuple[int, int, int], side: int, dtype: Any, *, mean: bool):
        import numpy as np

        self._side, self._mean, self._dtype = side, mean, np.dtype(dtype)
        self._high, self._wide = size[0] // side, size[1] // side
        self._made = np.zeros((self._high, self._wide, size[2]), np.float64 if mean else dtype)

    def add(self, part: NDArray[Any], top: int = 0, left: int = 0, channel: int = 0) -> None:
        """Take a part (height x width x channels) whose first pixel lies at a row, a column and a channel of the picture."""
        import numpy as np

        side = self._side
        part = part[: self._high * side - top, : self._wide * side - left]
        if not part.size:
            return
        (row, down), (column, right) = divmod(top, side), divmod(left, side)
        if self._mean:
            for axis, cut in enumerate((down, right)):
                starts = [0, *range(side - cut, part.shape[axis], side)]
                part = np.add.reduceat(part, starts, axis=axis, dtype=np.float64)
        else:
            part = part[-down % side :: side, -right % side :: side]
            row, column = row + (down > 0), column + (right > 0)
        place = self._made[row : row + part.shape[0], column : column + part.shape[1], channel : channel + part.shape[2]]
        place += part

    def pixels(self) -> NDArray[Any]:
        """The small picture, in the number type of the large one."""
        import numpy as np

        if not self._mean:
            return self._made
        means = self._made / self._side**2
        return (means if self._dtype.kind == "f" else np.rint(means)).astype(self._dtype)
