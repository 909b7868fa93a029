"""Pictures of more than 8 bits a channel: no bit is lost on the way in or out."""

from __future__ import annotations

import io
import struct
import subprocess
import sys

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from nstk import pictures
from nstk.errors import OutputError, PictureError
from nstk.pictures import icc
from tests.pictures.samples import ALPHA, GREY, LEVELS, RGB, H, W, chunk, png, refused, same


@pytest.mark.parametrize("levels", [RGB, LEVELS, GREY, LEVELS[..., 2:]], ids=["rgb", "rgba", "grey", "grey-alpha"])
def test_png(tmp_path, levels):
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(np.ascontiguousarray(levels)))
    picture = pictures.read_all(tmp_path / "a.png")
    alpha = levels.ndim == 3 and levels.shape[2] in (2, 4)
    assert same(picture.colours, levels[..., :-1] if alpha else levels)
    assert (picture.alpha is not None) == alpha
    if alpha:
        assert picture.alpha == pytest.approx(ALPHA / 65535, abs=1e-6)
    assert pictures.check_picture(tmp_path / "a.png") == (W, H)


@pytest.mark.parametrize(
    ("colour_type", "level", "clear"),
    [(0, (40000,), b"\x9c\x40"), (2, (1000, 2000, 3000), struct.pack(">3H", 1000, 2000, 3000))],
    ids=["grey", "colour"],
)
def test_a_transparent_level_is_found(tmp_path, colour_type, level, clear):
    pixels = [struct.pack(f">{len(level)}H", *(it + more for it in level)) for more in (0, 1)]
    row = pixels[0] * (W // 2) + pixels[1] * (W // 2)
    picture = pictures.read_all(png(tmp_path / "a.png", W, H, 16, colour_type, row, clear))
    assert not picture.alpha[:, : W // 2].any()
    assert (picture.alpha[:, W // 2 :] == 1).all()
    assert same(picture.colours[:, :1], np.broadcast_to(level, (H, 1, len(level))))


@pytest.mark.parametrize(
    ("levels", "options"),
    [
        (RGB, {}),
        (RGB, {"compression": "lzw", "predictor": 2}),
        (RGB, {"compression": "zlib", "rowsperstrip": 7}),
        (RGB, {"tile": (16, 16)}),
        (RGB, {"byteorder": ">"}),
        (RGB, {"bigtiff": True}),
        (np.moveaxis(RGB, -1, 0), {"planarconfig": "separate"}),
        (LEVELS, {"extrasamples": ["unassalpha"]}),
        (LEVELS, {"extrasamples": ["unspecified"]}),
        (GREY, {"photometric": "minisblack"}),
        (65535 - GREY, {"photometric": "miniswhite"}),
        (LEVELS[..., ::3], {"photometric": "minisblack", "planarconfig": "contig", "extrasamples": ["unassalpha"]}),
    ],
    ids=["plain", "lzw", "strips", "tiles", "be", "big", "planes", "alpha", "fourth", "grey", "inverted", "grey-alpha"],
)
def test_tiff(tmp_path, levels, options):
    tifffile.imwrite(tmp_path / "a.tif", levels, **{"photometric": "rgb", "metadata": None} | options)
    picture = pictures.read_all(tmp_path / "a.tif")
    assert same(picture.colours, GREY if "minis" in options.get("photometric", "") else RGB)
    assert (picture.alpha is not None) == (options.get("extrasamples") == ["unassalpha"])
    if picture.alpha is not None:
        assert picture.alpha == pytest.approx(ALPHA / 65535, abs=1e-6)
    assert pictures.check_picture(tmp_path / "a.tif") == (W, H)


def test_premultiplied_colours_are_divided(tmp_path):
    alpha = np.maximum(ALPHA, 20000)
    multiplied = np.dstack([np.rint(RGB * (alpha[..., None] / 65535)).astype(np.uint16), alpha])
    tifffile.imwrite(tmp_path / "a.tif", multiplied, photometric="rgb", extrasamples=["assocalpha"])
    picture = pictures.read_all(tmp_path / "a.tif")
    assert np.abs(picture.colours - RGB / 257).max() < 0.02  # what rounding the products left


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("unit", [1, 255])
def test_floats_in_colour(tmp_path, dtype, unit):
    numbers = (RGB / 65535 * unit).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", numbers, photometric="rgb")
    assert same(pictures.read_all(tmp_path / "a.tif").colours, numbers.astype(np.float64), unit)


def test_numbers_beyond_levels_are_refused(tmp_path):
    for bad in (np.nan, np.inf):
        numbers = np.full((H, W, 3), bad, np.float32)
        tifffile.imwrite(tmp_path / "a.tif", numbers, photometric="rgb")
        refused(tmp_path / "a.tif", "holds 1800 samples that are NaN or infinite: save it with 8 or 16 bits a channel")
    tifffile.imwrite(tmp_path / "a.tif", RGB.astype(np.uint32) + 65536, photometric="rgb")
    refused(tmp_path / "a.tif", "holds numbers from 65")
    tifffile.imwrite(tmp_path / "a.tif", np.full((H, W, 3), -5, np.int16), photometric="rgb")
    refused(tmp_path / "a.tif", "holds numbers from -5 to -5")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.png", "late.png", "a.tif", "float.tif"])
def test_orientation(tmp_path, orientation, name):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray((RGB >> 8).astype(np.uint8)).save(tmp_path / "shallow.png", exif=exif)
    upright = pictures.read_all(tmp_path / "shallow.png").colours
    if name.endswith(".png"):
        block = chunk(b"eXIf", exif.tobytes()[6:])
        data = imagecodecs.png_encode(np.ascontiguousarray(RGB))
        place = 33 if name == "a.png" else len(data) - 12  # after the header, or before the end
        (tmp_path / name).write_bytes(data[:place] + block + data[place:])
    else:
        numbers = RGB if name == "a.tif" else RGB.astype(np.float32) / 65535
        tifffile.imwrite(tmp_path / name, numbers, photometric="rgb", extratags=[(274, "H", 1, orientation, True)])
    picture = pictures.read_all(tmp_path / name)
    assert picture.size == pictures.check_picture(tmp_path / name) == upright.shape[1::-1]
    assert np.abs(picture.colours - upright).max() < 1


@pytest.mark.parametrize("name", ["a.png", "a.tif", "A.TIFF"])
@pytest.mark.parametrize("alpha", [None, ALPHA / np.float32(65535)], ids=["opaque", "alpha"])
def test_sixteen_bits_out(tmp_path, name, alpha):
    path = tmp_path / name
    pictures.write_picture(RGB / 257, path, depth=16, alpha=alpha)
    by_others = imagecodecs.png_decode(path.read_bytes()) if name == "a.png" else tifffile.imread(path)
    assert by_others.dtype == np.uint16
    assert np.array_equal(by_others, RGB if alpha is None else LEVELS)
    picture = pictures.read_all(path)
    assert same(picture.colours, RGB)
    with Image.open(path) as opened:
        assert opened.mode == ("RGB" if alpha is None else "RGBA")
        assert opened.info["icc_profile"] == icc.srgb()
        opened.load()


def test_same_picture_same_bytes(tmp_path):
    for name in ("a.png", "b.png", "a.tif", "b.tif"):
        picture = RGB / 257 if name[0] == "a" else np.asfortranarray(RGB / np.float32(257))
        pictures.write_picture(picture, tmp_path / name, depth=16)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()


@pytest.mark.parametrize(("name", "depth"), [("a.jpg", 16), ("a.webp", 16), ("a.bmp", 16), ("a.png", 12)])
def test_depths_that_a_format_has_not(tmp_path, name, depth):
    with pytest.raises(OutputError, match=f"{depth} bits a channel; PNG and TIFF hold 8 or 16, the other formats 8"):
        pictures.write_picture(RGB / 257, tmp_path / name, depth=depth)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.png", "a.tif", "strips.tif", "float.tif"])
def test_truncated_files_at_every_length(tmp_path, name):
    path = tmp_path / name
    if name == "strips.tif":
        tifffile.imwrite(path, LEVELS, photometric="rgb", compression="zlib", rowsperstrip=7, metadata=None)
    elif name == "float.tif":
        tifffile.imwrite(path, RGB.astype(np.float32), photometric="rgb", metadata=None)
    else:
        pictures.write_picture(RGB / 257, path, depth=16)
    whole = path.read_bytes()
    for length in [2, 4, 8, 16, 20, 30, 40, 60, 100, 200, len(whole) // 4, len(whole) // 2, len(whole) - 30]:
        path.write_bytes(whole[:length])
        refused(path, "damaged")
    path.write_bytes(whole)
    pictures.check_picture(path)


@pytest.mark.parametrize(("tag", "value"), [("StripOffsets", 10**6), ("StripOffsets", 0), ("StripByteCounts", 0)])
@pytest.mark.parametrize("compression", [None, "lzw"])
def test_a_missing_part_is_not_black(tmp_path, tag, value, compression):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, RGB, photometric="rgb", rowsperstrip=7, compression=compression, metadata=None)
    data = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tiff:
        found = tiff.pages.first.tags[tag]
    code = "<H" if found.dtype.name == "SHORT" else "<I"
    struct.pack_into(code, data, found.valueoffset + 2 * struct.calcsize(code), value)
    path.write_bytes(data)
    refused(path, "is cut short or damaged (a part of it is missing): save or download it again")
    tifffile.imwrite(path, RGB, photometric="rgb", rowsperstrip=7, compression=compression, metadata=None)
    refused(resized_header(path, W, 2 * H), "is cut short or damaged (a part of it is missing)")


def test_damage_is_read_or_refused(tmp_path, caplog):
    """Whatever a decoder makes of rubbish, nothing but a `PictureError` comes out, and nothing is printed."""
    rng = np.random.default_rng(1)
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, RGB, photometric="rgb", compression="lzw")
    pictures.write_picture(RGB / 257, tmp_path / "b.tif", depth=16)
    for whole in (imagecodecs.png_encode(np.ascontiguousarray(RGB)), buffer.getvalue(), (tmp_path / "b.tif").read_bytes()):
        for _ in range(40):
            broken = np.frombuffer(whole, np.uint8).copy()
            places = np.concatenate([np.arange(200), np.arange(len(whole) - 200, len(whole))])
            broken[rng.choice(places, 4)] = rng.integers(0, 256, 4)
            (tmp_path / "a").write_bytes(broken.tobytes())
            try:
                pictures.read_all(tmp_path / "a")
            except PictureError as error:
                assert str(tmp_path / "a") in str(error)  # noqa: PT017
    assert {record.name for record in caplog.records} <= {"nstk"}


def resized_header(path, width, height):
    """Let a TIFF say that it has another size."""
    data = bytearray(path.read_bytes())
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as tiff:
        for name, side in (("ImageWidth", width), ("ImageLength", height)):
            tag = tiff.pages.first.tags[name]
            data[tag.offset + 2 : tag.offset + 4] = struct.pack("<H", 4)
            data[tag.offset + 8 : tag.offset + 12] = struct.pack("<I", side)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("width", "height"), [(20_000, 15_001), (200_000, 200_000)])
@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_bombs_are_refused(tmp_path, width, height, dtype):
    sentence = "has more than 300 million pixels: make it smaller first"
    refused(png(tmp_path / "a.png", width, height, 16, 6, b"\0" * 16), sentence)
    tifffile.imwrite(tmp_path / "a.tif", RGB.astype(dtype), photometric="rgb", metadata=None)
    refused(resized_header(tmp_path / "a.tif", width, height), sentence)


def test_thin_pictures_are_refused(tmp_path):
    """1 x 100000 pixels, of which none is there."""
    refused(png(tmp_path / "a.png", 1, 100_000, 16, 2, b""), "is 1 x 100000 pixels: at least 16 x 16 are needed")
    tifffile.imwrite(tmp_path / "a.tif", RGB, photometric="rgb", metadata=None)
    refused(resized_header(tmp_path / "a.tif", 1, 100_000), "is 1 x 100000 pixels: at least 16 x 16 are needed")


def test_absurd_tiles_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", RGB.astype(np.float32), photometric="rgb", tile=(16, 16), metadata=None)
    data = bytearray((tmp_path / "a.tif").read_bytes())
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        for name in ("TileWidth", "TileLength"):
            tag = tiff.pages.first.tags[name]
            data[tag.offset + 2 : tag.offset + 4] = struct.pack("<H", 4)
            data[tag.offset + 8 : tag.offset + 12] = struct.pack("<I", 1_600_000)
    (tmp_path / "a.tif").write_bytes(data)
    refused(tmp_path / "a.tif", "has tiles or channels beyond measure")


def test_a_tiff_that_is_no_picture(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", RGB.astype(np.float32), photometric="cielab", metadata=None)
    refused(tmp_path / "a.tif", "is a TIFF of Lab in float32: save it as RGB, or as PNG")


def test_only_deep_files_need_libraries(tmp_path):
    Image.new("RGB", (W, H)).save(tmp_path / "a.png")
    Image.new("RGB", (W, H)).save(tmp_path / "a.jpg")
    code = (
        "import sys; import nstk.pictures as pictures; [pictures.read_all(path) for path in sys.argv[1:]]; "
        "pictures.write_picture(pictures.read_picture(sys.argv[1]), sys.argv[2]); "
        "assert not {'imagecodecs', 'tifffile'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.png"), str(tmp_path / "a.jpg")], check=True)
