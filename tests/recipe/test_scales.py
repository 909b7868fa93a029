"""Coarse to fine: the sizes, the steps of each, and what a run makes of them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import example, given, strategies as st

import nstk
from nstk import pictures, testing
from nstk.engine import scale
from nstk.pictures import fit
from nstk.recipe.scales import Pyramid, long_edge, plan, shares
from tests.helpers import same


@pytest.mark.parametrize(
    ("pyramid", "edges"),
    [
        ({"levels": 1}, [512]),
        ({"levels": 3}, [128, 256, 512]),
        ({"start": 100}, [128, 256, 512]),
        ({"start": 512}, [512]),
        ({"start": 128, "ratio": 2**0.5}, [128, 181, 256, 362, 512]),
        ({"start": 64, "levels": 2}, [256, 512]),
    ],
)
def test_the_sizes(pyramid, edges):
    assert Pyramid(**pyramid).long_edges(512) == edges


@example(3382, 3334, 0.1)
@given(st.integers(16, 5000), st.integers(16, 5000), st.floats(0.01, 100))
def test_megapixels_are_met_to_a_row(width, height, megapixels):
    made = fit(width, height, long_edge(f"{megapixels:f}MP", width, height))
    assert abs(made[0] * made[1] - float(f"{megapixels:f}") * 1e6) <= max(made)


@pytest.mark.parametrize(
    ("size", "edge"), [(700, 700), ("content", 400), ("1.2MP", 1265), (".03MP", 200), ("0.03mp", 200), ("3.MP", 2000)]
)
def test_the_long_edge_that_a_size_means(size, edge):
    assert long_edge(size, 400, 300) == long_edge(size, 300, 400) == edge


@pytest.mark.parametrize(
    ("size", "made"), [("content", (50, 37)), ("0.005MP", (82, 61)), ("0.0005MP", (26, 19)), (40, (40, 30))]
)
def test_a_recipe_knows_its_size(tmp_path, size, made):
    """The saved recipe has the number, so that it paints the same size whatever becomes of the content."""
    pictures.write_picture(testing.pictures().content, tmp_path / "photo.png")
    recipe = testing.recipe(tmp_path, content=str(tmp_path / "photo.png"), size=size)
    assert recipe.size == made[0]
    assert fit(50, 37, recipe.size) == made
    assert recipe.to_plain()["size"] == made[0]


def test_it_ends_at_the_contents_own_size(tmp_path):
    recipe = testing.recipe(tmp_path, size="content", pyramid={"start": 20}, steps=[2, 2])
    assert recipe.pyramid.long_edges(recipe.size) == [24, 48]


@given(size=st.integers(16, 4000), ratio=st.floats(1.05, 8), start=st.integers(16, 4000))
def test_sizes_rise_to_the_size_asked_for(size, ratio, start):
    edges = Pyramid(ratio=ratio, start=min(start, size)).long_edges(size)
    assert edges[-1] == size
    assert edges[0] >= min(start, size)
    assert edges == sorted(edges)


@pytest.mark.parametrize(("steps", "levels", "each"), [(9, 3, [3, 3, 3]), (11, 3, [4, 4, 3]), (5, 1, [5]), ([7, 2], 2, [7, 2])])
def test_the_steps_of_each_scale(steps, levels, each):
    assert shares(steps, levels) == each


def test_every_scale_keeps_the_aspect():
    scales = plan(400, 300, 200, 30, Pyramid(levels=3))
    assert [(scale.index, scale.width, scale.height, scale.steps) for scale in scales] == [
        (0, 50, 38, 10),
        (1, 100, 75, 10),
        (2, 200, 150, 10),
    ]


LBFGS = {"use": "lbfgs", "history": 3}
"""A short history is quickly compiled."""


@pytest.mark.parametrize("optimizer", ["adam", pytest.param(LBFGS, marks=pytest.mark.slow)], ids=["adam", "lbfgs"])
def test_a_run_paints_scale_after_scale(optimizer, tmp_path):
    result = testing.run_recipe(tmp_path, optimizer=optimizer, pyramid={"levels": 2}, steps=[4, 3])
    assert [row["scale"] for row in result.history] == [0] * 4 + [1] * 3
    assert [row["step"] for row in result.history] == list(range(1, 8))
    assert result.picture.shape == (36, 48, 3)
    record = json.loads((tmp_path / "out.run.json").read_text())
    assert record["scales"] == [
        {"width": 24, "height": 18, "steps": 4, "done": 4, "tiles": "off"},
        {"width": 48, "height": 36, "steps": 3, "done": 3, "tiles": "off"},
    ]


@pytest.mark.slow
def test_a_saved_pyramid_gives_the_same_picture(tmp_path):
    first = testing.run_recipe(tmp_path, optimizer=LBFGS, pyramid={"start": 20}, steps=7, average=0.5)
    saved = first.path.rename(tmp_path / "saved.png")
    again = nstk.run(nstk.load_recipe(tmp_path / "out.recipe.yaml"))
    assert same(again.path, saved)


def test_the_style_keeps_its_share(tmp_path, monkeypatch):
    """A painting has `style_scale` times the long edge of each scale, so its strokes grow with the picture."""
    sizes = []
    real = scale.pictures_of

    def spy(recipe, width, height):
        pictures = real(recipe, width, height)
        sizes.append((width, max(pictures.styles["style"].shape)))
        return pictures

    monkeypatch.setattr(scale, "pictures_of", spy)
    testing.run_recipe(tmp_path, pyramid={"levels": 2}, steps=2, style_scale=1.5)
    assert sizes == [(24, 36), (48, 72)]


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_the_average_is_the_result(run_eagerly, tmp_path, plugin):
    keep = """
class Keep(nstk.Callback):
    \"\"\"Keeps the picture of every step.\"\"\"
    name = "keep"

    def on_start(self, run):
        self.pictures = []

    def on_step(self, run, step):
        self.pictures.append(step.image())

    def on_end(self, run):
        np.save(run.beside("{name}.npy"), self.pictures)

@nstk.hookimpl
def nstk_callbacks():
    return [Keep]
"""
    settings = {"plugins": [plugin(keep)], "callbacks": {"keep": None}, "steps": 4, "run_eagerly": run_eagerly}
    testing.run_recipe(tmp_path, **settings)
    plain = np.load(tmp_path / "out.npy")
    result = testing.run_recipe(tmp_path, average=0.5, **settings)
    averaged = np.load(tmp_path / "out.npy")
    weights = 0.5 ** np.arange(3, -1, -1)
    expected = np.tensordot(weights / weights.sum(), plain, 1)
    np.testing.assert_allclose(averaged[-1], expected, atol=0.05)
    np.testing.assert_array_equal(result.picture, np.rint(averaged[-1]))
    assert np.abs(expected - plain[-1]).max() > 1  # the average is something else than the last picture


@pytest.mark.parametrize("settings", [{"average": 0.9, "pyramid": {"levels": 2}}, {"optimizer": LBFGS}])
def test_last_losses_are_the_pictures(settings, tmp_path):
    result = testing.run_recipe(tmp_path, steps=4, **settings)
    judged = nstk.evaluate(testing.recipe(tmp_path, steps=4, **settings), result.path)
    for label, value in result.losses.items():
        assert judged["losses"][label] == pytest.approx(value, rel=0.06)  # the file has 8 bits a channel
