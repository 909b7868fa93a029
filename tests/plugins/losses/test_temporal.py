"""The temporal loss: its formula, its gradient, and steps that are compiled once for many frames."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import nstk
from nstk import testing
from nstk.objective.compiled import Compiled
from nstk.plugins.losses.temporal import Temporal

SIZE = 24, 32
GENERATOR = np.random.default_rng(3)
PICTURE, BEFORE = GENERATOR.integers(0, 256, (2, *SIZE, 3), np.uint8)
MASK = GENERATOR.integers(0, 256, SIZE, np.uint8)


@pytest.fixture
def files(tmp_path):
    Image.fromarray(BEFORE).save(tmp_path / "before.png")
    Image.fromarray(MASK).save(tmp_path / "mask.png")
    return {"picture": str(tmp_path / "before.png"), "mask": str(tmp_path / "mask.png")}


def differentiated(loss):
    refs = testing.references(nstk.Pictures(PICTURE.astype(np.float32), {}))
    pixels = tf.Variable(PICTURE[None].astype(np.float32))
    with tf.GradientTape() as tape:
        value = loss({"image": pixels}, loss.target(refs))
    return float(value), tape.gradient(value, pixels).numpy()[0]


def test_it_is_the_papers_equation(files):
    value, gradient = differentiated(Temporal(**files))
    apart, shares = (PICTURE.astype(float) - BEFORE) / 255, MASK[..., None] / 255
    assert value == pytest.approx((shares * apart**2).sum() / apart.size, rel=1e-5)
    np.testing.assert_allclose(gradient, 2 * shares * apart / 255 / apart.size, rtol=1e-4, atol=1e-10)
    assert np.linalg.norm(gradient) > 1e-5, "without a gradient, nothing would be held"


def test_without_a_mask_it_counts_everywhere(files):
    value, _ = differentiated(Temporal(picture=files["picture"]))
    assert value == pytest.approx(np.square((PICTURE.astype(float) - BEFORE) / 255).mean(), rel=1e-5)


def test_another_picture_needs_no_other_step(files, tmp_path, monkeypatch):
    """A session goes on with its compiled step where the file holds another picture, and sees that picture."""
    made = []
    compile_ = Compiled.__init__

    def counted(self, *args, **options):
        made.append(self)
        compile_(self, *args, **options)

    monkeypatch.setattr(Compiled, "__init__", counted)
    Image.fromarray(PICTURE).save(tmp_path / "content.png")
    Image.fromarray(BEFORE).save(tmp_path / "style.png")
    recipe = nstk.load_recipe(
        {"backbone": "tiny", "steps": 2, "size": 32, "pyramid": False, "faces": "paint", "losses": {"temporal": files}},
        content=tmp_path / "content.png",
        style=tmp_path / "style.png",
        output=False,
    )
    found = []
    with nstk.Session() as session:
        for value in (0, 255):
            Image.new("RGB", SIZE[::-1], (value,) * 3).save(files["picture"])
            found.append(session.run(recipe, quiet=True).history[0]["temporal"])
            count = len(made)
    assert count == len(made) == 1
    expected = [np.mean(MASK[..., None] / 255 * np.square((PICTURE.astype(float) - value) / 255)) for value in (0, 255)]
    assert found == pytest.approx(expected, rel=1e-4)
