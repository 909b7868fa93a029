"""Pictures that are brighter than paper: the curves PQ and HLG of Rec. ITU-R BT.2100, and the way down to the range of sRGB.

Light is in units of paper white, which is 203 cd/m2 (Rep. ITU-R BT.2408). A picture is taken for one of up to 1000 cd/m2, as
most are. Its light is brought down to paper white by the curve of Rep. ITU-R BT.2390 (annex 5, "EETF"): what is darker than
some 90 cd/m2 stays as it is, and the rest comes closer and closer to white. The curve is applied to the largest of red, green
and blue, and the other two go with it, so that hues stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KINDS = ("pq", "hlg")
"""The curves whose light goes beyond paper white."""

WHITE, PEAK = 203, 1000
"""Paper white, and the brightest that is told apart, in cd/m2."""

_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 4096 * 128, 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
"""The constants of PQ, from SMPTE ST 2084."""

_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
"""The constants of HLG."""

_SYSTEM_GAMMA = 1.2
"""HLG's power from the light of the scene to that of a display of 1000 cd/m2."""

_LUMINANCE = (0.2627, 0.6780, 0.0593)
"""What red, green and blue of BT.2020 give to the luminance."""


def pq_light(levels: NDArray[Any]) -> NDArray[np.floating[Any]]:
    """The light of PQ's levels (0..1), in units of paper white."""
    import numpy as np

    root = np.asarray(levels, np.float64) ** (1 / _M2)
    light: NDArray[np.floating[Any]] = ((root - _C1).clip(0) / (_C2 - _C3 * root)) ** (1 / _M1) * (10_000 / WHITE)
    return light


def _pq_levels(light: NDArray[Any]) -> NDArray[np.floating[Any]]:
    """The levels of PQ of light in units of paper white: the inverse of `pq_light`."""
    import numpy as np

    power = np.asarray(light * (WHITE / 10_000), np.float64).clip(0) ** _M1
    levels: NDArray[np.floating[Any]] = ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2
    return levels


def hlg_light(levels: NDArray[Any]) -> NDArray[np.floating[Any]]:
    """The light of the scene of HLG's levels (0..1), 0..1."""
    import numpy as np

    levels = np.asarray(levels, np.float64)
    return np.where(levels <= 0.5, levels**2 / 3, (np.exp((levels - _C) / _A) + _B) / 12)


def _shown(light: NDArray[Any]) -> NDArray[np.floating[Any]]:
    """HLG's light of the scene (height x width x 3) as a display of 1000 cd/m2 shows it, in units of paper white."""
    import numpy as np

    luminance = np.asarray(light @ np.array(_LUMINANCE))[..., None]
    return np.asarray(light * luminance ** (_SYSTEM_GAMMA - 1) * (PEAK / WHITE))


def to_paper(light: NDArray[Any], kind: str) -> NDArray[np.floating[Any]]:
    """The light (height x width x 3) of one of `KINDS`, brought down to 0..1."""
    import numpy as np

    light = _shown(light) if kind == "hlg" else light
    top = light.max(-1, keepdims=True)
    return np.asarray(light * np.divide(_rolled(top), top, out=np.ones_like(top), where=top > 0))


def _rolled(light: NDArray[Any]) -> NDArray[np.floating[Any]]:
    """Light by the curve of BT.2390."""
    import numpy as np

    peak, white = float(_pq_levels(np.array(PEAK / WHITE))), float(_pq_levels(np.array(1.0)))
    levels = (_pq_levels(light) / peak).clip(0, 1)
    most = white / peak
    knee = 1.5 * most - 0.5
    t = (levels - knee).clip(0) / (1 - knee)
    bent = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * most
    return pq_light(np.where(levels < knee, levels, bent) * peak)
