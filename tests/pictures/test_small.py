"""A large picture is made small while it is read: in the right colours, and without being in memory as a whole."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_allclose
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from nstk import PictureError
from nstk.pictures import fit, formats, read_picture, read_small, resize, small, tiff

EDGE = 40
WIDE, HIGH = 336, 256


@pytest.fixture(autouse=True)
def all_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures count as large from 10 000 pixels on."""
    for module in (small, formats, tiff):
        monkeypatch.setattr(module, "LARGE", 10_000)


def smooth(channels: int, most: int = 255) -> np.ndarray:
    """A picture without edges, so that small ones hardly depend on how they are made small."""
    down, across = np.mgrid[:HIGH, :WIDE]
    waves = [np.sin(down / (20 + 3 * it)) + np.cos(across / (25 + 5 * it)) for it in range(channels)]
    return np.rint((np.stack(waves, -1) + 2) / 4 * most).astype(np.uint8 if most < 256 else np.uint16)


def is_small(path: Path, atol: float = 4) -> None:
    """The small picture is that of the whole one, up to the pixels at its rim that fill no box."""
    whole = read_picture(path)
    width, height = fit(whole.shape[1], whole.shape[0], EDGE)
    made = read_small(path, EDGE)
    assert made.shape == (height, width, 3)
    assert_allclose(made, resize(whole, width, height), atol=atol)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_a_png_of_8_bits(tmp_path: Path, mode: str) -> None:
    Image.fromarray(smooth(len(mode)).squeeze(), mode).save(tmp_path / "a.png")
    is_small(tmp_path / "a.png")


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_png_of_16_bits(tmp_path: Path, channels: int) -> None:
    import imagecodecs

    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(smooth(channels, 65535).squeeze()))
    is_small(tmp_path / "a.png")


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_png_with_a_palette(tmp_path: Path, bits: int) -> None:
    Image.fromarray(smooth(3)).quantize(2**bits).save(tmp_path / "a.png", bits=bits)
    made = read_small(tmp_path / "a.png", EDGE)
    assert_allclose(made.mean((0, 1)), read_picture(tmp_path / "a.png").mean((0, 1)), atol=6)


def test_a_png_of_one_bit(tmp_path: Path) -> None:
    Image.fromarray(smooth(1)[..., 0]).point(lambda level: 255 * (level > 127)).convert("1").save(tmp_path / "a.png")
    assert_allclose(read_small(tmp_path / "a.png", EDGE).mean(), read_picture(tmp_path / "a.png").mean(), atol=6)


def test_an_interlaced_png(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(interlaced(smooth(3)))
    with Image.open(tmp_path / "a.png") as whole:
        assert whole.info["interlace"] == 1
    assert_allclose(read_small(tmp_path / "a.png", EDGE), resize(smooth(3)[::8, ::8].astype(np.float32), EDGE, 30), atol=1)


def interlaced(picture: np.ndarray) -> bytes:
    """A picture as an interlaced PNG, in seven passes."""
    rows = []
    for left, top, right, down in [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ]:
        rows += [b"\0" + np.ascontiguousarray(row).tobytes() for row in picture[top::down, left::right]]
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", picture.shape[1], picture.shape[0], 8, 2, 0, 0, 1)),
        (b"IDAT", zlib.compress(b"".join(rows))),
        (b"IEND", b""),
    ]
    parts = [struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_what_the_colours_mean_holds(tmp_path: Path) -> None:
    linear = PngInfo()
    linear.add(b"gAMA", struct.pack(">I", 100_000))
    Image.fromarray(smooth(3)).save(tmp_path / "plain.png")
    Image.fromarray(smooth(3)).save(tmp_path / "linear.png", pnginfo=linear)
    assert read_small(tmp_path / "linear.png", EDGE).mean() > read_small(tmp_path / "plain.png", EDGE).mean() + 20
    is_small(tmp_path / "linear.png")


def test_pixels_that_fill_no_box_are_left_out(tmp_path: Path) -> None:
    Image.fromarray(smooth(3)[:251, :333]).save(tmp_path / "a.png")
    is_small(tmp_path / "a.png", atol=12)


@pytest.mark.parametrize("turn", [1, 6])
@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.jpg"])
def test_it_is_upright(tmp_path: Path, name: str, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    Image.fromarray(smooth(3)).save(tmp_path / name, exif=exif)
    is_small(tmp_path / name, atol=5)


LAYOUTS = {
    "strips": {"rowsperstrip": 7},
    "tiles": {"tile": (64, 48)},
    "tiles by colour": {"tile": (64, 48), "planarconfig": "separate"},
    "compressed": {"tile": (64, 48), "compression": "zlib", "predictor": True},
}


@pytest.mark.parametrize("depth", [255, 65535])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_tiff_in_parts(tmp_path: Path, layout: str, depth: int) -> None:
    numbers = smooth(3, depth)
    apart = "planarconfig" in LAYOUTS[layout]
    tifffile.imwrite(tmp_path / "a.tif", numbers.transpose(2, 0, 1) if apart else numbers, photometric="rgb", **LAYOUTS[layout])
    is_small(tmp_path / "a.tif")


def test_a_tiff_in_one_piece_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", smooth(3), photometric="rgb", rowsperstrip=HIGH, compression="zlib")
    with pytest.raises(
        PictureError, match=r"a\.tif is a TIFF in one piece, which is not opened for a small picture: save it in"
    ):
        read_small(tmp_path / "a.tif", EDGE)


def test_a_large_picture_of_another_format_is_refused(tmp_path: Path) -> None:
    Image.fromarray(smooth(3)).save(tmp_path / "a.webp")
    with pytest.raises(PictureError, match=r"a\.webp has 336 x 256 pixels and is no PNG, TIFF or JPEG: it is not opened"):
        read_small(tmp_path / "a.webp", EDGE)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_a_file_that_is_cut_short_is_refused(tmp_path: Path, name: str) -> None:
    Image.fromarray(smooth(3)).save(tmp_path / name)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:3000])
    with pytest.raises(PictureError, match="cut short or damaged"):
        read_small(tmp_path / name, EDGE)


def test_a_thin_picture_keeps_its_shape(tmp_path: Path) -> None:
    Image.new("RGB", (4000, 20), (200, 100, 50)).save(tmp_path / "a.png")
    made = read_small(tmp_path / "a.png", EDGE)
    assert made.shape == (1, EDGE, 3)
    assert_allclose(made[0], np.tile([200, 100, 50], (EDGE, 1)), atol=1)


@pytest.mark.slow
def test_a_picture_of_300_megapixels_takes_little_memory(tmp_path: Path) -> None:
    """30000 x 12000 pixels of RGB are a gigabyte; more than `read_picture` takes at all."""
    wide, high = 30_000, 12_000
    with (tmp_path / "a.png").open("wb") as file:
        packer = zlib.compressobj(1)
        row = b"\0" + bytes([10, 200, 90]) * wide
        body = b"".join(packer.compress(row) for _ in range(high)) + packer.flush()
        size = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, content in [(b"IHDR", size), (b"IDAT", body), (b"IEND", b"")]:
            check = struct.pack(">I", zlib.crc32(kind + content))
            file.write(struct.pack(">I", len(content)) + kind + content + check)
    code = (
        "import sys; from pathlib import Path; from nstk.pictures import read_small; made = read_small(sys.argv[1], 320); "
        "peak = Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0]; "
        "print(made.shape, made.mean((0, 1)).round(), peak)"
    )
    run = subprocess.run([sys.executable, "-c", code, tmp_path / "a.png"], check=True, capture_output=True, text=True)
    said, _, peak = run.stdout.strip().rpartition(" ")
    assert said == "(128, 320, 3) [ 10. 200.  90.]"
    assert int(peak) < 400_000  # kB
