"""Oklab, in which equal distances look about equally far: lightness, and two axes of colour.

Bjoern Ottosson, "A perceptual color space for image processing", 2020; the matrices are those of his page. Pixels are sRGB,
0..255.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_TO_CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)

TRIFLE = 1e-7
"""By how much linear light may lie outside 0..1 for rounding alone. In the dark, more of it would be seen."""

HALVINGS = 12
"""How often the interval is halved in which the strongest colour lies that can be shown: to 1/4096 of the colour."""


def lab(pixels: np.ndarray) -> np.ndarray:
    """Lightness 0..1 and the two axes of colour of pixels `[..., 3]`, float64."""
    import numpy as np

    levels = np.asarray(pixels, np.float64) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ np.transpose(_TO_CONES)) @ np.transpose(_TO_LAB)


def pixels(lab: np.ndarray) -> np.ndarray:
    """The pixels of colours in Oklab, float32. A colour that is too strong for sRGB is weakened; lightness and hue stay."""
    import numpy as np

    linear = _linear(lab)
    strong = _outside(linear)
    if strong.any():
        weakest, strongest = np.zeros(strong.sum()), np.ones(strong.sum())
        for _ in range(HALVINGS):
            middle = (weakest + strongest) / 2
            outside = _outside(_linear(_weaker(lab[strong], middle)))
            weakest, strongest = np.where(outside, weakest, middle), np.where(outside, middle, strongest)
        linear[strong] = _linear(_weaker(lab[strong], weakest))
    linear = np.clip(linear, 0, 1)
    levels = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (255 * levels).astype(np.float32)


def _linear(lab: np.ndarray) -> np.ndarray:
    """Linear red, green and blue, which may lie outside 0..1."""
    from_lab, from_cones = _back()
    return (lab @ from_lab.T) ** 3 @ from_cones.T


@cache
def _back() -> tuple[np.ndarray, np.ndarray]:
    """The inverses of the two matrices, the last one first."""
    import numpy as np

    return np.linalg.inv(_TO_LAB), np.linalg.inv(_TO_CONES)


def _outside(linear: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.any((linear < -TRIFLE) | (linear > 1 + TRIFLE), axis=-1)


def _weaker(lab: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """The same lightness and hue, with so much of the colour."""
    import numpy as np

    return np.concatenate([lab[..., :1], lab[..., 1:] * factor[..., None]], axis=-1)
