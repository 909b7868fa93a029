"""PNG: every depth and kind of colour, and all ways to tell a colour space."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from itertools import product

import numpy as np
from PIL import Image

from tests.pictures.colours import CHRM, SRGB_CHUNK, adobe, chrm, cicp, exif, gama, iccp, p3, powered
from tests.pictures.formats.cell import Cell, known, levels
from tests.pictures.samples import chunk, swapped_profile

_KINDS = {("grey", False): 0, ("RGB", False): 2, ("palette", False): 3, ("grey", True): 4, ("RGB", True): 6}
_ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


def packed(row: np.ndarray, bits: int) -> bytes:
    """A row of levels as the bytes of a PNG."""
    if bits == 16:
        return row.astype(">u2").tobytes()
    wide = np.unpackbits(row.reshape(-1, 1).astype(np.uint8), axis=1)[:, 8 - bits :]
    return np.packbits(wide.ravel()).tobytes()


def png(numbers: np.ndarray, bits: int, kind: int, *chunks: tuple[bytes, bytes], interlaced: bool = False) -> bytes:
    """A PNG of levels (height x width x channels), written by hand."""
    head = struct.pack(">IIBBBBB", numbers.shape[1], numbers.shape[0], bits, kind, 0, 0, int(interlaced))
    passes = [numbers[top::down, left::right] for top, left, down, right in _ADAM7] if interlaced else [numbers]
    rows = b"".join(b"\0" + packed(row, bits) for part in passes for row in part)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, data) for name, data in parts)


def plain() -> Iterator[Cell]:
    for bits, colours, alpha, interlaced in product((1, 2, 4, 8, 16), ("grey", "RGB"), (False, True), (False, True)):
        if bits < 8 and (colours == "RGB" or alpha):
            continue
        numbers, kind = levels(bits, colours, alpha), _KINDS[colours, alpha]
        yield Cell(
            "PNG",
            str(bits),
            colours,
            lambda n=numbers, b=bits, k=kind, i=interlaced: png(n, b, k, interlaced=i),
            known(numbers, bits),
            alpha=alpha,
            what="interlaced" if interlaced else "",
        )
    for bits, clear in product((1, 2, 4, 8), (False, True)):
        places, palette = levels(bits, "grey"), np.random.default_rng(bits).integers(0, 256, (2**bits, 3)).astype(np.uint8)
        alphas = np.arange(2**bits)[::-1].astype(np.uint8) if clear else np.full(2**bits, 255, np.uint8)
        chunks = [(b"PLTE", palette.tobytes()), *([(b"tRNS", alphas.tobytes())] if clear else [])]
        table = np.hstack([palette, alphas[:, None]])
        yield Cell(
            "PNG",
            str(bits),
            "palette",
            lambda p=places, b=bits, c=chunks: png(p, b, 3, *c),
            lambda t=table, p=places, c=clear: t[p[..., 0]][..., : 4 if c else 3],
            alpha=clear,
        )
    for bits, colours in product((8, 16), ("grey", "RGB")):
        numbers = levels(bits, colours)
        level = numbers[3, 5]
        opaque = np.where((numbers == level).all(-1, keepdims=True), 0, 2**bits - 1)
        yield Cell(
            "PNG",
            str(bits),
            colours,
            lambda n=numbers, b=bits, k=_KINDS[colours, False], c=level: png(n, b, k, (b"tRNS", c.astype(">u2").tobytes())),
            known(np.dstack([numbers, opaque]), bits),
            alpha=True,
            what="one level is clear",
        )


def spaces() -> Iterator[Cell]:
    told = {
        "ICC": ([iccp(swapped_profile())], lambda it: 255 * it[..., ::-1], 2),
        "sRGB": ([SRGB_CHUNK, gama(100_000)], lambda it: 255 * it, 0.01),
        "gAMA": ([gama(100_000)], powered(1), 0.01),
        "cHRM": ([chrm(CHRM["P3"])], p3, 0.5),
        "cICP": ([cicp(12, 13, 0, 1), gama(100_000)], p3, 0.5),
        "EXIF": ([(b"eXIf", exif().tobytes()[6:])], adobe, 0.5),
    }
    for bits, (space, (chunks, expected, within)) in product((8, 16), told.items()):
        numbers = levels(bits)
        yield Cell(
            "PNG",
            str(bits),
            "RGB",
            lambda n=numbers, b=bits, c=chunks: png(n, b, 2, *c),
            lambda n=numbers, b=bits, e=expected: e(n / (2**b - 1)),
            space=space,
            within=within,
        )


def turned() -> Iterator[Cell]:
    for bits, turn in product((8, 16), range(1, 9)):
        numbers, tags = levels(bits), Image.Exif()
        tags[0x0112] = turn
        chunks = [(b"eXIf", tags.tobytes()[6:])]
        yield Cell(
            "PNG",
            str(bits),
            "RGB",
            lambda n=numbers, b=bits, c=chunks: png(n, b, 2, *c),
            known(numbers, bits),
            turn=turn,
        )


CELLS = [*plain(), *spaces(), *turned()]
