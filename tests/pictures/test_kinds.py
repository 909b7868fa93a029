"""What is no picture is called what it is, by what it holds, whatever its name says."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from nstk import pictures
from tests.pictures.samples import chunk, refused


def packed(name, data=b""):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def tarred(name):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return buffer.getvalue()


REST = bytes(range(256))
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"></svg>'
HTML = b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head></html>"
PAGE = "is a web page (HTML), as a failed download may leave: download the picture itself"
VIDEO = "save one frame of it as PNG, for example `ffmpeg -i VIDEO -frames:v 1 frame.png`"
RAW = "is the raw file of a camera ({}): develop it, in darktable for example, and save it as TIFF, PNG or JPEG"
TEXT = "is text, not a picture: name a picture, or download it again"
PNG = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 20, 30, 8, 2, 0, 0, 0))

FILES = {
    "svg": (SVG, "is a drawing (SVG): export it as PNG, from Inkscape for example"),
    "svg with a head": (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- by hand -->\n' + SVG, "is a drawing (SVG)"),
    "html": (HTML, PAGE),
    "html later": (b"\r\n\r\n  " + HTML.lower(), PAGE),
    "html with a drawing": (HTML + SVG, PAGE),
    "html of utf-16": (HTML.decode().encode("utf-16"), PAGE),
    "xml": (
        b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>',
        "is an XML file, as a failed download may leave",
    ),
    "json": (b'{"error": "not found"}', TEXT),
    "text": (b"a letter\r\n", ""),
    "text of some words": ("Größe: 3 px, für später".encode(), TEXT),
    "text of latin-1": ("Größe: 3 px, für später".encode("latin-1"), TEXT),
    "text of utf-16": ("a letter to a friend".encode("utf-16"), TEXT),
    "lfs": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        "is a pointer of Git LFS, not the picture: get the picture with `git lfs pull`",
    ),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3" + REST, "is a PDF document (or an Illustrator file): export the page as PNG"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n" + REST, "is a PostScript file (EPS): export it as PNG"),
    "eps with a preview": (b"\xc5\xd0\xd3\xc6" + REST, "is a PostScript file (EPS): export it as PNG"),
    "gzip": (gzip.compress(PNG), "is packed with gzip: unpack it with `gunzip` and name the picture inside"),
    "zip": (packed("a.png", PNG), "is a ZIP archive: unpack it and name the picture inside"),
    "ora": (packed("mimetype", "image/openraster"), "is an OpenRaster file: open it where it was made, and save it as PNG"),
    "kra": (packed("mimetype", "application/x-krita"), "is a Krita file: export it from Krita as PNG"),
    "docx": (packed("[Content_Types].xml", "<Types>"), "is a document of an office program: save the picture inside as PNG"),
    "tar": (tarred("a.png"), "is a tar archive: unpack it and name the picture inside"),
    "xcf": (b"gimp xcf v011\0" + REST, "is a GIMP file (XCF): export it from GIMP as PNG"),
    "psb": (b"8BPS\0\2" + REST, "is a large Photoshop file (PSB): save it as TIFF, PNG or JPEG"),
    "psd": (
        b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 40, 50, 16, 3) + REST,
        "is a Photoshop file of 16 bits a channel: save it as a TIFF or PNG of 16 bits",
    ),
    "exr": (b"v/1\1" + REST, "is an OpenEXR file: save it as a TIFF of floats or of 16 bits"),
    "hdr": (b"#?RADIANCE\n" + REST, "is a Radiance file (HDR)"),
    "jpeg xr": (b"II\xbc\1" + REST, "is a JPEG XR file: save it as TIFF, PNG or JPEG"),
    "jpeg-ls": (b"\xff\xd8\xff\xf7" + REST, "is a JPEG-LS file: save it as TIFF, PNG or JPEG"),
    "numpy": (b"\x93NUMPY\1\0" + REST, "is an array of NumPy: give the array in Python, or save it as PNG"),
    "mp4": (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + REST, f"is a video (MP4 or QuickTime): {VIDEO}"),
    "mov": (b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + REST, f"is a video (MP4 or QuickTime): {VIDEO}"),
    "3gp": (b"\0\0\0\x14ftyp3g2a\0\0\0\0" + REST, f"is a video (MP4 or QuickTime): {VIDEO}"),
    "webm": (b"\x1a\x45\xdf\xa3" + REST, f"is a video (Matroska or WebM): {VIDEO}"),
    "avi": (b"RIFF\0\0\0\0AVI LIST" + REST, f"is a video (AVI): {VIDEO}"),
    "sound": (b"RIFF\0\0\0\0WAVEfmt " + REST, "is sound (WAVE): name a picture"),
    "cr2": (b"II*\0\x10\0\0\0CR\2\0" + REST, RAW.format("CR2")),
    "cr3": (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + REST, RAW.format("CR3")),
    "raf": (b"FUJIFILMCCD-RAW 0201" + REST, RAW.format("RAF")),
    "orf": (b"IIRO\x08\0\0\0" + REST, RAW.format("ORF")),
    "rw2": (b"IIU\0\x18\0\0\0" + REST, RAW.format("RW2")),
    "x3f": (b"FOVb\3\0\2\0" + REST, RAW.format("X3F")),
    "mac": (
        b"\0\5\x16\7\0\2\0\0Mac OS X        " + REST,
        "is what macOS keeps beside a file (`._NAME`): name the file without",
    ),
    "png as text": (PNG.replace(b"\r\n", b"\n"), "is a PNG that was copied as if it were text: copy or download it again"),
    "png as text twice": (PNG.replace(b"\n", b"\r\n"), "is a PNG that was copied as if it were text: copy or download it"),
    "zeros": (bytes(5000), "is nothing but zeros, as an unfinished copy leaves: copy or download it again"),
    "rubbish": (np.random.default_rng(1).bytes(3000), "is damaged, or no picture that Pillow can read"),
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a"])
def test_it_is_called_what_it_is(tmp_path, kind, name):
    data, sentence = FILES[kind]
    (tmp_path / name).write_bytes(data)
    refused(tmp_path / name, sentence)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "TGA", "SGI", "PCX", "JPEG2000", "ICO"])
def test_no_picture_is_called_so(tmp_path, kind):
    """Pictures whose pixels look like text, or begin with it."""
    image = Image.new("RGB", (32, 32), (60, 115, 118))  # `<sv`
    for name in ("a", "a.svg", "a.html", "a.mp4"):
        image.save(tmp_path / name, kind)
        assert np.abs(pictures.read_picture(tmp_path / name) - (60, 115, 118)).max() < 4
