"""Losses and paintings in regions: what a recipe's `where`, `mask` and `paint` do to the objective, whole and in tiles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

import nstk
from nstk import testing
from nstk.engine.inputs import pictures_of
from nstk.engine.kept import Kept
from nstk.engine.limits import maps_of
from nstk.engine.plan import Plan
from nstk.engine.scale import objective
from nstk.objective.features import batch

LOSSES = {
    "content": {"layers": ["block2_conv1", "block3_conv1"]},
    "gram": {"weight": 3.0},
    "sliced": {"layers": ["block1_conv1", "block3_conv1"]},
    "tv": {"weight": 0.1},
}
"""Two losses that compare with paintings, one that compares with the content, and one that sees neighbours."""


def drawn(folder, name, map_):
    Image.fromarray(np.rint(255 * map_).astype(np.uint8)).save(folder / name)
    return str(folder / name)


def halves(height, width, soft=9):
    """White at the left, with a soft edge."""
    return np.tile(np.clip((0.4 * width - np.arange(width)) / soft + 0.5, 0, 1), (height, 1))


@pytest.fixture
def at(tmp_path):
    """Gives the losses and the gradient, at some picture, of a recipe with more keys for pictures of a size."""

    def make(size, **keys):
        height, width = size
        content, one, two = (testing.pictures(size, seed).content for seed in (0, 1, 2))
        for name, picture in (("content", content), ("one", one), ("two", two)):
            Image.fromarray(picture.astype(np.uint8)).save(tmp_path / f"{name}.png")
        drawn(tmp_path, "left.png", halves(height, width))
        drawn(tmp_path, "white.png", np.ones(size))
        drawn(tmp_path, "edge.png", np.eye(height, width) > 0)
        files = {"content": str(tmp_path / "content.png"), "style": str(tmp_path / "one.png"), "losses": LOSSES}
        fixed = {"size": max(size), "pyramid": False, "steps": 1, "output": False}
        recipe = testing.recipe(tmp_path, **{**fixed, **files, **keys})
        plan = Plan.of(recipe)
        made = pictures_of(recipe, width, height)
        return objective(recipe, plan, Kept(), plan.scales[0], made, plan.layouts[0]), recipe, made

    def value(size, **keys):
        found = make(size, **keys)[0]
        evaluation, gradient = found.value_and_grad(batch(testing.pictures(size, 5).content))
        return {label: float(it) for label, it in evaluation.losses.items()}, np.asarray(gradient)[0]

    value.make, value.file = make, lambda name: str(tmp_path / name)
    return value


def painting(at, name, **keys):
    return {"picture": at.file(name), **keys}


@pytest.mark.parametrize("key", ["painting", "mask", "loss", "paint"])
def test_a_white_region_equals_none_to_the_bit(at, key):
    plain, gradient = at((37, 50))
    white = at.file("white.png")
    of = {
        "painting": {"style": painting(at, "one.png", where=white)},
        "mask": {"style": painting(at, "one.png", mask=white)},
        "loss": {
            "losses": {**LOSSES, "gram": {"weight": 3.0, "where": white}, "content": {**LOSSES["content"], "where": white}}
        },
        "paint": {"paint": white},
    }[key]
    losses, other = at((37, 50), **of)
    assert losses == plain
    assert np.array_equal(other, gradient)


def test_a_painting_counts_in_its_region_alone(at):
    left = painting(at, "one.png", where=at.file("left.png"))
    only_style = {"losses": {"gram": {"layers": ["image"]}}}
    _, gradient = at((37, 60), style=left, **only_style)
    assert np.abs(gradient[:, :15]).min() > 0 == np.abs(gradient[:, 40:]).max()


def test_one_painting_in_two_regions_that_fill_the_picture_is_two_pictures(at):
    """With a hard edge, and a loss that sees single pixels, each half has the loss of the half alone, by its share."""
    (left, right), size = (slice(0, 20), slice(20, 50)), (40, 50)
    hard = np.zeros(size)
    hard[:, left] = 1
    loss = {"losses": {"gram": {"layers": ["image"]}}}
    at.make(size)
    drawn_at = at.file("hard.png")
    Image.fromarray(np.uint8(255 * hard)).save(drawn_at)
    style = {"a": painting(at, "one.png", where=drawn_at), "b": painting(at, "two.png")}
    losses, gradient = at(size, style=style, **loss)
    whole, picture = at.make(size, **loss)[0], testing.pictures(size, 5).content
    other = at.make(size, style=painting(at, "two.png"), **loss)[0]
    parts = [(whole, left), (other, right)]
    values = [it.value_and_grad(batch(np.ascontiguousarray(picture[:, part]))) for it, part in parts]
    assert losses["gram"] == pytest.approx(0.4 * float(values[0][0].loss) + 0.6 * float(values[1][0].loss), rel=1e-5)
    for (_, expected), (_, part), share in zip(values, parts, (0.4, 0.6), strict=True):
        np.testing.assert_allclose(gradient[:, part], share * np.asarray(expected)[0], rtol=1e-3, atol=1e-9)


def test_the_region_of_a_loss_is_a_weight_over_positions(at):
    """Half of the content loss at single pixels is the squared distance there, by the norm of the whole photograph."""
    content = {"layers": ["image"], "formula": "gatys"}
    _, everywhere = at((37, 60), losses={"content": content})
    losses, gradient = at((37, 60), losses={"content": {**content, "where": at.file("left.png")}})
    weights = np.rint(8 * halves(37, 60)) / 8
    np.testing.assert_allclose(gradient, everywhere * weights[..., None], rtol=1e-3, atol=1e-5 * np.abs(everywhere).max())
    assert losses["content"] == pytest.approx(0.5 * np.sum(weights[..., None] * everywhere**2), rel=1e-3)


def test_only_the_part_of_a_painting_under_its_mask_counts(at):
    at.make((37, 50))
    half = np.asarray(Image.open(at.file("one.png"))).copy()
    half[:, 25:] = 255 - half[:, 25:]  # the other half of the painting is changed
    Image.fromarray(half).save(at.file("changed.png"))
    hard = np.zeros((37, 50))
    hard[:, :24] = 1
    Image.fromarray(np.uint8(255 * hard)).save(at.file("hard.png"))
    loss = {"losses": {"gram": {"layers": ["image"]}}}
    one, other = (
        at((37, 50), style=painting(at, name, mask=at.file("hard.png")), **loss) for name in ("one.png", "changed.png")
    )
    assert one[0] == other[0] != at((37, 50), **loss)[0]


def test_regions_that_overlap_give_way_and_the_rest_takes_what_is_left(at):
    half = {"map": at.file("left.png"), "feather": 2}
    style = {
        "a": painting(at, "one.png", where=at.file("left.png")),
        "b": painting(at, "two.png", where=at.file("white.png")),
        "c": painting(at, "two.png", where=half),
    }
    _, recipe, made = at.make((37, 60), style=style)
    total = sum(group.map for group in maps_of(recipe, made).groups)
    assert total == pytest.approx(1, abs=1e-6)
    del style["b"]["where"]
    _, recipe, made = at.make((37, 60), style=style)
    groups = {group.labels[0]: group.map for group in maps_of(recipe, made).groups}
    assert sum(groups.values()) == pytest.approx(1, abs=1e-6)
    assert groups["b"][:, 40:] == pytest.approx(1)
    assert groups["a"][:, :10] == pytest.approx(0.5)
    assert groups["c"][:, :10] == pytest.approx(0.5)


def test_what_is_not_painted_is_the_photograph_to_the_bit_and_has_no_gradient(at):
    found, _, made = at.make((37, 60), paint=at.file("left.png"))
    picture = batch(testing.pictures((37, 60), 5).content)
    evaluation, gradient = found.value_and_grad(picture)
    gradient, seen = np.asarray(gradient)[0], np.asarray(found.seen(picture))[0]
    assert np.array_equal(seen[:, 40:], made.content[:, 40:])
    assert np.abs(gradient[:, 40:]).max() == 0 < np.abs(gradient[:, :15]).mean()
    assert float(found.evaluate(seen[None]).loss) == pytest.approx(float(evaluation.loss), rel=0.2)


def assert_exact_in_tiles(folder, size, edge, **more):
    """The objective of a recipe with regions of all kinds, and its gradient, are those of the whole picture."""
    for seed, name in enumerate(("content", "one", "two")):
        Image.fromarray(testing.pictures(size, seed).content.astype(np.uint8)).save(folder / f"{name}.png")
    left = {"map": drawn(folder, "left.png", halves(*size)), "grow": -2}
    small = drawn(folder, "small.png", np.pad(np.ones((5, 6)), ((40, size[0] - 45), (31, size[1] - 37))))
    sky = {"picture": str(folder / "one.png"), "where": left, "mask": left, "weight": 2}
    keys = {
        "content": str(folder / "content.png"),
        "style": {"sky": sky, "rest": str(folder / "two.png")},
        "paint": {**left, "invert": True},
        "losses": {**LOSSES, "near": {"use": "content", "layers": ["block3_conv1"], "where": small}},
    }
    fixed = {"size": max(size), "pyramid": False, "steps": 1, "output": False}
    found = []
    for tiles in ("off", edge):
        recipe = testing.recipe(folder, **{**fixed, **keys, **more}, tiles=tiles)
        plan = Plan.of(recipe)
        made = pictures_of(recipe, *size[::-1])
        it = objective(recipe, plan, Kept(), plan.scales[0], made, plan.layouts[0])
        found.append(it.value_and_grad(batch(testing.pictures(size, 5).content)))
    (one, expected), (other, gradient) = found
    assert {k: float(v) for k, v in other.losses.items()} == pytest.approx(
        {k: float(v) for k, v in one.losses.items()}, rel=1e-5
    )
    assert np.linalg.norm(gradient - expected) <= 2e-5 * np.linalg.norm(expected)


@pytest.mark.slow
@settings(max_examples=6, deadline=None)
@given(
    size=st.tuples(st.integers(70, 120), st.integers(70, 120)),
    edge=st.integers(64, 80),
    pool_padding=st.sampled_from(["valid", "same"]),
)
def test_regions_are_exact_in_tiles(tmp_path_factory, size, edge, pool_padding):
    backbone = {"use": "tiny", "pool_padding": pool_padding}
    assert_exact_in_tiles(tmp_path_factory.mktemp("tiles"), size, edge, backbone=backbone, run_eagerly=True)


@pytest.mark.slow
def test_compiled_tiles_with_regions_are_exact(tmp_path):
    losses = {"gram": {"layers": ["block1_conv1", "block3_conv1"]}, "content": {"layers": ["block3_conv1"]}}
    assert_exact_in_tiles(tmp_path, (72, 100), 64, losses=losses)


def test_a_region_that_lies_nowhere_leaves_its_loss_out(at):
    losses = {**LOSSES, "face": {"use": "content", "layers": ["block1_conv1"], "where": "face"}}
    found, _ = at((64, 64), losses=losses)
    assert "face" not in found
    assert found == at((64, 64))[0]


def test_a_region_that_lies_nowhere_is_told_wherever_losses_are_judged(tmp_path):
    losses = {**LOSSES, "face": {"use": "content", "layers": ["block1_conv1"], "where": "face"}}
    recipe = testing.recipe(tmp_path, losses=losses)
    judged = nstk.evaluate(recipe, tmp_path / "content.png")
    assert judged["losses"]["face"] == 0 < judged["losses"]["gram"]
    explained = nstk.explain(recipe)
    assert explained.pictures[0].losses["face"].value == 0
    (line,) = [it for it in explained.remarks if "`losses.face.where`" in it]
    assert "no `face` was found in" in line
    assert not any("`face` contributes" in it for it in explained.remarks)


def test_a_painting_gets_the_colours_of_its_region(at):
    left = at.file("left.png")
    _, _, made = at.make((37, 60), colours="match", style=painting(at, "one.png", where=left, mask=left))
    inside = np.rint(255 * halves(37, 60)) > 127
    matched, content = made.styles["style"][inside], made.content[inside]
    assert matched.mean(axis=0) == pytest.approx(content.mean(axis=0), abs=3)  # what leaves 0..255 is cut off
    one = nstk.read_picture(at.file("one.png"))
    assert np.array_equal(made.styles["style"][~inside], one[~inside])
