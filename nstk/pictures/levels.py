"""Which number of a deep picture is white: 1, 255, the largest that the bits hold.

Integers say it by their bits. Floats do not: 0..1 is usual, but files of 0..255 and of 0..65535 are met too, and a picture of
0..1 may have highlights above 1. One sample must not decide, so that most samples do. What is beyond white is clipped, and what
is in doubt is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import PictureError
from .high_depth import Deep
from .notes import warn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..files import Location


WHITES = (1, 255, 65535)
"""The numbers that may stand for white in a file of floats."""


_SLACK = 1.0001
"""So much above white is rounding, and not a highlight."""


_TOO_DARK = 4
"""No picture is meant to be as dark as this level of 0..255 at its brightest: its numbers are 0..1."""


_FEW = 0.02
"""The share of samples that may be highlights of a scale, rather than the middle of a larger one."""


_MOST_OF_255, _APART = 300, 32
"""The largest number that interpolation makes of 0..255, and how far apart the levels of such a picture lie at least."""


_DIM = 1 / 16
"""A picture whose brightest sample is below this share of white may be meant otherwise."""


_MOST_SEEN = 2_000  # rows and columns that are looked at to guess a scale


def scaled(
    numbers: NDArray[Any],
    bits: int,
    wanted: int,
    alpha: bool,
    path: Location,
    *,
    premultiplied: bool = False,
    told: float | None = None,
) -> Deep:
    """Numbers (height x width x channels) as 0..1. The first `wanted` channels are colours, and the next may be an alpha.

    `bits` are those of an integer; `told` is the largest sample that the file itself speaks of.
    """
    import numpy as np

    white, colours = _divided(numbers[..., :wanted], bits, told, path)
    if not alpha:
        return Deep(_clipped(colours, white, path))
    opaque, opacity = _divided(numbers[..., wanted], bits, None, path, "alpha")
    opacity = _clipped(opacity, opaque, path, "alpha")
    if not premultiplied:
        return Deep(_clipped(colours, white, path), opacity)
    over = opacity[..., None]
    straight = np.divide(colours, over, out=np.zeros_like(colours), where=over > 0)
    return Deep(straight.clip(0, 1), opacity)  # the rounding of the products leaves some a little above 1


def _divided(
    numbers: NDArray[Any], bits: int, told: float | None, path: Location, part: str = ""
) -> tuple[float, NDArray[np.float32]]:
    """The number that stands for white (or for opaque, in the `part` alpha), and the numbers divided by it."""
    import numpy as np

    low, high = numbers.min(), numbers.max()  # both are NaN if any number is
    if numbers.dtype.kind not in "iuf":
        raise PictureError(f"{path} holds numbers of type {numbers.dtype}: save it with 8 or 16 bits a channel")
    if not np.isfinite([low, high]).all():
        count = numbers.size - np.count_nonzero(np.isfinite(numbers))
        are = "one sample that is" if count == 1 else f"{count} samples that are"
        raise PictureError(f"{path} holds {are} NaN or infinite: save it with 8 or 16 bits a channel")
    if numbers.dtype.kind == "f":
        white, sure = _white_of_floats(numbers, float(high), told, bool(part))
    else:
        white, sure = _white_of_integers(numbers.dtype.kind == "i", bits, int(low), int(high))
    if white is None:
        raise PictureError(f"{path} holds numbers from {low} to {high}: save it with 8 or 16 bits a channel")
    what, top = (f"the numbers of its {part}", "opaque") if part else ("its numbers", "white")
    if not sure:
        warn(f"{path} does not say which number is {top}: {what}, up to {high:g}, are read as 0..{white:g}")
    elif bits > 8 and white > 1 and 0 < high < white * _DIM:
        warn(f"{path} is almost {'transparent' if part else 'black'}: {what}, up to {high:g}, are read as 0..{white:g}")
    exact = np.float64 if numbers.dtype.itemsize > 4 else np.float32
    return white, np.divide(numbers, white, dtype=exact).astype(np.float32, copy=False)


def _white_of_integers(signed: bool, bits: int, low: int, high: int) -> tuple[float | None, bool]:
    """The number for white, and whether that is sure. Of more than 16 bits, pictures of 8 and of 16 bits are told apart."""
    if low < 0 or high > 65535:
        return None, True
    if bits > 16:
        return (255, high > 255 * _DIM) if high <= 255 else (65535, high > 65535 * _DIM)
    most = 2 ** (bits - signed) - 1
    return most, not signed


def _white_of_floats(numbers: NDArray[Any], high: float, told: float | None, alpha: bool) -> tuple[float | None, bool]:
    """The number for white, and whether that is sure."""
    import numpy as np

    if high <= _TOO_DARK:
        return 1, True
    seen = _seen(numbers)
    if told in WHITES and np.mean(seen > told * _SLACK) <= _FEW and (told == 1 or np.mean(seen <= told / 256) < 0.5):
        return told, True
    below = float(np.mean(seen <= _SLACK))
    if of_one(numbers, levels=not alpha):
        return 1, True
    middle = float(np.median(seen))
    if 0.05 < below < 0.5 and middle < _TOO_DARK and not (seen == np.rint(seen)).all():
        return 1, False
    if high <= 2 * 255 or np.mean(seen > 255 * _SLACK) <= _FEW:
        return 255, below <= 0.05 or bool((seen == np.rint(seen)).all())
    if np.mean(seen > 65535 * _SLACK) > _FEW:
        return None, True
    return 65535, middle > 255


def of_one(numbers: NDArray[Any], *, levels: bool = True) -> bool:
    """Whether floats (height x width x channels) are 0..1, by most of them. `levels`: whether integers may be 0..255."""
    import numpy as np

    seen = _seen(numbers)
    if not len(seen) or seen.max() <= _SLACK:
        return bool(len(seen))
    below = np.mean(seen <= _SLACK)
    if levels and (seen == np.rint(seen)).all():  # of which 1 may be one of many
        return bool(below > 1 - max(_FEW / 4, 1.5 / len(seen)))
    return bool(below >= 0.5) and not _is_on_black(seen)


def _is_on_black(seen: NDArray[Any]) -> bool:
    """Whether positive numbers are those of a picture of 0..255 with much black, which resizing has made a little uneven.

    Its other levels lie far apart. Highlights of a picture of 0..1 are few, or near 1, or all as bright as a lamp is.
    """
    import numpy as np

    above = seen[seen > _SLACK]
    if len(above) <= _FEW * len(seen) or seen.max() > _MOST_OF_255:
        return False
    low, high = np.percentile(above, [25, 75])
    return bool(high - low > _APART)


def _seen(numbers: NDArray[Any]) -> NDArray[Any]:
    """The numbers above 0, of a large picture some of them."""
    rows, columns = (max(1, side // _MOST_SEEN) for side in numbers.shape[:2])
    seen: NDArray[Any] = numbers[::rows, ::columns]
    return seen[seen > 0]


def _clipped(parts: NDArray[np.float32], white: float, path: Location, part: str = "") -> NDArray[np.float32]:
    """Parts of `white`, 0..1. Those beyond are clipped, and how many they are is said."""
    import numpy as np

    top, bottom, of = ("opaque", "transparent", f" of its {part}") if part else ("white", "black", "")
    for beyond, than, end in ((parts > _SLACK, f"above {white:g}", top), (parts < 1 - _SLACK, "below 0", bottom)):
        count = int(np.count_nonzero(beyond))
        if count:
            extreme = white * float(parts.max() if end == top else parts.min())
            samples = f"one sample{of} is" if count == 1 else f"{count} samples{of} are"
            warn(f"{path} is read as 0..{white:g}: {samples} {than} ({extreme:.4g}) and clipped to {end}")
    return parts.clip(0, 1)
