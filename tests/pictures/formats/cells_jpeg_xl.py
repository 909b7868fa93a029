"""JPEG XL, which imagecodecs writes: of more than 8 bits in linear light, as the header says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import imagecodecs
import numpy as np

from tests.pictures.colours import powered
from tests.pictures.formats.cell import SMOOTH, Cell, known, levels


def jpeg_xl() -> Iterator[Cell]:
    for bits, colours, alpha in product((8, 10, 12, 16), ("grey", "RGB"), (False, True)):
        numbers = levels(bits, colours, alpha)
        yield Cell(
            "JPEG XL",
            str(bits),
            colours,
            lambda n=numbers, b=bits: imagecodecs.jpegxl_encode(n, lossless=True, bitspersample=b),
            known(numbers, bits) if bits == 8 else lambda n=numbers, b=bits: linear(n / (2**b - 1)),
            "" if bits == 8 else "header",
            alpha=alpha,
            within=0.01,
        )
    for turn in range(1, 9):
        yield Cell("JPEG XL", "8", "RGB", lambda t=turn: laid_in_jpeg_xl(t), known(levels(8)), turn=turn)
    floats = (levels(16) / 65535).astype(np.float32)
    yield Cell(
        "JPEG XL",
        "float32",
        "RGB",
        lambda: imagecodecs.jpegxl_encode(floats, lossless=True),
        lambda: powered(1)(floats),
        "header",
        within=0.1,
    )
    smooth = (SMOOTH * np.uint16(257)).astype(np.uint16)
    yield Cell(
        "JPEG XL",
        "16",
        "RGB",
        lambda: imagecodecs.jpegxl_encode(smooth, distance=0.1),
        lambda: linear(smooth / 65535),
        "header",
        within=2,
        what="lossy",
    )


def laid_in_jpeg_xl(turn: int) -> bytes:
    """A JPEG XL that says how it lies, written into the header of another one, bit by bit (ISO/IEC 18181-1, annex D)."""
    data = imagecodecs.jpegxl_encode(levels(8), lossless=True, usecontainer=False)
    bits = "".join(format(byte, "08b")[::-1] for byte in data[2:6])
    size, start, colours, rest = bits[:15], bits[15:17], bits[17:25], bits[25:]
    assert start == "00", "neither is all of it usual, nor is there more than usual"
    more = "1" + format(turn - 1, "03b")[::-1] + "000"  # no other size, no preview, no animation
    made = size + "0" + more + colours + "1" + rest.rstrip("0")  # the 1 is for a usual range of light
    made += "0" * (-len(made) % 8)
    return data[:2] + bytes(int(made[at : at + 8][::-1], 2) for at in range(0, len(made), 8)) + data[6:]


def linear(shares: np.ndarray) -> np.ndarray:
    """Levels of linear light, which imagecodecs' JPEG XL of more than 8 bits says that it is in. An alpha stays."""
    colours = shares.shape[2] - 1 + shares.shape[2] % 2
    return np.dstack([powered(1)(shares[..., :colours]), 255 * shares[..., colours:]])


CELLS = [*jpeg_xl()]
