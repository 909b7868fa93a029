"""The simple formats: BMP, GIF, Netpbm, TGA, SGI, ICO, PCX, PSD and QOI. Most files are written by hand."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import product

import imagecodecs
import numpy as np
from PIL import Image

from tests.pictures.colours import adobe, bmp, gama, iccp, png, powered, saved
from tests.pictures.formats.cell import Cell, known, levels
from tests.pictures.formats.cells_png import packed
from tests.pictures.formats.cells_tiff import grey_of_lab
from tests.pictures.samples import swapped_profile

H, W = levels(8).shape[:2]


def palette_of(bits: int) -> np.ndarray:
    return np.random.default_rng(bits).integers(0, 256, (2**bits, 3)).astype(np.uint8)


def bmps() -> Iterator[Cell]:
    for bits in (1, 4, 8):
        places, palette = levels(bits, "grey"), palette_of(bits)
        yield Cell(
            "BMP",
            str(bits),
            "palette",
            lambda p=places, b=bits, c=palette: by_palette(p, b, c),
            lambda p=places, c=palette: c[p[..., 0]],
        )
    numbers = levels(8)
    yield Cell("BMP", "8", "RGB", lambda: saved("BMP", Image.fromarray(numbers)), known(numbers))
    yield Cell("BMP", "8", "RGB", lambda: wide(numbers), known(numbers), what="32 bits")
    few = levels(5)
    yield Cell("BMP", "5", "RGB", lambda: narrow(few), known(few, 5), within=1, what="16 bits")
    yield Cell("BMP", "8", "RGB", lambda: bmp(numbers, 0, gammas=(1, 1, 1)), lambda: powered(1)(numbers / 255), "header")
    red_green_blue = np.array([[0.57667, 0.29734, 0.02703], [0.18556, 0.62736, 0.07069], [0.18823, 0.07529, 0.99134]]).ravel()
    yield Cell(
        "BMP",
        "8",
        "RGB",
        lambda: bmp(numbers, 0, red_green_blue, (563 / 256,) * 3),
        lambda: adobe(numbers / 255),
        "header",
        within=0.5,
        what="endpoints",
    )
    both = levels(8, alpha=True)
    yield Cell("BMP", "8", "RGB", lambda: masked(both), known(both), alpha=True)
    places, palette = levels(8, "grey"), palette_of(8)
    yield Cell("BMP", "8", "palette", lambda: runs(places, palette), lambda: palette[places[..., 0]], what="RLE")
    mirrored = numbers[..., ::-1]
    embedded = 0x4D424544
    yield Cell("BMP", "8", "RGB", lambda: bmp(numbers, embedded, profile=swapped_profile()), known(mirrored), "ICC", within=2)


def _bmp(size: int, bits: int, rows: bytes, *, height: int = H, table: bytes = b"") -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, W, height, 1, bits, 0, len(rows), 2835, 2835, 0, 0)
    start = 14 + 40 + len(table)
    return struct.pack("<2sIHHI", b"BM", start + size, 0, 0, start) + head + table + rows


def by_palette(places: np.ndarray, bits: int, palette: np.ndarray) -> bytes:
    rows = b"".join(row.ljust(-(-len(row) // 4) * 4, b"\0") for row in (packed(row, bits) for row in places[::-1]))
    table = b"".join(bytes([blue, green, red, 0]) for red, green, blue in palette.tolist())
    return _bmp(len(rows), bits, rows, table=table)


def wide(numbers: np.ndarray) -> bytes:
    """32 bits a pixel, from the top down; the fourth byte means nothing."""
    rows = np.dstack([numbers[..., ::-1], np.zeros((H, W), np.uint8)]).tobytes()
    return _bmp(len(rows), 32, rows, height=-H)


def narrow(numbers: np.ndarray) -> bytes:
    """16 bits a pixel, of which each colour has 5."""
    words = numbers.astype(np.uint16) @ np.array([1024, 32, 1], np.uint16)
    rows = words[::-1].astype("<u2").tobytes()
    return _bmp(len(rows), 16, rows)


def masked(numbers: np.ndarray) -> bytes:
    """32 bits a pixel, with masks that say where each channel is, and the header of version 5."""
    rows = numbers[::-1][..., [2, 1, 0, 3]].tobytes()
    head = struct.pack("<IiiHHIIiiII", 124, W, H, 1, 32, 3, len(rows), 2835, 2835, 0, 0)
    head += struct.pack("<5I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000, 0x73524742) + bytes(48) + struct.pack("<4I", 4, 0, 0, 0)
    return struct.pack("<2sIHHI", b"BM", 138 + len(rows), 0, 0, 138) + head + rows


def runs(places: np.ndarray, palette: np.ndarray) -> bytes:
    """Runs of one pixel each."""
    rows = b"".join(b"".join(bytes([1, place]) for place in row[:, 0]) + b"\0\0" for row in places[::-1]) + b"\0\1"
    head = struct.pack("<IiiHHIIiiII", 40, W, H, 1, 8, 1, len(rows), 2835, 2835, 0, 0)
    table = b"".join(bytes([blue, green, red, 0]) for red, green, blue in palette.tolist())
    start = 54 + len(table)
    return struct.pack("<2sIHHI", b"BM", start + len(rows), 0, 0, start) + head + table + rows


def gifs() -> Iterator[Cell]:
    image = Image.fromarray(levels(8)).quantize(64)
    shown, places = np.asarray(image.convert("RGB")), np.asarray(image)
    others = {"save_all": True, "append_images": [Image.new("P", (W, H))]}
    for what, options in {"": {}, "interlaced": {"interlace": 1}, "animated": others}.items():
        yield Cell("GIF", "8", "palette", lambda o=options: saved("GIF", image, **o), known(shown), what=what)
    clear = np.dstack([shown, np.where(places == 7, 0, 255)])
    yield Cell("GIF", "8", "palette", lambda: saved("GIF", image, transparency=7), known(clear), alpha=True)
    data, profile = saved("GIF", image), swapped_profile()
    block = b"\x21\xff\x0bICCRGBG1012"
    block += (
        b"".join(bytes([len(profile[at : at + 255])]) + profile[at : at + 255] for at in range(0, len(profile), 255)) + b"\0"
    )
    start = 13 + 3 * 2 ** ((data[10] & 7) + 1)
    yield Cell("GIF", "8", "palette", lambda: data[:start] + block + data[start:], known(shown[..., ::-1]), "ICC", within=2)


def netpbms() -> Iterator[Cell]:
    bit = levels(1, "grey")
    head = f"{W} {H}".encode()
    ink = b"".join(packed(1 - row, 1) for row in bit)
    yield Cell("Netpbm", "1", "grey", lambda: b"P4\n" + head + b"\n" + ink, known(bit, 1), what="P4")
    words = " ".join(map(str, (1 - bit).ravel().tolist())).encode()
    yield Cell("Netpbm", "1", "grey", lambda: b"P1\n# a comment\n" + head + b"\n" + words, known(bit, 1), what="P1")
    for bits, (colours, kinds) in product((7, 8, 12, 16), {"grey": (b"P5", b"P2"), "RGB": (b"P6", b"P3")}.items()):
        numbers = levels(bits, colours)
        start = b"\n" + head + f"\n{2**bits - 1}\n".encode()
        body = (numbers.astype(">u2") if bits > 8 else numbers).tobytes()
        text = " ".join(map(str, numbers.ravel().tolist())).encode()
        for kind, pixels in zip(kinds, (body, text), strict=True):
            yield Cell(
                "Netpbm",
                "8" if bits == 7 else str(bits),
                colours,
                lambda k=kind, s=start, p=pixels: k + s + p,
                known(numbers, bits),
                what=f"{kind.decode()} up to {2**bits - 1}",
            )
    for bits, colours, alpha in product((8, 16), ("grey", "RGB"), (False, True)):
        numbers = levels(bits, colours, alpha)
        kind = ("GRAYSCALE" if colours == "grey" else "RGB") + "_ALPHA" * alpha
        start = f"P7\nWIDTH {W}\nHEIGHT {H}\nDEPTH {numbers.shape[2]}\nMAXVAL {2**bits - 1}\nTUPLTYPE {kind}\nENDHDR\n".encode()
        body = (numbers.astype(">u2") if bits > 8 else numbers).tobytes()
        yield Cell("Netpbm", str(bits), colours, lambda s=start, b=body: s + b, known(numbers, bits), alpha=alpha, what="P7")
    for colours, order in product(("grey", "RGB"), "<>"):
        floats = levels(16, colours) / 65535
        start = (b"Pf" if colours == "grey" else b"PF") + b"\n" + head + (b"\n-1.0\n" if order == "<" else b"\n1.0\n")
        body = floats[::-1].astype(f"{order}f4").tobytes()
        yield Cell("Netpbm", "float32", colours, lambda s=start, b=body: s + b, known(255 * floats), what=f"PFM {order}")


def tgas() -> Iterator[Cell]:
    numbers = {"grey": levels(8, "grey"), "RGB": levels(8), "alpha": levels(8, alpha=True)}
    for (kind, pixels), packing, top in product(numbers.items(), (False, True), (False, True)):
        options = {"compression": "tga_rle"} if packing else {}
        options |= {"orientation": 1 if top else -1}
        image = Image.fromarray(pixels.squeeze())
        yield Cell(
            "TGA",
            "8",
            "RGB" if kind == "alpha" else kind,
            lambda i=image, o=options: saved("TGA", i, **o),
            known(pixels),
            alpha=kind == "alpha",
            what=f"{'RLE ' * packing}from the {'top' if top else 'bottom'}",
        )
    few = levels(5)
    words = (few.astype(np.uint16) @ np.array([1024, 32, 1], np.uint16)).astype("<u2").tobytes()
    head = struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, W, H, 16, 0x20)
    yield Cell("TGA", "5", "RGB", lambda: head + words, known(few, 5), within=1)
    image = Image.fromarray(levels(8)).quantize(64)
    yield Cell("TGA", "8", "palette", lambda: saved("TGA", image), known(np.asarray(image.convert("RGB"))))


def sgis() -> Iterator[Cell]:
    for bits, colours, alpha, packing in product((8, 16), ("grey", "RGB"), (False, True), (False, True)):
        if (colours == "grey" and alpha) or (bits == 16 and packing):
            continue
        pixels = levels(bits, colours, alpha)
        yield Cell(
            "SGI",
            str(bits),
            colours,
            lambda p=pixels, r=packing: sgi(p, packing=r),
            known(pixels, bits),
            alpha=alpha,
            what="RLE" if packing else "",
        )


def sgi(pixels: np.ndarray, *, packing: bool) -> bytes:
    """Planes from the bottom up; packed, each row is one run of literal bytes."""
    planes = [plane[::-1].astype(pixels.dtype.newbyteorder(">")) for plane in np.moveaxis(pixels, -1, 0)]
    channels, size = len(planes), pixels.itemsize
    head = struct.pack(">HBBHHHHii", 474, int(packing), size, 2 if channels == 1 else 3, W, H, channels, 0, 255).ljust(
        512, b"\0"
    )
    if not packing:
        return head + b"".join(plane.tobytes() for plane in planes)
    rows = [bytes([0x80 | W]) + row.tobytes() + b"\0" for plane in planes for row in plane]
    start, places = 512 + 8 * len(rows), []
    for row in rows:
        places.append(start)
        start += len(row)
    return head + struct.pack(f">{len(rows)}I", *places) + struct.pack(f">{len(rows)}I", *map(len, rows)) + b"".join(rows)


def icons() -> Iterator[Cell]:
    both = levels(8, alpha=True)
    square = both[:16, :16]
    for form in ("png", "bmp"):
        yield Cell(
            "ICO",
            "8",
            "RGB",
            lambda f=form: saved("ICO", Image.fromarray(square), sizes=[(16, 16)], bitmap_format=f),
            known(square),
            alpha=True,
            what=form,
        )

    inside = png(np.ascontiguousarray(square[..., :3]), gama(100_000))
    head = struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 24, len(inside), 22)
    yield Cell("ICO", "8", "RGB", lambda: head + inside, lambda: powered(1)(square[..., :3] / 255), "gAMA")
    mirrored = png(np.ascontiguousarray(square[..., :3]), iccp(swapped_profile()))
    head_of_it = head[:14] + struct.pack("<II", len(mirrored), 22)
    yield Cell("ICO", "8", "RGB", lambda: head_of_it + mirrored, known(square[..., 2::-1]), "ICC", within=2)


def pcxs() -> Iterator[Cell]:
    bit, image = Image.fromarray(levels(1, "grey")[..., 0] == 1), Image.fromarray(levels(8)).quantize(64)
    yield Cell("PCX", "1", "grey", lambda: saved("PCX", bit), known(levels(1, "grey"), 1))
    yield Cell("PCX", "8", "grey", lambda: saved("PCX", Image.fromarray(levels(8, "grey")[..., 0])), known(levels(8, "grey")))
    yield Cell("PCX", "8", "palette", lambda: saved("PCX", image), known(np.asarray(image.convert("RGB"))))
    yield Cell("PCX", "8", "RGB", lambda: saved("PCX", Image.fromarray(levels(8))), known(levels(8)))


def psds() -> Iterator[Cell]:
    inks = levels(8, alpha=True)
    left = (255 - inks[..., :3].astype(float)) * (255 - inks[..., 3:]) / 255
    yield Cell("PSD", "8", "grey", lambda: psd(levels(8, "grey"), 1), known(levels(8, "grey")))
    yield Cell("PSD", "8", "RGB", lambda: psd(levels(8), 3), known(levels(8)))
    yield Cell("PSD", "8", "RGB", lambda: psd(levels(8), 3, swapped_profile()), known(levels(8)[..., ::-1]), "ICC", within=2)
    yield Cell("PSD", "8", "CMYK", lambda: psd(255 - inks, 4), lambda: left, within=1)  # 255 is no ink
    lab = np.dstack([levels(8, "grey"), np.full((H, W, 2), 128, np.uint8)])
    yield Cell("PSD", "8", "Lab", lambda: psd(lab, 9), lambda: grey_of_lab(lab), within=2)
    yield Cell("PSD", "8", "RGB", lambda: psd(inks, 3, transparent=True), known(inks), alpha=True)
    yield Cell("PSD", "8", "RGB", lambda: psd(inks, 3), known(inks[..., :3]), what="a selection besides")
    places, palette = levels(8, "grey"), palette_of(8)
    table = palette.T.tobytes()
    yield Cell("PSD", "8", "palette", lambda: psd(places, 2, table=table), lambda: palette[places[..., 0]])
    bit = levels(1, "grey")
    yield Cell("PSD", "1", "grey", lambda: psd(bit, 0), known(bit, 1))


def psd(pixels: np.ndarray, kind: int, profile: bytes = b"", *, table: bytes = b"", transparent: bool = False) -> bytes:
    """The picture that a file shows, plane by plane. A number of layers below 0 says that the last plane is transparency."""
    height, width, channels = pixels.shape
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, channels, height, width, 8 if kind else 1, kind)
    resource = struct.pack(">4sHHI", b"8BIM", 1039, 0, len(profile)) + profile + bytes(len(profile) % 2) if profile else b""
    planes = np.moveaxis(pixels, -1, 0).tobytes() if kind else b"".join(packed(1 - row, 1) for row in pixels)
    layers = struct.pack(">IIhh", 8, 4, -1, 0) if transparent else struct.pack(">I", 0)
    sections = struct.pack(">I", len(table)) + table + struct.pack(">I", len(resource)) + resource + layers
    return head + sections + bytes(2) + planes


def qois() -> Iterator[Cell]:
    for alpha in (False, True):
        pixels = levels(8, alpha=alpha)
        data = bytearray(imagecodecs.qoi_encode(pixels))
        data[13] = 0
        yield Cell("QOI", "8", "RGB", lambda d=bytes(data): d, known(pixels), alpha=alpha)
    yield Cell("QOI", "8", "RGB", lambda: saved("QOI", Image.fromarray(levels(8))), known(levels(8)), what="by Pillow")


CELLS = [*bmps(), *gifs(), *netpbms(), *tgas(), *sgis(), *icons(), *pcxs(), *psds(), *qois()]
