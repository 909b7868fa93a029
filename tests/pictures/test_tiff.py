"""TIFF: which of its pages is the picture, and every kind of numbers, by arithmetic on what was written."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from nstk import pictures
from nstk.errors import PictureError
from tests.pictures.samples import refused, saved

H, W = 30, 37
Y, X = np.mgrid[:H, :W]
RAMP = np.dstack([X / (W - 1), Y / (H - 1), (X + Y) / (H + W - 2)])
EIGHT = np.rint(RAMP * 255).astype(np.uint8)
THUMB = np.zeros((16, 16, 3), np.uint8)
PLAIN = {"photometric": "rgb", "metadata": None}


def write(path, levels, **options):
    tifffile.imwrite(path, levels, **PLAIN | options)
    return path


def is_ramp(path, within=0.51):
    picture = pictures.read_picture(path)
    return picture.shape == RAMP.shape and np.abs(picture - 255 * RAMP).max() < within


@pytest.mark.parametrize("bits", [*range(1, 17)])
@pytest.mark.parametrize("kind", ["grey", "inverted", "rgb", "planes", "tiles"])
def test_every_depth(tmp_path, bits, kind):
    levels = np.rint(RAMP * (2**bits - 1)).astype(np.uint8 if bits <= 8 else np.uint16)
    expected = 255.0 * levels / (2**bits - 1)
    options = {"bitspersample": bits}
    if kind in ("grey", "inverted"):
        expected = expected[..., :1] if kind == "grey" else 255 - expected[..., :1]
        levels, options = levels[..., 0], options | {"photometric": "minisblack" if kind == "grey" else "miniswhite"}
    elif kind == "planes":
        levels, options = np.moveaxis(levels, -1, 0), options | {"planarconfig": "separate"}
    elif kind == "tiles":
        options["tile"] = (16, 16)
    assert np.abs(pictures.read_picture(write(tmp_path / "a.tif", levels, **options)) - expected).max() < 1e-4


DEEP = ["lzw", "zlib", "packbits", "zstd", "lzma", "jpegxl", "jpeg2000", "png"]
COMPRESSED = [(name, EIGHT) for name in (*DEEP, "webp")] + [(name, np.rint(RAMP * 65535).astype(np.uint16)) for name in DEEP]


@pytest.mark.parametrize(("compression", "levels"), COMPRESSED, ids=[f"{name}-{it.dtype}" for name, it in COMPRESSED])
def test_every_compression(tmp_path, compression, levels, capfd):
    predictor = {"predictor": 2} if compression in ("lzw", "zlib") else {}
    assert is_ramp(write(tmp_path / "a.tif", levels, compression=compression, **predictor))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("compression", [None, "jpeg", "tiff_lzw"])
@pytest.mark.parametrize("mode", ["RGB", "YCbCr", "CMYK"])
def test_colours_of_other_kinds(tmp_path, mode, compression):
    quality = {"quality": 98} if compression == "jpeg" else {}
    path = saved(Image.fromarray(EIGHT).convert(mode), tmp_path / "a.tif", compression=compression, **quality)
    assert is_ramp(path, 8 if compression == "jpeg" else 4)


@pytest.mark.parametrize("options", [{}, {"tile": (16, 16)}, {"rowsperstrip": 16}])
def test_jpeg_with_coarser_colours(tmp_path, options):
    path = write(tmp_path / "a.tif", EIGHT, compression="jpeg", compressionargs={"level": 98}, **options)
    with tifffile.TiffFile(path) as tiff:
        assert (tiff.pages.first.photometric, tiff.pages.first.subsampling) == (6, (2, 2))
        numbers = tiff.pages.first.asarray()
    assert np.array_equal(pictures.read_picture(path), numbers)
    assert np.abs(pictures.read_picture(path) - 255 * RAMP).mean() < 3


@pytest.mark.parametrize("colours", [2, 16, 250])
def test_palette(tmp_path, colours):
    image = Image.fromarray(EIGHT).quantize(colours)
    assert np.array_equal(pictures.read_picture(saved(image, tmp_path / "a.tif")), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("steps", [1, 256, 257])
def test_the_levels_of_a_palette(tmp_path, steps):
    """0..65535, the low byte 0 or as the high one; of old programs 0..255."""
    colormap = (np.random.default_rng(0).integers(0, 256, (3, 256)) * steps).astype(np.uint16)
    path = write(tmp_path / "a.tif", EIGHT[..., 0], photometric="palette", colormap=colormap)
    expected = np.moveaxis(colormap // steps, 0, -1)[EIGHT[..., 0]]
    assert np.array_equal(pictures.read_picture(path), expected)


@pytest.mark.parametrize("bits", [8, 16])
def test_cmyk(tmp_path, bits):
    levels = np.rint(np.dstack([RAMP, RAMP[..., 0] / 2]) * (2**bits - 1)).astype(f"u{bits // 8}")
    path = write(tmp_path / "a.tif", levels, photometric="separated")
    expected = 255 * (1 - RAMP) * (1 - RAMP[..., :1] / 2)
    assert np.abs(pictures.read_picture(path) - expected).max() < 2


@pytest.mark.parametrize("bits", [8, 16])
def test_lab(tmp_path, bits):
    lab = ImageCms.profileToProfile(
        Image.fromarray(EIGHT), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    numbers = np.asarray(lab)
    if bits == 16:
        signed = numbers[..., 1:].view(np.int8).astype(np.int16) * 256
        numbers = np.concatenate([numbers[..., :1].astype(np.uint16) * 257, signed.view(np.uint16)], axis=2)
    picture = pictures.read_picture(write(tmp_path / "a.tif", numbers, photometric="cielab"))
    assert np.abs(picture - EIGHT).mean() < 1.2  # Lab of 8 bits is coarse where it is dark


def test_premultiplied_levels(tmp_path):
    alpha = np.rint(RAMP[..., :1] * 127 + 128)
    levels = np.concatenate([np.rint(EIGHT * (alpha / 255)), alpha], axis=2).astype(np.uint8)
    picture = pictures.read_all(write(tmp_path / "a.tif", levels, extrasamples=["assocalpha"]))
    assert np.abs(picture.colours - EIGHT).max() <= 2
    assert np.abs(picture.alpha - alpha[..., 0] / 255).max() < 1e-6


def test_the_orientation_of_shallow_pages(tmp_path):
    for turn in range(1, 9):
        path = write(tmp_path / "a.tif", EIGHT, extratags=[(274, "H", 1, turn, True)])
        with Image.open(path) as opened:
            upright = np.asarray(opened.copy())
        assert np.array_equal(pictures.read_picture(path), upright), turn


def pages(path, *kinds):
    """A TIFF of a page for each kind: its levels and what else `tifffile` is told, which writes masks for thumbnails only."""
    with tifffile.TiffWriter(path) as tiff:
        for levels, options in kinds:
            tiff.write(levels, **PLAIN | options | {"subfiletype": min(options.get("subfiletype", 0), 1)})
    data = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tiff:
        for page, (_, options) in zip(tiff.pages, kinds, strict=True):
            if "subfiletype" in options:
                struct.pack_into("<I", data, page.tags[254].valueoffset, options["subfiletype"])
    path.write_bytes(data)
    return path


REDUCED, MASK = {"subfiletype": 1}, {"subfiletype": 4}
OLD = {"extratags": [(255, "H", 1, 2, True)]}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("aside", [REDUCED, MASK, {"subfiletype": 5}, OLD])
def test_a_thumbnail_is_not_the_picture(tmp_path, caplog, aside, dtype):
    levels = RAMP.astype(dtype) if dtype == np.float32 else np.rint(RAMP * np.iinfo(dtype).max).astype(dtype)
    assert is_ramp(pages(tmp_path / "a.tif", (THUMB, aside), (THUMB, aside), (levels, {})))
    assert is_ramp(pages(tmp_path / "b.tif", (levels, {}), (THUMB, aside)))
    assert pictures.check_picture(tmp_path / "a.tif") == (W, H)
    assert not caplog.messages


def test_the_picture_beside_a_thumbnail(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(THUMB, subifds=1, **PLAIN | REDUCED)
        tiff.write(EIGHT, **PLAIN)
    assert is_ramp(tmp_path / "a.tif")


def test_the_turn_is_that_of_the_page(tmp_path):
    turned = {"extratags": [(274, "H", 1, 6, True)]}
    path = pages(tmp_path / "a.tif", (THUMB, REDUCED), (EIGHT, turned))
    assert pictures.check_picture(path) == (H, W)
    assert is_ramp(pages(tmp_path / "b.tif", (THUMB, REDUCED | turned), (EIGHT, {})))


def test_a_picture_that_is_called_a_thumbnail(tmp_path):
    assert is_ramp(write(tmp_path / "a.tif", EIGHT, **REDUCED))


def test_several_pictures(tmp_path, caplog):
    assert is_ramp(pages(tmp_path / "a.tif", (EIGHT, {}), (THUMB, {}), (np.zeros((50, 60, 3), np.uint8), {})))
    assert caplog.messages == [
        f"{tmp_path / 'a.tif'} holds 3 pictures: the first is read, 37 x 30 pixels; the largest is 60 x 50"
    ]


@pytest.mark.parametrize(
    ("make", "tags", "kind"),
    [
        ("Adobe", [(50706, "B", 4, (1, 4, 0, 0), True)], " (DNG)"),
        ("NIKON CORPORATION", [], " (NEF)"),
        ("SONY", [], " (ARW)"),
        ("PENTAX", [], " (PEF)"),
        ("nobody", [], ""),
    ],
)
@pytest.mark.parametrize("beside", [True, False])
def test_raw_files(tmp_path, make, tags, kind, beside):
    maker = [(271, "s", 0, make, True)]
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        if beside:
            tiff.write(THUMB, subifds=1, extratags=maker + tags, **PLAIN | REDUCED)
            maker = tags = []
        tiff.write(np.zeros((H, W), np.uint16), photometric="cfa", metadata=None, extratags=maker + tags)
    what = f"is the raw file of a camera{kind}: develop it, in darktable for example, and save it as TIFF, PNG or JPEG"
    refused(tmp_path / "a.tif", what)


def test_long_notes_stop_nothing(tmp_path, capfd):
    more = [(700, "B", 3_000_000, b"<x" * 1_500_000, True), (34377, "B", 99, bytes(99), True), (65000, "s", 0, "odd", True)]
    assert is_ramp(write(tmp_path / "a.tif", EIGHT, compression="lzw", extratags=more))
    assert capfd.readouterr() == ("", "")


def test_what_is_refused_by_its_kind(tmp_path):
    refused(write(tmp_path / "a.tif", EIGHT, photometric="icclab"), "is a TIFF of another kind than grey, RGB, CMYK or Lab")
    refused(write(tmp_path / "b.tif", RAMP.astype(np.float32), photometric="cielab"), "is a TIFF of Lab in float32")
    saved(Image.merge("LAB", Image.fromarray(EIGHT).split()), tmp_path / "c.tif", compression="jpeg")
    refused(tmp_path / "c.tif", "is a TIFF of Lab in JPEG: save it as RGB, or as PNG")


@pytest.mark.parametrize("compression", ["lzw", "zlib", "jpeg", "packbits", "zstd", "webp", "jpeg2000", "png"])
@pytest.mark.parametrize("part", [0.3, 0.9])
def test_a_strip_that_is_cut_short(tmp_path, compression, part):
    """The file says so itself; nothing is filled in for what is missing."""
    noise = np.random.default_rng(0).integers(0, 256, (H, W, 3), np.uint8)
    path = write(tmp_path / "a.tif", noise, compression=compression)
    data = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tiff:
        tag, count = tiff.pages.first.tags["StripByteCounts"], tiff.pages.first.databytecounts[0]
    struct.pack_into("<H" if tag.dtype.name == "SHORT" else "<I", data, tag.valueoffset, int(part * count))
    path.write_bytes(data)
    refused(path, "is cut short or damaged")


@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "packbits"])
def test_a_strip_that_is_counted_too_long(tmp_path, compression):
    path = write(tmp_path / "a.tif", EIGHT, compression=compression)
    data = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tiff:
        tag, count = tiff.pages.first.tags["StripByteCounts"], tiff.pages.first.databytecounts[0]
    struct.pack_into("<H" if tag.dtype.name == "SHORT" else "<I", data, tag.valueoffset, count + 1000)
    path.write_bytes(data)
    assert is_ramp(path)
    if compression is None:  # nor does it need to be counted
        struct.pack_into("<H", data, tag.offset, 65001)
        path.write_bytes(data)
        assert is_ramp(path)
        path.write_bytes(data[:-1])
        refused(path, "is cut short or damaged")


@pytest.mark.parametrize("compression", ["lzw", "zlib", "jpeg", "packbits", None])
def test_damage_prints_nothing(tmp_path, capfd, compression):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, EIGHT, compression=compression, **PLAIN)
    whole, rng = np.frombuffer(buffer.getvalue(), np.uint8), np.random.default_rng(0)
    for _ in range(25):
        broken = whole.copy()
        broken[rng.integers(8, len(whole), 4)] = rng.integers(0, 256, 4)
        (tmp_path / "a.tif").write_bytes(broken.tobytes())
        try:
            pictures.read_picture(tmp_path / "a.tif")
        except PictureError as error:
            assert str(tmp_path / "a.tif") in str(error)  # noqa: PT017
    assert capfd.readouterr() == ("", "")
