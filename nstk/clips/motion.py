"""Where things were a frame ago: optical flow, a picture carried along it, and where that can be trusted.

Ruder, Dosovitskiy and Brox, "Artistic Style Transfer for Videos", GCPR 2016. A pixel is not to be trusted where it was hidden
a frame ago, or lies at the edge of something that moves (their equations 4 and 5, after Sundaram, Brox and Keutzer, "Dense
Point Trajectories by GPU-Accelerated Large Displacement Optical Flow", ECCV 2010). nstk differs in the flow, which is DIS
(Kroeger, Timofte, Dai and Van Gool, "Fast Optical Flow Using Dense Inverse Search", ECCV 2016), and in that a pixel which comes
from outside of the frame is not trusted either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UserError
from .ffmpeg import INSTALL

if TYPE_CHECKING:
    from numpy.typing import NDArray

CUT = 0.35
"""Below this share of pixels to be trusted, two frames may be of two scenes."""

UNLIKE = 30.0
"""By how many levels two frames of two scenes differ at least, after one was carried along the flow."""

FINE = 4.0
"""From how wide a blur on, in pixels, a field is made smaller before it is blurred."""

ENOUGH = 0.2
"""From how large a share of trusted pixels nearby on their mean counts alone."""


def library() -> Any:
    """OpenCV. Raises `UserError` where it is missing."""
    try:
        import cv2
    except ImportError as error:
        raise UserError(f"optical flow needs OpenCV: {INSTALL}") from error
    return cv2


@dataclass(frozen=True)
class Motion:
    """How the picture moved from one frame to a later one."""

    back: NDArray[np.float32]
    """From where each pixel of the later frame comes: height x width x 2, pixels to the right and down."""
    trusted: NDArray[np.float32]
    """1 where this is to be trusted, 0 elsewhere: height x width."""
    cut: bool
    """Whether the two frames are of two scenes."""

    @classmethod
    def between(cls, before: np.ndarray, now: np.ndarray) -> Motion:
        """The motion between two frames, each height x width x 3, uint8."""
        cv2 = library()
        grey = [cv2.cvtColor(it, cv2.COLOR_RGB2GRAY) for it in (before, now)]
        flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        forth, back = flow.calc(*grey, None), flow.calc(*grey[::-1], None)
        trusted = _trusted(forth, back)
        made = cls(back, trusted, False)
        share = float(trusted.mean())
        apart = float(np.abs(made.carried(before).astype(np.float32) - now).mean())
        return cls(back, trusted, share < CUT and apart > UNLIKE)

    def carried(self, picture: np.ndarray) -> np.ndarray:
        """A picture of the earlier frame, at its places in the later one. It has the picture's type."""
        return _at(picture, self.back, library().INTER_CUBIC)


def filled(picture: np.ndarray, trusted: np.ndarray, source: np.ndarray) -> np.ndarray:
    """A picture with the frame `source` where it cannot be trusted, in the colours that it has around; float32, 0..255.

    The colours are those of the frame and the mean of what was changed at places nearby that can be trusted.
    """
    cv2 = library()
    changed, known = picture.astype(np.float32) - source, trusted.astype(np.float32)
    offset: np.ndarray = np.zeros_like(changed)
    reached: np.ndarray = np.zeros_like(known)
    for spread in (max(picture.shape[:2]) / part for part in (32, 8, 2)):
        near = _spread(known, spread)
        mean = _spread(changed * known[..., None], spread) / np.maximum(near, 1e-6)[..., None]
        new = np.clip(near / ENOUGH, 0, 1) * (1 - reached)
        offset, reached = offset + new[..., None] * mean, reached + new
    soft = cv2.GaussianBlur(cv2.erode(known, np.ones((3, 3), np.uint8)), None, 1.0)[..., None]
    made: np.ndarray = np.clip(soft * picture + (1 - soft) * (source + offset), 0, 255)
    return made


def _spread(field: np.ndarray, spread: float) -> np.ndarray:
    """A field blurred by so many pixels. It is blurred small: the time of a wide blur grows with its width."""
    cv2 = library()
    height, width = field.shape[:2]
    part = max(1.0, spread / FINE)
    small = cv2.resize(field, (max(1, round(width / part)), max(1, round(height / part))), interpolation=cv2.INTER_AREA)
    made = cv2.resize(cv2.GaussianBlur(small, None, spread / part), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(made)


def _at(picture: np.ndarray, back: np.ndarray, way: int) -> np.ndarray:
    cv2 = library()
    height, width = back.shape[:2]
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    made = cv2.remap(picture, columns + back[..., 0], rows + back[..., 1], way, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(made)


def _trusted(forth: np.ndarray, back: np.ndarray) -> NDArray[np.float32]:
    there = _at(forth, back, library().INTER_LINEAR)
    off = np.square(there + back).sum(-1)
    hidden = off > 0.01 * (np.square(there).sum(-1) + np.square(back).sum(-1)) + 0.5
    slopes = sum(np.square(it) for axis in (0, 1) for it in np.gradient(back[..., axis]))
    edge = slopes > 0.01 * np.square(back).sum(-1) + 0.002
    height, width = back.shape[:2]
    columns, rows = np.arange(width) + back[..., 0], np.arange(height)[:, None] + back[..., 1]
    outside = (columns < 0) | (columns > width - 1) | (rows < 0) | (rows > height - 1)
    return np.where(hidden | edge | outside, 0, 1).astype(np.float32)
