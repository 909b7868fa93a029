"""PGM, PPM, PAM and PFM with other levels than 0..255: none of them is lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..errors import PictureError
from .high_depth import Deep
from .levels import scaled
from .pixels import check_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..files import Location


_CHANNELS = {b"P2": 1, b"P3": 3, b"P5": 1, b"P6": 3, b"Pf": 1, b"PF": 3}


_TOKEN = rb"(?:\s|#[^\n]*\n)+([^\s#]+)"
_HEADER = re.compile(rb"(P[2356fF])" + 3 * _TOKEN + rb"[ \t\r\n]")
_PAM = re.compile(rb"P7\s(.*?)\nENDHDR\n", re.DOTALL)


def is_one(data: bytes) -> bool:
    """Whether a file is one of these, and of other levels than 0..255."""
    match = _HEADER.match(data)
    return bool(_PAM.match(data) or (match and (match[1] in (b"Pf", b"PF") or match[4] != b"255")))


def read(data: bytes, path: Location) -> Deep:
    """The pixels of such a file."""
    pam = _PAM.match(data)
    if pam:
        said = dict(line.split(None, 1) for line in pam[1].splitlines() if len(line.split(None, 1)) == 2)
        width, height, channels, most = (int(said[key]) for key in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL"))
        return _of_levels(_levels(data[pam.end() :], width, height, channels, most, path), most, channels in (2, 4), path)
    match = _HEADER.match(data)
    if not match:
        raise ValueError("its header is broken")
    kind, width, height, channels = match[1], int(match[2]), int(match[3]), _CHANNELS[match[1]]
    body = data[match.end() :]
    if kind in (b"Pf", b"PF"):
        return scaled(_floats(body, width, height, channels, float(match[4]), path), 32, channels, False, path)
    most = int(match[4])
    if kind in (b"P2", b"P3"):
        return _of_levels(_written_out(body, width, height, channels, path), most, False, path)
    return _of_levels(_levels(body, width, height, channels, most, path), most, False, path)


def _levels(body: bytes, width: int, height: int, channels: int, most: int, path: Location) -> NDArray[Any]:
    """Levels of one byte each, or of two where one is not enough."""
    import numpy as np

    check_size(width, height, path)
    if not 1 <= channels <= 4:
        raise PictureError(f"{path} has {channels} channels: save it as grey or RGB")
    numbers = np.frombuffer(body, ">u2" if most > 255 else np.uint8, width * height * channels)
    return numbers.reshape(height, width, channels)


def _written_out(body: bytes, width: int, height: int, channels: int, path: Location) -> NDArray[Any]:
    """Levels that are written as decimal numbers."""
    import numpy as np

    check_size(width, height, path)
    words = re.sub(rb"#[^\n]*", b"", body).split(None, width * height * channels)[: width * height * channels]
    return np.array(words, np.int64).reshape(height, width, channels)


def _floats(body: bytes, width: int, height: int, channels: int, scale: float, path: Location) -> NDArray[Any]:
    """Floats, from the lowest row to the top one. The sign of the scale tells the order of their bytes."""
    import numpy as np

    check_size(width, height, path)
    numbers = np.frombuffer(body, "<f4" if scale < 0 else ">f4", width * height * channels)
    return numbers.reshape(height, width, channels)[::-1]


def _of_levels(numbers: NDArray[Any], most: int, alpha: bool, path: Location) -> Deep:
    """Levels of which `most` is white."""
    import numpy as np

    if not 0 < most <= 65535:
        raise ValueError(f"its largest level is said to be {most}")
    parts = np.divide(numbers, most, dtype=np.float32).clip(0, 1)
    return Deep(parts[..., :-1], parts[..., -1]) if alpha else Deep(parts)
