"""What a file is that is no picture, or a picture of a kind that is not read; told by what it holds, not by its name."""

from __future__ import annotations

import re

_DRAW = "export it as PNG"
_SAVE = "save it as TIFF, PNG or JPEG"
_FRAME = "save one frame of it as PNG, for example `ffmpeg -i VIDEO -frames:v 1 frame.png`"
_UNPACK = "unpack it and name the picture inside"
_OPEN = "open it where it was made, and save it as PNG"


_BEGINNINGS: dict[bytes, tuple[str, str]] = {
    b"version https://git-lfs.github.com/spec": (
        "a pointer of Git LFS, not the picture",
        "get the picture with `git lfs pull`",
    ),
    b"%!PS": ("a PostScript file (EPS)", _DRAW),
    b"\xc5\xd0\xd3\xc6": ("a PostScript file (EPS)", _DRAW),
    b"AT&TFORM": ("a DjVu document", "export the page as PNG"),
    b"\x1f\x8b": ("packed with gzip", "unpack it with `gunzip` and name the picture inside"),
    b"BZh": ("packed with bzip2", _UNPACK),
    b"\xfd7zXZ\0": ("packed with xz", _UNPACK),
    b"\x28\xb5\x2f\xfd": ("packed with zstd", _UNPACK),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", _UNPACK),
    b"Rar!\x1a\x07": ("a RAR archive", _UNPACK),
    b"gimp xcf": ("a GIMP file (XCF)", "export it from GIMP as PNG"),
    b"8BPS\0\2": ("a large Photoshop file (PSB)", _SAVE),
    b"icns": ("a file of icons of macOS (ICNS)", "export the largest as PNG"),
    b"v/1\x01": ("an OpenEXR file", "save it as a TIFF of floats or of 16 bits"),
    b"#?RADIANCE": ("a Radiance file (HDR)", "save it as a TIFF of floats or of 16 bits"),
    b"#?RGBE": ("a Radiance file (HDR)", "save it as a TIFF of floats or of 16 bits"),
    b"DDS ": ("a texture (DDS)", "save it as PNG"),
    b"\xabKTX": ("a texture (KTX)", "save it as PNG"),
    b"II\xbc\x01": ("a JPEG XR file", _SAVE),
    b"\xff\xd8\xff\xf7": ("a JPEG-LS file", _SAVE),
    b"BPG\xfb": ("a BPG file", _SAVE),
    b"\0\5\x16\7": ("what macOS keeps beside a file (`._NAME`)", "name the file without `._`"),
    b"FLIF": ("a FLIF file", _SAVE),
    b"SIMPLE  =": ("a FITS file", "stretch its levels and save it as TIFF or PNG"),
    b"\x93NUMPY": ("an array of NumPy", "give the array in Python, or save it as PNG"),
    b"\x89HDF": ("an HDF5 file", "save the picture inside as PNG"),
    b"\xd7\xcd\xc6\x9a": ("a drawing of Windows (WMF)", _DRAW),
    b"\x1a\x45\xdf\xa3": ("a video (Matroska or WebM)", _FRAME),
    b"FLV": ("a video (Flash)", _FRAME),
    b"\0\0\1\xba": ("a video (MPEG)", _FRAME),
    b"\0\0\1\xb3": ("a video (MPEG)", _FRAME),
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": ("a video (Windows Media)", _FRAME),
    b"OggS": ("sound or video (Ogg)", _FRAME),
    b"ID3": ("sound (MP3)", "name a picture"),
    b"fLaC": ("sound (FLAC)", "name a picture"),
    b"\x7fELF": ("a program", "name a picture"),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ("a document of an old Office program", "save the picture inside as PNG"),
    b"SQLite format 3": ("a database (SQLite)", "name a picture"),
}
"""What files begin with, what they are, and what to do about it."""


_RAW = {
    b"FUJIFILMCCD-RAW": "RAF",
    b"IIU\0": "RW2",
    b"IIRO": "ORF",
    b"IIRS": "ORF",
    b"MMOR": "ORF",
    b"FOVb": "X3F",
    b"\0MRM": "MRW",
}
"""What the raw files of cameras begin with, where that is not TIFF's."""


_PACKED = {
    b"mimetypeimage/openraster": ("an OpenRaster file", _OPEN),
    b"mimetypeapplication/x-krita": ("a Krita file", "export it from Krita as PNG"),
    b"mimetypeapplication/vnd.oasis": ("a document of an office program", "save the picture inside as PNG"),
    b"[Content_Types].xml": ("a document of an office program", "save the picture inside as PNG"),
}
"""What ZIP archives hold that are known by another name."""


_STILLS = set(b"avif avis heic heix heim heis hevc hevx hevm hevs mif1 mif2 msf1 miaf MA1A MA1B jpeg j2ki".split())
"""The brands of pictures among the files that are made of boxes; the others are films and sound."""


_LEAST_TEXT, _LEAST_ZEROS = 12, 100  # bytes; less may be the beginning of anything


_HTML = re.compile(r"<!doctype html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
_SVG = re.compile(r"<svg[\s>]|<!doctype svg", re.IGNORECASE)


def what(head: bytes) -> tuple[str, str] | None:
    """What a file is that begins with `head` (some thousand bytes), and what to do; None if it may be a picture."""
    for beginning, words in _BEGINNINGS.items():
        if head.startswith(beginning):
            return words
    if head[:4] == b"PK\3\4":
        return next((words for inside, words in _PACKED.items() if inside in head[:200]), ("a ZIP archive", _UNPACK))
    if head[:4] == b"\x89PNG" and not head.startswith(b"\x89PNG\r\n\x1a\n") and len(head) > _LEAST_TEXT:
        return "a PNG that was copied as if it were text", "copy or download it again, as binary"
    if b"%PDF-" in head[:1024]:
        return "a PDF document (or an Illustrator file)", "export the page as PNG"
    if head[257:262] == b"ustar":
        return "a tar archive", _UNPACK
    if head[128:132] == b"DICM":
        return "a medical picture (DICOM)", "export it as PNG"
    if head[:4] == b"8BPS" and int.from_bytes(head[22:24], "big") > 8:
        return f"a Photoshop file of {int.from_bytes(head[22:24], 'big')} bits a channel", "save it as a TIFF or PNG of 16 bits"
    if head[:4] == b"8BPS" and head[24:26] == b"\0\7":
        return "a Photoshop file of separate inks (Multichannel)", "save it as RGB"
    if head[:4] == b"RIFF" and head[8:12] in (b"AVI ", b"WAVE"):
        return ("a video (AVI)", _FRAME) if head[8:12] == b"AVI " else ("sound (WAVE)", "name a picture")
    if len(head) >= _LEAST_ZEROS and not head.strip(b"\0"):
        return "nothing but zeros, as an unfinished copy leaves", "copy or download it again"
    return _video(head) or _markup(head)


def raw(head: bytes) -> str | None:
    """What the raw file of a camera is called, if a file begins as one."""
    if head[4:12] == b"ftypcrx ":
        return "CR3"
    if head[:2] in (b"II", b"MM") and head[8:10] == b"CR":
        return "CR2"
    if head[6:14] == b"HEAPCCDR":
        return "CRW"
    return next((kind for beginning, kind in _RAW.items() if head.startswith(beginning)), None)


def text(head: bytes) -> bool:
    """Whether a file begins as text does. The pictures whose headers are text begin with a P and a digit."""
    if len(head) < _LEAST_TEXT or re.match(rb"P[1-7fF]\s", head):
        return False
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        words = head[: len(head) & ~1].decode("utf-16", errors="replace")
        return all(sign.isprintable() or sign.isspace() for sign in words)
    control = sum(byte < 9 or 13 < byte < 32 or byte == 127 for byte in head)
    return control == 0 and sum(byte > 127 for byte in head) <= len(head) // 3


def _video(head: bytes) -> tuple[str, str] | None:
    brand = head[8:12]
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free") or (head[4:8] == b"ftyp" and brand not in _STILLS):
        return ("sound (M4A)", "name a picture") if brand == b"M4A " else ("a video (MP4 or QuickTime)", _FRAME)
    return None


def _markup(head: bytes) -> tuple[str, str] | None:
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    words = head.decode(encoding, errors="replace").lstrip()
    if not words.startswith("<"):
        return None
    if _SVG.search(words) and not re.match(r"<!doctype html|<html", words, re.IGNORECASE):
        return "a drawing (SVG)", "export it as PNG, from Inkscape for example"
    if _HTML.search(words):
        return "a web page (HTML), as a failed download may leave", "download the picture itself"
    return ("an XML file, as a failed download may leave", "download the picture itself") if words.startswith("<?xml") else None
