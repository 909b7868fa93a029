"""Photoshop's files: what a channel besides the colours is."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from nstk import pictures
from tests.pictures.colours import saved
from tests.pictures.formats.cell import levels
from tests.pictures.formats.cells_simple import psd


@pytest.mark.parametrize("transparent", [False, True])
def test_a_fourth_channel_of_rgb(tmp_path, caplog, transparent):
    """It is a selection that was kept, unless the number of layers says otherwise."""
    pixels = levels(8, alpha=True)
    (tmp_path / "a.psd").write_bytes(psd(pixels, 3, transparent=transparent))
    picture = pictures.read_all(tmp_path / "a.psd")
    assert np.array_equal(picture.colours, pixels[..., :3])
    assert (picture.alpha is not None) == transparent
    assert not caplog.records


@pytest.mark.parametrize(("transparent", "warnings"), [(False, 0), (True, 1)])
def test_a_second_channel_of_grey(tmp_path, caplog, transparent, warnings):
    pixels = levels(8, "grey", alpha=True)
    (tmp_path / "a.psd").write_bytes(psd(pixels, 1, transparent=transparent))
    assert np.array_equal(pictures.read_all(tmp_path / "a.psd").colours[..., :1], pixels[..., :1])
    assert len(caplog.records) == warnings
    assert ("a.psd is read without its transparency" in caplog.text) == transparent


@pytest.mark.parametrize("form", ["PNG", "TGA", "TIFF", "WEBP"])
def test_nothing_but_transparency_is_named(tmp_path, caplog, form):
    """Some programs leave the alpha that they do not know at 0."""
    (tmp_path / "a").write_bytes(saved(form, Image.new("RGBA", (32, 32), (9, 8, 7, 0))))
    pictures.read_all(tmp_path / "a")
    assert "a is transparent everywhere: if it should not be, save it without transparency" in caplog.text
