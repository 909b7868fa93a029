"""What colours are in sRGB, worked out from published matrices and curves, and files that tell their colours in many ways.

Nothing here uses nstk: the matrices are those of Adobe RGB (1998) Color Image Encoding, IEC 61966-2-1, CSS Color 4 (Display
P3), Rep. ITU-R BT.2407 (BT.2020) and B. Lindbloom's tables (ProPhoto, D50 by Bradford), with the digits that are printed there.
"""

from __future__ import annotations

import io
import struct
import zlib

import imagecodecs
import numpy as np
from PIL import Image, TiffImagePlugin

from tests.pictures.samples import chunk

W, H = 24, 20
RGB = np.random.default_rng(4).integers(0, 256, (H, W, 3)).astype(np.uint8)
RGB[0, :4] = [(0, 0, 0), (255, 255, 255), (128, 200, 60), (64, 64, 64)]

ADOBE_TO_XYZ = [[0.57667, 0.18556, 0.18823], [0.29734, 0.62736, 0.07529], [0.02703, 0.07069, 0.99134]]
XYZ_TO_SRGB = [[3.2406255, -1.537208, -0.4986286], [-0.9689307, 1.8757561, 0.0415175], [0.0557101, -0.2040211, 1.0569959]]
P3_TO_SRGB = [[1.2249401, -0.2249404, 0.0], [-0.0420569, 1.0420571, 0.0], [-0.0196376, -0.0786361, 1.0982735]]
BT2020_TO_SRGB = [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]

PROPHOTO_TO_XYZ = [[0.7976749, 0.1351917, 0.0313534], [0.2880402, 0.7118741, 0.0000857], [0, 0, 0.82521]]
D50_TO_SRGB = [[3.1338561, -1.6168667, -0.4906146], [-0.9787684, 1.9161415, 0.033454], [0.0719453, -0.2289914, 1.4052427]]

CHRM = {
    "sRGB": (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000),
    "Adobe": (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000),
    "P3": (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000),
    "ProPhoto": (34567, 35850, 73470, 26530, 15960, 84040, 3660, 10),
}


def encoded(light):
    """Light (0..1) as levels of sRGB, 0..255."""
    light = np.clip(light, 0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def srgb_light(levels):
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def adobe(levels, exponent=563 / 256):
    """Levels (0..1) of Adobe RGB in sRGB, 0..255."""
    return encoded(levels**exponent @ np.transpose(ADOBE_TO_XYZ) @ np.transpose(XYZ_TO_SRGB))


def p3(levels):
    return encoded(srgb_light(levels) @ np.transpose(P3_TO_SRGB))


def bt2020(levels):
    return encoded(srgb_light(levels) @ np.transpose(BT2020_TO_SRGB))


def prophoto(levels):
    """Levels of ProPhoto, whose white is D50 and whose power is 1.8; ROMM's short straight line at black is left out."""
    return encoded(levels**1.8 @ np.transpose(PROPHOTO_TO_XYZ) @ np.transpose(D50_TO_SRGB))


def powered(exponent):
    return lambda levels: encoded(levels**exponent)


def narrow(levels):
    """Levels of video, where black is 16 and white is 235 of 255, as those of 0..255."""
    return (255 * (levels * 255 - 16) / 219).clip(0, 255)


def levels_of(depth, grey=False):
    """The picture of the tests at 8 or 16 bits a channel."""
    picture = RGB[..., :1] if grey else RGB
    return picture if depth == 8 else picture * np.uint16(257)


def png(levels, *chunks):
    """A PNG of 8 or 16 bits (height x width x channels) with chunks after its header."""
    height, width, channels = levels.shape
    kind, big = {1: 0, 2: 4, 3: 2, 4: 6}[channels], levels.astype(levels.dtype.newbyteorder(">"))
    head = struct.pack(">IIBBBBB", width, height, 8 * levels.itemsize, kind, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in big)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)


def gama(value):
    return b"gAMA", struct.pack(">I", value)


def chrm(numbers):
    return b"cHRM", struct.pack(">8I", *numbers)


def cicp(*codes):
    return b"cICP", bytes(codes)


def iccp(profile):
    return b"iCCP", b"x\0\0" + zlib.compress(profile)


SRGB_CHUNK = (b"sRGB", b"\0")


def exif(code=65535, index="R03", **tags):
    """The tags of a photograph that tell its colours."""
    made = Image.Exif()
    made[0x010F] = "a camera"
    made.get_ifd(0x8769).update({0xA001: code} | ({0xA005: {1: index}} if index else {}))
    for number, value in tags.items():
        made[int(number[1:])] = value
    return made


def saved(form, image=None, **options):
    """A picture as Pillow writes it: the bytes of a file."""
    buffer = io.BytesIO()
    if form == "TIFF" and "exif" in options:  # from an Exif, Pillow leaves out the directories
        tags = options.pop("exif")
        options["tiffinfo"] = TiffImagePlugin.ImageFileDirectory_v2()
        options["tiffinfo"].update(dict(tags) | {0x8769: tags.get_ifd(0x8769)})
    tags = options.get("exif")
    if isinstance(tags, Image.Exif):  # whose orientation Pillow takes out as it writes an AVIF: the next file would have none
        options["exif"] = Image.Exif()
        options["exif"].load(tags.tobytes())
    (Image.fromarray(RGB) if image is None else image).save(buffer, form, **options)
    return buffer.getvalue()


def avif(primaries, transfer, levels=RGB):
    """An AVIF whose levels are exact, with codes for its colours."""
    return imagecodecs.avif_encode(levels, level=100, primaries=primaries, transfer=transfer, matrix=0, pixelformat="444")


def jp2(levels, *colours, **options):
    """A JPEG 2000 file, without loss, with other boxes for its colours."""
    data = imagecodecs.jpeg2k_encode(levels, level=0, codecformat="jp2", reversible=True, **options)
    start = data.index(b"colr") - 4
    size = struct.unpack_from(">I", data, start)[0]
    boxes = b"".join(struct.pack(">I4s", 8 + len(body), b"colr") + body for body in colours)
    outer = data.index(b"jp2h") - 4
    length = struct.unpack_from(">I", data, outer)[0] - size + len(boxes)
    return data[:outer] + struct.pack(">I", length) + data[outer + 4 : start] + boxes + data[start + size :]


def bmp(levels, code, endpoints=(0,) * 9, gammas=(0, 0, 0), profile=b""):
    """A BMP with the header of version 5; endpoints are CIE XYZ."""
    height, width, _ = levels.shape
    rows = b"".join(row[:, ::-1].tobytes().ljust(-(-width * 3 // 4) * 4, b"\0") for row in levels[::-1])
    head = struct.pack("<IiiHHIIiiII", 124, width, height, 1, 24, 0, len(rows), 2835, 2835, 0, 0) + bytes(16)
    head += struct.pack("<I9i3I", code, *(round(it * 2**30) for it in endpoints), *(round(it * 2**16) for it in gammas))
    head += struct.pack("<IIII", 4, 124 + len(rows), len(profile), 0)
    return struct.pack("<2sIHHI", b"BM", 138 + len(rows) + len(profile), 0, 0, 138) + head + rows + profile
