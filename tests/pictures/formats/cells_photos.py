"""The formats of cameras, phones and browsers: JPEG, MPO, JPEG 2000, WebP, AVIF and HEIC.

Where a codec loses something, the picture is a smooth one, at the best quality, and may be off by a few levels.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from itertools import product

import imagecodecs
import numpy as np
from PIL import Image

from tests.pictures.colours import adobe, bt2020, exif, jp2, p3, powered, saved
from tests.pictures.formats.cell import SMOOTH, Cell, known, levels
from tests.pictures.samples import swapped_profile

SMOOTH_ALPHA = np.dstack([SMOOTH, np.arange(SMOOTH[..., 0].size).reshape(SMOOTH.shape[:2]) % 251]).astype(np.uint8)
GREY = SMOOTH[..., :1]


def turned_by(turn: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = turn
    return tags


def image(numbers: np.ndarray, mode: str | None = None) -> Image.Image:
    return Image.fromarray(numbers[..., 0] if numbers.shape[2] == 1 else numbers, mode)


def jpeg() -> Iterator[Cell]:
    best = {"quality": 100, "subsampling": 0}
    ways = {"": {}, "progressive": {"progressive": True}, "4:2:0": {"subsampling": 2}, "RGB": {"keep_rgb": True}}
    for what, options in ways.items():
        yield Cell(
            "JPEG",
            "8",
            "RGB",
            lambda o=options: saved("JPEG", image(SMOOTH), **best | o),
            known(SMOOTH),
            within=7 if what == "4:2:0" else 4,
            what=what,
        )
    yield Cell("JPEG", "8", "grey", lambda: saved("JPEG", image(GREY), **best), known(GREY), within=2)
    inks = np.dstack([SMOOTH, 255 - SMOOTH[..., :1]])
    left = (255 - inks[..., :3].astype(float)) * (255 - inks[..., 3:]) / 255
    yield Cell("JPEG", "8", "CMYK", lambda: saved("JPEG", image(inks, "CMYK"), **best), lambda: left, within=4, what="Adobe")
    yield Cell("JPEG", "8", "CMYK", lambda: ycck(inks), lambda: left, within=6, what="YCCK")
    yield Cell("JPEG", "8", "CMYK", lambda: unmarked(inks), lambda: left, within=4, what="unmarked")
    deep = SMOOTH.astype(np.uint16) * 16
    yield Cell(
        "JPEG",
        "12",
        "RGB",
        lambda: imagecodecs.jpeg_encode(deep, level=100, bitspersample=12, subsampling="444"),
        known(deep, 12),
        within=1,
    )
    for bits, colours in product((8, 12, 16), ("grey", "RGB")):
        numbers = levels(bits, colours)
        yield Cell(
            "JPEG",
            str(bits),
            colours,
            lambda n=numbers, b=bits: imagecodecs.jpeg_encode(n.squeeze(), lossless=True, bitspersample=b),
            known(numbers, bits),
            what="lossless",
        )
    yield from photographed("JPEG", best, 4)


def ycck(inks: np.ndarray) -> bytes:
    """A JPEG of ink whose first three channels are turned into YCbCr, as Adobe's programs write it."""
    return imagecodecs.jpeg8_encode(255 - inks, level=100, colorspace="CMYK", outcolorspace="YCCK", subsampling="444")


def unmarked(inks: np.ndarray) -> bytes:
    """A JPEG of ink without Adobe's marker: 0 is no ink. Pillow writes the marker, and inverts."""
    data = saved("JPEG", image(255 - inks, "CMYK"), quality=100)
    at = data.index(b"\xff\xee")
    return data[:at] + data[at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0] :]


def photographed(form: str, options: dict[str, object], within: float, *, turns: bool = True) -> Iterator[Cell]:
    """Profile, EXIF and orientation, as most formats hold them."""
    row = {"WEBP": "WebP"}.get(form, form)
    profile = swapped_profile()

    def cell(expected, space="", turn=1, within=within, **more):
        return Cell(
            row,
            "8",
            "RGB",
            lambda: saved(form, image(SMOOTH), **options | more),
            expected,
            space,
            turn=turn,
            within=within,
        )

    yield cell(lambda: SMOOTH[..., ::-1].astype(float), "ICC", within=within + 2, icc_profile=profile)
    if form != "AVIF":  # whose header says that it is in sRGB, and counts more
        yield cell(lambda: adobe(SMOOTH / 255), "EXIF", within=3 * within + 1, exif=exif())
    for turn in range(1, 9) if turns else ():
        yield cell(known(SMOOTH), turn=turn, exif=turned_by(turn))


def mpo() -> Iterator[Cell]:
    second = Image.new("RGB", SMOOTH.shape[1::-1])
    options = {"quality": 100, "subsampling": 0, "save_all": True, "append_images": [second]}
    yield Cell("MPO", "8", "RGB", lambda: saved("MPO", image(SMOOTH), **options), known(SMOOTH), within=4)
    yield from photographed("MPO", options, 4)


def jpeg_2000() -> Iterator[Cell]:
    for bits, colours, alpha, codec in product((8, 12, 16), ("grey", "RGB"), (False, True), ("jp2", "j2k")):
        if alpha and codec == "j2k":
            continue  # nothing tells that the channel is an alpha
        numbers = levels(bits, colours, alpha)
        yield Cell(
            "JPEG 2000",
            str(bits),
            colours,
            lambda n=numbers, b=bits, c=codec: imagecodecs.jpeg2k_encode(
                n.squeeze(), level=0, codecformat=c, reversible=True, bitspersample=b
            ),
            known(numbers, bits),
            alpha=alpha,
            what=codec,
        )
    for bits in (8, 12, 16):
        numbers = ycc(bits)
        sycc = b"\1\0\0" + struct.pack(">I", 18)
        yield Cell(
            "JPEG 2000",
            str(bits),
            "YCbCr",
            lambda n=numbers, s=sycc, b=bits: jp2(n, s, bitspersample=b, mct=False),
            known(SMOOTH),
            within=2.5 if bits == 8 else 0.5,
        )
    inks = levels(8, alpha=True)
    left = (255 - inks[..., :3].astype(float)) * (255 - inks[..., 3:]) / 255
    print_space = b"\1\0\0" + struct.pack(">I", 12)
    yield Cell("JPEG 2000", "8", "CMYK", lambda: jp2(inks, print_space, mct=False), lambda: left, within=1)
    for bits in (8, 16):
        numbers = levels(bits)
        boxes = {
            "sRGB": (b"\1\0\0\0\0\0\x10", lambda it: 255 * it, 0.01),
            "ICC": (b"\2\0\0" + swapped_profile(), lambda it: 255 * it[..., ::-1], 2),
            "nclx": (b"\5\0\0" + struct.pack(">HHHB", 12, 13, 0, 128), p3, 0.5),
        }
        for space, (box, expected, within) in boxes.items():
            yield Cell(
                "JPEG 2000",
                str(bits),
                "RGB",
                lambda n=numbers, b=box: jp2(n, b),
                lambda n=numbers, b=bits, e=expected: e(n / (2**b - 1)),
                space,
                within=within,
            )


def ycc(bits: int) -> np.ndarray:
    """The smooth picture in sYCC (IEC 61966-2-1, annex F)."""
    red, green, blue = np.moveaxis(SMOOTH / 255 * (2**bits - 1), -1, 0)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    made = np.dstack([luma, (blue - luma) / 1.772 + 2 ** (bits - 1), (red - luma) / 1.402 + 2 ** (bits - 1)])
    return np.rint(made).clip(0, 2**bits - 1).astype(np.uint8 if bits == 8 else np.uint16)


def webp() -> Iterator[Cell]:
    lossless = {"lossless": True, "exact": True}
    yield Cell("WebP", "8", "RGB", lambda: saved("WEBP", image(levels(8)), **lossless), known(levels(8)))
    both = levels(8, alpha=True)
    yield Cell("WebP", "8", "RGB", lambda: saved("WEBP", image(both), **lossless), known(both), alpha=True)
    lossy = {"quality": 100, "method": 6}
    yield Cell("WebP", "8", "RGB", lambda: saved("WEBP", image(SMOOTH), **lossy), known(SMOOTH), within=8, what="lossy")
    frames = {"save_all": True, "append_images": [Image.new("RGB", (24, 20))]}
    yield Cell(
        "WebP", "8", "RGB", lambda: saved("WEBP", image(levels(8)), **lossless | frames), known(levels(8)), what="animated"
    )
    yield from photographed("WEBP", lossless, 0.01)


def avif() -> Iterator[Cell]:
    for bits, alpha in product((8, 10, 12), (False, True)):
        numbers = levels(bits, alpha=alpha)
        yield Cell(
            "AVIF",
            str(bits),
            "RGB",
            lambda n=numbers, b=bits: coded(n, b, 1, 13),
            known(numbers, bits),
            alpha=alpha,
            within=0.01,
        )
        spaces = {(12, 13): p3, (9, 13): bt2020, (1, 8): powered(1)}
        for (primaries, transfer), expected in () if alpha else spaces.items():
            yield Cell(
                "AVIF",
                str(bits),
                "RGB",
                lambda n=numbers, b=bits, p=primaries, t=transfer: coded(n, b, p, t),
                lambda n=numbers, b=bits, e=expected: e(n / (2**b - 1)),
                "nclx",
                within=0.5,
                what=f"{primaries}/{transfer}",
            )
    yield Cell("AVIF", "8", "grey", lambda: saved("AVIF", image(GREY), quality=100), known(GREY), within=3)
    yield from photographed("AVIF", {"quality": 100, "subsampling": "4:4:4"}, 3)


def coded(numbers: np.ndarray, bits: int, primaries: int, transfer: int) -> bytes:
    """An AVIF without loss, which lies as RGB in its file."""
    options = {"primaries": primaries, "transfer": transfer, "matrix": 0, "pixelformat": "444"}
    return imagecodecs.avif_encode(numbers, level=100, bitspersample=bits, **options)


def heic() -> Iterator[Cell]:
    numbers, ten = levels(8), levels(10)
    yield Cell("HEIC", "8", "RGB", lambda: written(numbers), known(numbers))
    yield Cell("HEIC", "10", "RGB", lambda: written(ten), known(ten, 10))
    both = levels(8, alpha=True)
    yield Cell("HEIC", "8", "RGB", lambda: written(both), known(both), alpha=True)
    spaces = {(12, 13): p3, (1, 8): powered(1)}
    for (primaries, transfer), expected in spaces.items():
        codes = {"color_primaries": primaries, "transfer_characteristics": transfer}
        for pixels, most in ((numbers, 255), (ten, 1023)):
            yield Cell(
                "HEIC",
                "8" if most == 255 else "10",
                "RGB",
                lambda n=pixels, c=codes: written(n, **c),
                lambda n=pixels, m=most, e=expected: e(n / m),
                "nclx",
                within=0.5,
                what=f"{primaries}/{transfer}",
            )
    profile = swapped_profile()
    yield Cell("HEIC", "8", "RGB", lambda: written(numbers, profile=profile), known(numbers[..., ::-1]), "ICC", within=2)
    for turn in range(1, 9):
        yield Cell("HEIC", "8", "RGB", lambda t=turn: written(numbers, exif=turned_by(t).tobytes()), known(numbers), turn=turn)


def written(numbers: np.ndarray, profile: bytes = b"", **options: object) -> bytes:
    """A HEIC without loss, which lies as RGB in its file."""
    import pillow_heif

    if numbers.dtype == np.uint16:
        opened = pillow_heif.from_bytes("RGB;16", numbers.shape[1::-1], (numbers << 6).tobytes())
    else:
        opened = pillow_heif.from_pillow(image(numbers))
    if profile:
        opened.info["icc_profile"] = profile
    buffer = io.BytesIO()
    opened.save(buffer, quality=-1, chroma=444, matrix_coefficients=0, full_range_flag=1, **options)
    return buffer.getvalue()


CELLS = [*jpeg(), *mpo(), *jpeg_2000(), *webp(), *avif(), *heic()]
