"""Files that are no pictures, or of kinds that are not read: by the words of the table, how each begins."""

from __future__ import annotations

import struct

from PIL import Image

from tests.pictures.colours import saved

REFUSED: dict[str, list[bytes]] = {
    "the raw file of a camera": [
        b"II*\0\x10\0\0\0CR\2\0" + bytes(99),
        b"FUJIFILMCCD-RAW 0201" + bytes(99),
        b"IIU\0\x18\0\0\0" + bytes(99),
        b"IIRO\x08\0\0\0" + bytes(99),
        b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(99),
    ],
    "a drawing (SVG)": [
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a drawing -->\n<svg></svg>",
    ],
    "a PDF document": [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", b"\n\n%PDF-1.4\n"],
    "a PostScript file (EPS)": [saved("EPS", Image.new("RGB", (32, 32))), b"\xc5\xd0\xd3\xc6" + bytes(99)],
    "a GIMP file (XCF)": [b"gimp xcf v011\0" + bytes(99)],
    "a large Photoshop file (PSB)": [b"8BPS\0\2" + bytes(99)],
    "a Photoshop file of 16 bits a channel": [struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, 32, 32, 16, 3) + bytes(99)],
    "a Photoshop file of separate inks": [struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, 32, 32, 8, 7) + bytes(99)],
    "an OpenEXR file": [b"v/1\x01\2\0\0\0" + bytes(99)],
    "a Radiance file (HDR)": [b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 32 +X 32\n" + bytes(99)],
    "a texture (DDS)": [saved("DDS", Image.new("RGB", (32, 32)))],
    "a JPEG XR file": [b"II\xbc\1\x20\0\0\0" + bytes(99)],
    "a medical picture (DICOM)": [bytes(128) + b"DICM" + bytes(99)],
    "a video": [
        b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(99),
        b"\x1a\x45\xdf\xa3" + bytes(99),
        b"RIFF\x99\0\0\0AVI LIST" + bytes(99),
    ],
    "a web page (HTML)": [b"<!DOCTYPE html>\n<html><body>404</body></html>", b"<html><head></head></html>"],
    "a pointer of Git LFS": [b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"],
    "text": [b"Dear reader, this is no picture.\n", "Grüße, und schöne Tage wünsche ich dir heute.\n".encode()],
}
