"""The whole way of a picture: a photograph with all that one may have, through a run, to the files that it leaves."""

from __future__ import annotations

import struct
import zlib

import imagecodecs
import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

import nstk
from nstk import pictures, testing
from nstk.pictures import icc
from tests.helpers import same
from tests.pictures.samples import chunk, disc, swapped_profile


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    """A PNG of 16 bits of a disc with a soft edge on nothing, in strange colours, turned, with EXIF."""
    upright = np.dstack([testing.pictures((48, 40)).content * 257, 65535 * disc(48, 15)[:, 4:44]])
    upright[upright[..., 3] == 0] = 0  # transparent black
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Orientation] = "Canon", 6
    exif[IFD.Exif] = {Base.LensModel: "RF24-70mm F2.8 L"}
    exif[IFD.GPSInfo] = {GPS.GPSLatitudeRef: "N"}
    data = imagecodecs.png_encode(np.ascontiguousarray(np.rot90(upright).astype(np.uint16)))
    extra = chunk(b"iCCP", b"swapped\0\0" + zlib.compress(swapped_profile())) + chunk(b"eXIf", exif.tobytes()[6:])
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    path.write_bytes(data[:33] + extra + data[33:])
    return path


def run(folder, **settings):
    """A few steps, op by op: nothing here depends on how a step is compiled."""
    return testing.run_recipe(folder, run_eagerly=True, **settings)


def test_a_run_keeps_what_a_photo_has(tmp_path, photo):
    settings = {
        "content": str(photo),
        "size": "content",
        "output": {"path": str(tmp_path / "out.png"), "depth": 16},
        "callbacks": {"snapshots": {"every": 2, "path": "{name}-{step}.jpg"}},
    }
    result = run(tmp_path, **settings)
    content, made = pictures.read_all(photo), pictures.read_all(result.path)
    assert content.size == made.size == (40, 48)
    assert struct.unpack_from(">IIB", result.path.read_bytes(), 16) == (40, 48, 16)
    assert made.alpha == pytest.approx(content.alpha, abs=1e-4)
    assert made.alpha == pytest.approx(disc(48, 15)[:, 4:44], abs=1e-4)
    assert (pictures.to_uint8(made.colours) == result.picture).all()
    assert (result.alpha == pictures.to_uint8(255 * made.alpha)).all()
    assert np.abs(made.colours - pictures.filled(content.colours, content.alpha)).max() < 12  # 3 steps of Adam by 2 levels
    with Image.open(result.path) as picture, Image.open(tmp_path / "out-2.jpg") as snapshot:
        for file in (picture, snapshot):
            assert file.info["icc_profile"] == icc.srgb()
            exif = file.getexif()
            assert exif[Base.Make] == "Canon"
            assert exif.get_ifd(IFD.Exif)[Base.LensModel] == "RF24-70mm F2.8 L"
            assert exif.get_ifd(IFD.Exif)[Base.ExifImageHeight] == 48
            assert Base.Orientation not in exif
            assert IFD.GPSInfo not in exif
        assert np.asarray(snapshot)[0, 0] == pytest.approx(255, abs=2)  # a JPEG has white paper
    saved = result.path.rename(tmp_path / "saved.png")
    again = nstk.run(nstk.load_recipe(tmp_path / "out.recipe.yaml"))
    assert same(again.path, saved)


def test_a_result_is_judged_as_painted(tmp_path, photo):
    """Its hidden colours too, for the run's losses saw them; under white they would be those of another picture."""
    settings = {"content": str(photo), "size": 40, "output": {"path": str(tmp_path / "out.png"), "depth": 16, "gps": True}}
    result = run(tmp_path, **settings)
    judged = nstk.evaluate(testing.recipe(tmp_path, **settings), result.path)
    assert judged["losses"] == pytest.approx(result.losses, rel=1e-3)
    with Image.open(result.path) as picture:
        assert picture.getexif().get_ifd(IFD.GPSInfo) == {GPS.GPSLatitudeRef: "N"}


def test_opaque_content_judges_on_white(tmp_path):
    recipe = testing.recipe(tmp_path, size=48)
    colours = testing.pictures((36, 48), seed=1).content
    pictures.write_picture(colours, tmp_path / "clear.png", alpha=disc(48, 15)[6:42])
    pictures.write_picture(pictures.read_picture(tmp_path / "clear.png"), tmp_path / "white.tif", depth=16)
    judged = [nstk.evaluate(recipe, tmp_path / name)["losses"] for name in ("clear.png", "white.tif")]
    assert judged[0] == pytest.approx(judged[1], rel=1e-4)


def test_a_jpeg_is_judged_with_a_warning(tmp_path, photo, caplog):
    result = run(tmp_path, content=str(photo), size=40, output=str(tmp_path / "out.jpg"), steps=1)
    nstk.evaluate(testing.recipe(tmp_path, content=str(photo), size=40), result.path)
    assert "out.jpg is opaque, but the content is not" in caplog.text


def test_an_earlier_result_as_the_start(tmp_path, photo):
    """What is painted goes on: no white from behind it."""
    init = {"use": "image", "file": str(photo)}
    result = run(tmp_path, content=str(photo), size=48, init=init, steps=1)
    content = pictures.read_all(photo)
    assert np.abs(result.picture - pictures.filled(content.colours, content.alpha)).max() < 4
