"""Colour spaces that a file tells in numbers, not by an ICC profile: what its levels mean, and the way from there to sRGB.

The levels become light by the space's curve, the light becomes that of sRGB's primaries by a matrix (with the white adapted by
the Bradford method, as in ICC.1:2022, annex E), and sRGB's curve (IEC 61966-2-1) makes levels of it. What lies outside of sRGB
is clipped. A picture brighter than paper (PQ, HLG) is brought down to paper first, see `hdr`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import hdr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""The x and y (CIE 1931) of white, red, green and blue, in this order, which is that of PNG's cHRM."""

D65 = (0.3127, 0.3290)
BT709: Chromaticities = (*D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
"""The primaries of sRGB."""

_NEAR = 0.002
"""Chromaticities that differ by less than this are the same ones, rounded."""

_SRGB_GAMMA, _NEAR_GAMMA = 2.2, 0.015
"""The power that is said for sRGB's curve where only a power can be said, and how far (as a share) it may be rounded."""

_BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))

_ROWS = 256
"""How many rows are converted at a time: each takes some copies of itself, in floats."""


@dataclass(frozen=True)
class Curve:
    """How levels (0..1) become light.

    `kind` is `sRGB`, `power` (with its exponents), `pq`, `hlg`, `240`, `428`, `log` (with its decades), or `table` (with the
    light of evenly spaced levels). Of the exponents or tables there is one, or one for each of red, green and blue.
    """

    kind: str = "sRGB"
    numbers: tuple[Any, ...] = ()

    def light(self, levels: NDArray[Any]) -> NDArray[np.floating[Any]]:
        """The light of levels (... x 3), 0..1; for PQ and HLG see `hdr`."""
        import numpy as np

        if self.kind == "sRGB":
            return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
        if self.kind == "power":
            return np.asarray(levels ** np.asarray(self.numbers, levels.dtype))
        if self.kind == "log":
            return np.where(levels > 0, 10 ** ((levels - 1) * self.numbers[0]), 0)
        if self.kind == "240":
            return np.where(levels < 0.0913, levels / 4, ((levels + 0.1115) / 1.1115) ** (1 / 0.45))
        if self.kind == "428":
            return np.asarray(levels**2.6 * 52.37 / 48)
        if self.kind == "table":
            return self._looked_up(levels)
        return hdr.pq_light(levels) if self.kind == "pq" else hdr.hlg_light(levels)

    def _looked_up(self, levels: NDArray[Any]) -> NDArray[np.floating[Any]]:
        import numpy as np

        tables = self.numbers * (3 // len(self.numbers))
        planes = np.moveaxis(levels, -1, 0)
        return np.stack(
            [np.interp(it, np.linspace(0, 1, len(table)), table) for it, table in zip(planes, tables, strict=True)], -1
        )


@dataclass(frozen=True)
class Space:
    """A colour space told in numbers."""

    name: str
    """What messages call it."""
    chromaticities: Chromaticities = BT709
    curve: Curve = Curve()
    narrow: bool = False
    """Whether black and white are the levels 16 and 235 of 255, as in video, in place of 0 and 255."""

    @property
    def is_srgb(self) -> bool:
        """Whether a picture in this space is in sRGB as it is."""
        return self.curve == Curve() and same_primaries(self.chromaticities, BT709) and not self.narrow

    @property
    def is_hdr(self) -> bool:
        """Whether its light goes beyond paper white."""
        return self.curve.kind in hdr.KINDS

    def to_srgb(self, levels: NDArray[Any]) -> NDArray[np.float32]:
        """A picture (height x width x 1 or 3, uint8, or floats of 0..1) in sRGB: height x width x 3, float32, 0..1.

        Greys are those between black and white in any space: for them the curve alone counts.
        """
        import numpy as np

        made = np.empty((*levels.shape[:2], 3), np.float32)
        matrix = np.eye(3) if levels.shape[2] == 1 else matrix_to_srgb(self.chromaticities)
        table = None
        if levels.dtype == np.uint8:
            table = self._light(np.repeat(np.arange(256)[:, None] / 255, 3, 1)).astype(np.float32)
        for top in range(0, len(levels), _ROWS):
            rows = np.broadcast_to(levels[top : top + _ROWS], made[top : top + _ROWS].shape)
            light = self._light(rows) if table is None else table[rows, np.arange(3)]
            light = hdr.to_paper(light, self.curve.kind) if self.is_hdr else light
            made[top : top + _ROWS] = _encoded(light @ matrix.T.astype(light.dtype))
        return made

    def _light(self, levels: NDArray[Any]) -> NDArray[np.floating[Any]]:
        """The light of levels of 0..1."""
        return self.curve.light(((levels * 255 - 16) / 219).clip(0, 1) if self.narrow else levels)


def same_primaries(one: Chromaticities, other: Chromaticities) -> bool:
    """Whether two sets of chromaticities are the same but for rounding."""
    return all(abs(a - b) < _NEAR for a, b in zip(one, other, strict=True))


def matrix_to_srgb(chromaticities: Chromaticities) -> NDArray[np.float64]:
    """The matrix from light of these primaries to that of sRGB. Raises `ValueError` if no colours can be made of them."""
    import numpy as np

    if same_primaries(chromaticities, BT709):
        return np.eye(3)
    white, srgb_white = _xyz(*chromaticities[:2]), _xyz(*D65)
    bradford = np.array(_BRADFORD)
    adapted = np.linalg.inv(bradford) @ np.diag((bradford @ srgb_white) / (bradford @ white)) @ bradford
    made: NDArray[np.float64] = np.linalg.inv(_to_xyz(BT709)) @ adapted @ _to_xyz(chromaticities)
    return made


def _to_xyz(chromaticities: Chromaticities) -> NDArray[np.float64]:
    """The matrix from light of these primaries to CIE XYZ, where their white has the luminance 1."""
    import numpy as np

    primaries = np.array([(x, y, 1 - x - y) for x, y in zip(chromaticities[2::2], chromaticities[3::2], strict=True)]).T
    if not np.isfinite(primaries).all() or abs(np.linalg.det(primaries)) < 1e-4:
        raise ValueError("its primaries span no colours")
    shares = np.linalg.solve(primaries, _xyz(*chromaticities[:2]))
    if not (np.isfinite(shares).all() and (shares > 0).all()):
        raise ValueError("its white is no mixture of its primaries")
    return np.asarray(primaries * shares)


def _xyz(x: float, y: float) -> NDArray[np.float64]:
    """White of the luminance 1."""
    import numpy as np

    if not 0.1 < y < 1 or not 0.1 < x < 1:
        raise ValueError("its white is no white")
    return np.array([x / y, 1, (1 - x - y) / y])


def _encoded(light: NDArray[Any]) -> NDArray[Any]:
    """Light as levels of sRGB."""
    import numpy as np

    light = light.clip(0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


SRGB = Space("sRGB")

ADOBE_RGB = Space("Adobe RGB (1998)", (*D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06), Curve("power", (563 / 256,)))
"""Adobe RGB (1998) Color Image Encoding, 2005: what DCF 2.0 calls an optional file, whose interoperability index is R03."""

_PRIMARIES: dict[int, tuple[str, Chromaticities]] = {
    1: ("BT.709", BT709),
    4: ("BT.470 M", (0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08)),
    5: ("BT.470 BG", (*D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06)),
    6: ("BT.601", (*D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070)),
    7: ("SMPTE 240M", (*D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070)),
    8: ("film", (0.310, 0.316, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049)),
    9: ("BT.2020", (*D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046)),
    10: ("CIE XYZ", (1 / 3, 1 / 3, 1, 0, 0, 1, 0, 0)),
    11: ("DCI-P3", (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)),
    12: ("Display P3", (*D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)),
    22: ("EBU 3213", (*D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077)),
}
"""Rec. ITU-T H.273, table 2: the colour primaries by their code."""

_CURVES = {
    **{code: ("sRGB", Curve()) for code in (1, 6, 11, 12, 13, 14, 15)},
    4: ("gamma 2.2", Curve("power", (2.2,))),
    5: ("gamma 2.8", Curve("power", (2.8,))),
    7: ("SMPTE 240M", Curve("240")),
    8: ("linear", Curve("power", (1.0,))),
    9: ("logarithm", Curve("log", (2.0,))),
    10: ("logarithm", Curve("log", (2.5,))),
    16: ("PQ", Curve("pq")),
    17: ("SMPTE 428", Curve("428")),
    18: ("HLG", Curve("hlg")),
}
"""Rec. ITU-T H.273, table 3: the transfer characteristics by their code.

1, 6, 11, 12, 14 and 15 (BT.709, BT.601, xvYCC, BT.1361, BT.2020) tell how a camera makes levels of light, not how a display
makes light of them, which is much as in sRGB. Browsers take such pictures for sRGB but for their primaries, and so does nstk.
"""

_LEAST_POWER, _MOST_POWER = 0.1, 10
"""The powers of curves that pictures have. Others are mistakes."""

UNSPECIFIED = 2
"""The code of H.273 for what is not told."""


def of_codes(primaries: int, transfer: int, *, narrow: bool = False) -> Space:
    """The space that codes of Rec. ITU-T H.273 tell (cICP, nclx); what is unspecified is as in sRGB.

    Raises `ValueError` for codes that mean nothing.
    """
    name, chromaticities = ("sRGB", BT709) if primaries == UNSPECIFIED else _PRIMARIES.get(primaries, ("", BT709))
    curve_name, curve = ("sRGB", Curve()) if transfer == UNSPECIFIED else _CURVES.get(transfer, ("", Curve()))
    if not name or not curve_name:
        raise ValueError(f"codes {primaries} and {transfer}, which ITU-T H.273 does not know")
    return Space(f"{name} with the curve of {curve_name}", chromaticities, curve, narrow)


def of_numbers(numbers: Sequence[float]) -> Chromaticities:
    """Eight numbers as chromaticities. Raises `ValueError` if no colours can be made of them."""
    white_x, white_y, red_x, red_y, green_x, green_y, blue_x, blue_y = numbers
    made = (white_x, white_y, red_x, red_y, green_x, green_y, blue_x, blue_y)
    matrix_to_srgb(made)
    return made


def power(*exponents: float) -> Curve:
    """The curve of one power, or of three for red, green and blue. Raises `ValueError` for powers that no picture has."""
    if not all(_LEAST_POWER <= it <= _MOST_POWER for it in exponents):
        raise ValueError(f"a gamma of {' '.join(f'{it:g}' for it in exponents)}")
    return Curve("power", exponents)


def of_gamma(name: str, chromaticities: Chromaticities, *exponents: float) -> Space:
    """The space that chromaticities and powers tell, where they are all that can be told.

    sRGB itself is told so by many: then its curve is meant, which no power is. Raises `ValueError` as `power` does.
    """
    curve = power(*exponents) if exponents else Curve()
    if same_primaries(chromaticities, BT709) and all(is_near_srgb(it) for it in exponents):
        curve = Curve()
    return Space(name, chromaticities, curve)


def is_near_srgb(exponent: float) -> bool:
    """Whether a power is the one that is told for sRGB's curve, 2.2, perhaps rounded."""
    return abs(exponent / _SRGB_GAMMA - 1) <= _NEAR_GAMMA
