"""What weighs how much in a recipe, with the real VGG-19."""

from __future__ import annotations

import json

import pytest

import nstk
from nstk import testing
from nstk.engine.gradients import pulls

LOSSES = {
    "content": {"layers": ["block2_conv1"], "weight": 1},
    "gram": {"layers": {"block1_conv1": 0.5, "block2_conv1": 0.5}, "weight": 4},
    "tv": {"weight": 0.1},
}
REAL = {"backbone": "vgg19", "size": 64, "losses": LOSSES}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("explained")


@pytest.fixture(scope="module")
def explained(folder):
    """A recipe explained at the start, and at the photograph."""
    return nstk.explain(testing.recipe(folder, **REAL), folder / "content.png")


def of_gradient(shares, *labels):
    return [shares.losses[label].share_of_gradient for label in labels]


def test_shares_add_up(explained):
    for shares in explained.pictures:
        for key in ("share_of_loss", "share_of_gradient"):
            assert sum(getattr(it, key) for it in shares.losses.values()) == pytest.approx(1)
            layers = [getattr(it, key) for it in shares.layers["gram"].values()]
            assert sum(layers) == pytest.approx(getattr(shares.losses["gram"], key))
            assert min(layers) > 0
    assert explained.pictures[0].picture == "the start"
    assert [it.size for it in explained.pictures] == [(64, 48), (48, 36)]


def test_values_are_those_of_evaluate(explained, folder):
    judged = nstk.evaluate(testing.recipe(folder, **REAL), folder / "content.png")
    assert {label: it.value for label, it in explained.pictures[1].losses.items()} == pytest.approx(judged["losses"], rel=1e-4)


def test_a_copy_of_the_photograph_has_no_content_loss_but_the_start_has(explained):
    start, photograph = explained.pictures
    assert photograph.losses["content"].value == photograph.losses["content"].gradient == 0
    assert start.losses["content"].share_of_gradient > 0.01


def test_a_gradient_doubles_with_its_weight(explained, folder):
    doubled = {**LOSSES, "gram": {**LOSSES["gram"], "weight": 8}}
    before, after = explained.pictures[0], nstk.explain(testing.recipe(folder, **{**REAL, "losses": doubled})).pictures[0]
    (gram, content), (more, same) = of_gradient(before, "gram", "content"), of_gradient(after, "gram", "content")
    assert more / same == pytest.approx(2 * gram / content, rel=1e-3)
    assert more > gram
    assert after.losses["gram"].value == pytest.approx(2 * before.losses["gram"].value, rel=1e-4)


def test_the_gradient_of_a_loss_is_that_of_its_layers_together(folder):
    recipe = testing.recipe(folder, **REAL)
    joined = recipe.losses["gram"].model_copy(update={"layers": {"block1_conv1": 1.0}})
    pixels = nstk.read_picture(folder / "style.png")
    alone = recipe.model_copy(update={"losses": {**recipe.losses, "gram": joined}})
    both, one = (pulls(it, "style.png", pixels, lambda words: None) for it in (recipe, alone))
    assert not one.layers  # a single layer is the loss itself
    assert both.layers["gram"]["block1_conv1"].length == pytest.approx(one.losses["gram"].length / 2, rel=1e-4)


def test_as_json(explained):
    made = json.loads(json.dumps(explained.to_json()))
    assert [*made] == ["recipe", "weights", "pictures", "remarks"]
    assert made["weights"] == {"content": 1, "gram": 4, "tv": 0.1}
    start = made["pictures"][0]
    assert [*start] == ["picture", "size", "loss", "gradient", "losses", "layers", "paintings", "cosines"]
    assert [*start["losses"]["tv"]] == ["value", "share_of_loss", "gradient", "share_of_gradient"]
    assert start["cosines"][0]["losses"] == ["content", "gram"]
    assert -1 <= start["cosines"][0]["cosine"] <= 1


def test_another_aspect_is_refused(folder):
    nstk.write_picture(testing.pictures((48, 36)).content, folder / "tall.png")
    with pytest.raises(nstk.UserError, match="has another aspect"):
        nstk.explain(testing.recipe(folder, **REAL), folder / "tall.png")


@pytest.mark.parametrize(("size", "octaves"), [(160, [1]), pytest.param(256, [1, 2], marks=pytest.mark.slow)])
def test_in_tiles_all_is_the_same(size, octaves, tmp_path):
    losses = {**LOSSES, "gram": {**LOSSES["gram"], "octaves": octaves}}
    settings = {"size": size, "losses": losses, "run_eagerly": octaves == [1]}
    whole, tiled = (nstk.explain(testing.recipe(tmp_path, **settings, tiles=tiles)).pictures[0] for tiles in ("off", size // 2))
    labels = [*LOSSES]
    assert of_gradient(tiled, *labels) == pytest.approx(of_gradient(whole, *labels), rel=1e-3)
    assert tiled.layers["gram"].keys() == whole.layers["gram"].keys() == {"block1_conv1", "block2_conv1"}


def test_losses_that_join_their_layers_are_not_divided(tmp_path):
    losses = {
        "content": {},
        "chains": {"use": "gram", "chains": True, "layers": ["block1_conv1", "block2_conv1"]},
        "remd": {"layers": ["block1_conv1", "block2_conv1"]},
        "apart": {"use": "nearest", "layers": ["block1_conv1", "block2_conv1"]},
    }
    shares = nstk.explain(testing.recipe(tmp_path, losses=losses)).pictures[0]
    assert [*shares.layers] == ["apart"]
    assert min(of_gradient(shares, *losses)) > 0


def test_paintings_share_the_style(tmp_path):
    nstk.write_picture(testing.pictures((36, 48), seed=1).content, tmp_path / "other.png")
    testing.recipe(tmp_path)

    def paintings(**weights):
        names = {"a": "style", "b": "other"}
        style = {label: {"picture": str(tmp_path / f"{names[label]}.png"), "weight": it} for label, it in weights.items()}
        shares = nstk.explain(testing.recipe(tmp_path, style=style, losses=LOSSES)).pictures[0]
        return {label: it.share_of_gradient for label, it in shares.paintings.items()}

    even, uneven = paintings(a=1, b=1), paintings(a=3, b=1)
    assert sum(even.values()) == pytest.approx(1)
    assert uneven["a"] / uneven["b"] == pytest.approx(3 * even["a"] / even["b"], rel=1e-3)
    assert paintings(a=1) == {}
