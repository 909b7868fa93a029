"""A file as the start."""

from __future__ import annotations

import numpy as np

import nstk
from nstk import testing
from nstk.checkpoints.provenance import origins
from nstk.plugins.initializers.image import Image
from tests.plugins.initializers.samples import CONTENT, start


def test_it_takes_the_contents_size(tmp_path):
    halves = np.zeros((20, 90, 3), np.float32)
    halves[:, 45:] = [250, 100, 50]
    nstk.write_picture(halves, tmp_path / "halves.png")
    made = start(Image(file=str(tmp_path / "halves.png")))
    assert made.shape == CONTENT.shape
    np.testing.assert_allclose(made[:, :25], 0, atol=1)
    np.testing.assert_allclose(made[:, 35:], np.broadcast_to([250, 100, 50], (40, 25, 3)), atol=1)

    nstk.write_picture(CONTENT, tmp_path / "same.png")
    assert np.array_equal(start(Image(file=str(tmp_path / "same.png"))), np.rint(CONTENT))


def test_its_file_is_in_the_record(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nstk.write_picture(testing.pictures((36, 48), seed=9).content, "first.png")
    recipe = testing.recipe(tmp_path, init={"use": "image", "file": "first.png"})
    assert recipe.inputs()["init.file"] == tmp_path / "first.png"
    assert origins(recipe)["inputs"]["init.file"]["path"] == str(tmp_path / "first.png")
