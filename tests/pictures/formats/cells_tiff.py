"""TIFF: every depth, floats, and the ways in which pixels lie in it."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from itertools import product

import numpy as np
import tifffile
from PIL import Image

from tests.pictures.colours import adobe, exif, p3, powered, saved
from tests.pictures.formats.cell import SMOOTH, Cell, known, levels
from tests.pictures.formats.cells_png import packed
from tests.pictures.samples import grey_profile, swapped_profile

_P3 = (0.3127, 0.3290), (0.68, 0.32, 0.265, 0.69, 0.15, 0.06)


def by_hand(numbers: np.ndarray, bits: int, kind: int, order: str = "<", palette: np.ndarray | None = None) -> bytes:
    """A TIFF of one strip and one channel, of any number of bits."""
    pixels = b"".join(packed(row, bits) if bits < 16 else row.astype(f"{order}u2").tobytes() for row in numbers)
    height, width = numbers.shape[:2]
    colours = b"" if palette is None else palette.T.astype(f"{order}u2").tobytes()
    tags = {256: width, 257: height, 258: bits, 259: 1, 262: kind, 273: 8, 277: 1, 278: height, 279: len(pixels)}
    made = [struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags.items()]
    if palette is not None:
        made.append(struct.pack(f"{order}HHII", 320, 3, len(colours) // 2, 8 + len(pixels)))
    directory = struct.pack(f"{order}H", len(made)) + b"".join(made) + bytes(4)
    start = 8 + len(pixels) + len(colours)
    return (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, start) + pixels + colours + directory


def tiff(numbers: np.ndarray, **options: object) -> bytes:
    """A TIFF as tifffile writes it."""
    buffer = io.BytesIO()
    if numbers.ndim == 3 and numbers.shape[2] == 1:
        numbers = numbers[..., 0]
    grey = numbers.ndim == 2 or numbers.shape[2] == 2
    tifffile.imwrite(buffer, numbers, **{"photometric": "minisblack" if grey else "rgb", "metadata": None} | options)
    return buffer.getvalue()


def plain() -> Iterator[Cell]:
    for bits, order, kind in product((1, 2, 4, 8, 16), "<>", (0, 1)):
        numbers = levels(bits, "grey")
        shown = numbers if kind else 2**bits - 1 - numbers
        yield Cell(
            "TIFF",
            str(bits),
            "grey",
            lambda n=numbers, b=bits, k=kind, o=order: by_hand(n, b, k, o),
            known(shown, bits),
            what=f"{'black' if kind else 'white'} is 0, {order}",
        )
    for bits in (1, 2, 4, 8):
        places, palette = levels(bits, "grey"), np.random.default_rng(bits).integers(0, 256, (2**bits, 3)) * 257
        yield Cell(
            "TIFF",
            str(bits),
            "palette",
            lambda p=places, b=bits, c=palette: by_hand(p, b, 3, palette=c),
            lambda p=places, c=palette: (c // 257)[p[..., 0]],
        )


def laid() -> Iterator[Cell]:
    """Strips, tiles, planes and compressions."""
    ways = {
        "strips": {"rowsperstrip": 7},
        "tiles": {"tile": (16, 16)},
        "planes": {"planarconfig": "separate"},
        "LZW": {"compression": "lzw", "predictor": 2},
        "Deflate": {"compression": "zlib"},
        "PackBits": {"compression": "packbits"},
        "Zstandard": {"compression": "zstd"},
        "BigTIFF": {"bigtiff": True},
    }
    for bits, (what, options) in product((8, 16), ways.items()):
        numbers = levels(bits)
        laid = np.moveaxis(numbers, -1, 0) if what == "planes" else numbers
        yield Cell("TIFF", str(bits), "RGB", lambda n=laid, o=options: tiff(n, **o), known(numbers, bits), what=what)
    for colours, bits in product(("grey", "RGB"), (8, 16)):
        numbers = levels(bits, colours, alpha=True)
        straight = {"extrasamples": ["unassalpha"], "planarconfig": "contig"}
        yield Cell("TIFF", str(bits), colours, lambda n=numbers, o=straight: tiff(n, **o), known(numbers, bits), alpha=True)
        shares = np.maximum(numbers[..., -1:], 2**bits // 3) / (2**bits - 1)
        multiplied = np.rint(numbers[..., :-1] * shares).astype(numbers.dtype)
        alpha = np.rint(shares * (2**bits - 1)).astype(numbers.dtype)
        yield Cell(
            "TIFF",
            str(bits),
            colours,
            lambda n=multiplied, a=alpha: tiff(np.dstack([n, a]), extrasamples=["assocalpha"], planarconfig="contig"),
            known(np.dstack([numbers[..., :-1], alpha]), bits),
            alpha=True,
            within=2.5 if bits == 8 else 0.01,  # the products are rounded
            what="premultiplied",
        )
    for dtype, white in product((np.float16, np.float32, np.float64), (1, 255)):
        numbers = (levels(16) / 65535 * white).astype(dtype)
        name = f"float{8 * numbers.itemsize}"
        yield Cell(
            "TIFF", name, "RGB", lambda n=numbers: tiff(n), known(numbers.astype(float) * 255 / white, 8), what=f"0..{white}"
        )
    wide = levels(16).astype(np.uint32)
    yield Cell("TIFF", "32", "RGB", lambda: tiff(wide), known(wide, 16))


def told() -> Iterator[Cell]:
    rational = [(318, 5, 2, _ratio(_P3[0]), True), (319, 5, 6, _ratio(_P3[1]), True)]
    for bits in (8, 16):
        numbers, grey = levels(bits), levels(bits, "grey")
        most, profile = 2**bits - 1, swapped_profile()
        table = np.rint(np.linspace(0, 1, 2**bits) ** 1.8 * 65535).astype(int).tolist()
        ways = {
            "ICC": (numbers, [(34675, 7, len(profile), profile, True)], lambda it: 255 * it[..., ::-1], 2),
            "chromaticities": (numbers, rational, p3, 0.5),
            "transfer function": (grey, [(301, 3, len(table), table, True)], powered(1.8), 0.1),
        }
        for space, (pixels, tags, expected, within) in ways.items():
            yield Cell(
                "TIFF",
                str(bits),
                "grey" if pixels is grey else "RGB",
                lambda n=pixels, t=tags: tiff(n, extratags=t),
                lambda n=pixels, e=expected, m=most: e(n / m),
                space=space,
                within=within,
            )
    linear = grey_profile(1.0)
    yield Cell(
        "TIFF",
        "16",
        "grey",
        lambda: tiff(levels(16, "grey"), extratags=[(34675, 7, len(linear), linear, True)]),
        lambda: powered(1)(levels(16, "grey") / 65535),
        space="ICC",
        within=0.5,
    )
    image = Image.fromarray(levels(8))
    yield Cell(
        "TIFF", "8", "RGB", lambda: saved("TIFF", image, exif=exif()), lambda: adobe(levels(8) / 255), "EXIF", within=0.5
    )


def others() -> Iterator[Cell]:
    """Ink, Lab and YCbCr."""
    inks = levels(8, alpha=True)
    left = (255 - inks[..., :3].astype(float)) * (255 - inks[..., 3:]) / 255
    for bits in (8, 16):
        numbers = inks if bits == 8 else inks * np.uint16(257)
        yield Cell(
            "TIFF",
            str(bits),
            "CMYK",
            lambda n=numbers: tiff(n, photometric="separated"),
            lambda: left,
            within=1,
            what="no profile",
        )
    image = Image.fromarray(SMOOTH)
    yield Cell("TIFF", "8", "YCbCr", lambda: saved("TIFF", image, compression="jpeg", quality=100), known(SMOOTH), within=4)
    greys = np.dstack([levels(8, "grey"), np.zeros((*SMOOTH.shape[:2], 2), np.uint8)])
    yield Cell("TIFF", "8", "Lab", lambda: saved("TIFF", Image.fromarray(greys, "LAB")), lambda: grey_of_lab(greys), within=2)
    first, thumb = levels(8), np.zeros((16, 16, 3), np.uint8)
    yield Cell("TIFF", "8", "RGB", lambda: pages(first, thumb), known(first), what="the first of two pages")
    yield Cell("TIFF", "8", "RGB", lambda: pages(thumb, first, aside=1), known(first), what="a thumbnail first")


def pages(first: np.ndarray, second: np.ndarray, aside: int = 0) -> bytes:
    """A TIFF of two pages. The first may be a thumbnail (1)."""
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(first, photometric="rgb", subfiletype=aside, metadata=None)
        writer.write(second, photometric="rgb", metadata=None)
    return buffer.getvalue()


def grey_of_lab(lab: np.ndarray) -> np.ndarray:
    """The levels of sRGB of greys of Lab (ISO 11664-4)."""
    light = lab[..., :1] / 255 * 100
    return powered(1)(np.where(light > 8, ((light + 16) / 116) ** 3, light / 903.2963))


def _ratio(numbers: tuple[float, ...]) -> list[int]:
    return [part for number in numbers for part in (round(number * 10_000), 10_000)]


def turned() -> Iterator[Cell]:
    for bits, turn in product((8, 16), range(1, 9)):
        numbers = levels(bits)
        yield Cell(
            "TIFF",
            str(bits),
            "RGB",
            lambda n=numbers, t=turn: tiff(n, extratags=[(274, 3, 1, t, True)]),
            known(numbers, bits),
            turn=turn,
        )


CELLS = [*plain(), *laid(), *told(), *others(), *turned()]
