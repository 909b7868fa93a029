"""The sum over octaves: its value, its gradient, in tiles as on the whole, and for losses that know nothing of it."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import testing
from nstk.objective.compiled import Compiled
from nstk.objective.features import batch, layers_read, network
from nstk.objective.in_octaves import GraphObjective, OctaveObjective, averaged, made_smaller
from nstk.objective.octaves import octaves_at
from nstk.objective.tile_network import TileNetwork
from nstk.objective.tiled import TiledObjective
from nstk.objective.tiles import Tiling
from nstk.objective.whole import WholeObjective
from nstk.plugins.backbones.tiny import Tiny
from nstk.plugins.losses.content import Content
from nstk.plugins.losses.gram import Gram
from nstk.plugins.losses.moments import Moments
from nstk.plugins.losses.tv import TotalVariation

SIZE, STYLE = (91, 130), (75, 67)


class Bright(nstk.Loss):
    """A loss of the kind that a plugin brings: it knows nothing of octaves."""

    name = "bright"

    def target(self, refs):
        return tf.reduce_max(refs.content["image"], axis=3)

    def __call__(self, features, target):
        return tf.reduce_mean(tf.abs(tf.reduce_max(features["image"], axis=3) - target)) / 255


LOSSES = {
    "gram": Gram(
        weight=10, layers=["block1_conv1", "block3_conv1"], octaves={1: ["block1_conv1"], 2: ["block1_conv1", "block3_conv1"]}
    ),
    "content": Content(layers=["block2_conv2"], octaves=[4]),
    "moments": Moments(layers=["block1_conv2"], octaves=[1, 4]),
    "tv": TotalVariation(weight=0.05, octaves=[2, 1]),
}


def pictures(size=SIZE, style=STYLE):
    return nstk.Pictures(testing.pictures(size).content, {"a": testing.pictures(style, 1).content})


def parts(losses, made=None, tiles=0, dtype="float32"):
    """The objective of each octave: whole, or those that are larger than a tile in tiles and the others in graphs."""
    made, backbone = made or pictures(), Tiny()
    octaves = octaves_at(losses, made.content.shape[1::-1], [it.shape[1::-1] for it in made.styles.values()], least=0)

    def part(it):
        net = network(backbone, layers_read(backbone, it.losses.values()), dtype)
        small = made_smaller(made, it.divisor)
        if tiles and it.longest > tiles:
            return TiledObjective(TileNetwork(net, it.losses, Tiling.of(backbone, it.losses, tiles)), small)
        compiled = partial(Compiled, xla=False)
        return GraphObjective(net, it.losses, small, compiled=compiled) if tiles else WholeObjective(net, it.losses, small)

    return {it.divisor: part(it) for it in octaves}


def objective(losses=LOSSES, **options):
    return OctaveObjective(losses, parts(losses, **options), options.get("dtype", "float32"))


def picture(size=SIZE):
    return batch(testing.pictures(size, 2).content)


def test_squares_are_averaged():
    pixels = picture((12, 16))
    expected = pixels.numpy().reshape(1, 3, 4, 4, 4, 3).mean(axis=(2, 4))
    assert np.allclose(averaged(pixels, 4), expected, rtol=1e-6)


@pytest.mark.parametrize("size", [(33, 50), (34, 47), (35, 64), (17, 16)])
@pytest.mark.parametrize("divisor", [2, 4, 8])
def test_no_pixel_of_an_odd_size_is_left_out(size, divisor):
    pixels = picture(size)
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        small = averaged(pixels, divisor)
    gradient = tape.gradient(small, pixels)
    assert small.shape[1:3] == tuple(-(-edge // divisor) for edge in size)
    assert float(tf.reduce_min(gradient)) >= 1 / divisor**2 - 1e-6
    assert float(tf.reduce_sum(gradient)) == pytest.approx(float(tf.size(small)), rel=1e-5)


def test_it_is_the_sum_over_smaller_pictures():
    made = pictures()
    evaluation, gradient = objective().value_and_grad(picture())
    expected, summed = dict.fromkeys(LOSSES, 0.0), 0.0
    for divisor, part in parts(LOSSES, made).items():
        pixels = picture()
        with tf.GradientTape() as tape:
            tape.watch(pixels)
            found = part.evaluate(tf.nn.avg_pool2d(pixels, divisor, divisor, "SAME"))
        summed += tape.gradient(found.loss, pixels).numpy()
        for label, value in found.losses.items():
            expected[label] += float(value)
    assert {label: float(value) for label, value in evaluation.losses.items()} == pytest.approx(expected, rel=1e-6)
    assert float(evaluation.loss) == pytest.approx(sum(expected.values()), rel=1e-6)
    assert np.linalg.norm(gradient - summed) <= 1e-5 * np.linalg.norm(summed)


def test_the_gradient_is_that_of_the_value():
    losses = {"gram": Gram(layers=["image"], octaves=[1, 4]), "tv": TotalVariation(octaves=[2])}
    it, pixels = objective(losses), picture()
    direction = tf.constant(np.random.default_rng(0).normal(size=pixels.shape), tf.float32)
    slope = float(tf.reduce_sum(it.value_and_grad(pixels)[1] * direction))
    ends = [float(it.evaluate(pixels + step * direction).loss) for step in (0.25, -0.25)]
    assert (ends[0] - ends[1]) / 0.5 == pytest.approx(slope, rel=2e-3)


def test_in_tiles_it_is_that_of_the_whole():
    (whole, expected), (tiled, gradient) = (objective(tiles=it).value_and_grad(picture()) for it in (0, 64))
    assert {k: float(v) for k, v in tiled.losses.items()} == pytest.approx(
        {k: float(v) for k, v in whole.losses.items()}, rel=1e-5
    )
    assert np.linalg.norm(gradient - expected) <= 1e-5 * np.linalg.norm(expected)


def test_a_loss_that_no_tile_can_split_is_whole_at_a_small_octave():
    losses = {"gram": Gram(layers=["block1_conv1"]), "bright": Bright(octaves=[4])}
    it = objective(losses, tiles=64)
    assert [type(part) for part in it.parts.values()] == [TiledObjective, GraphObjective]
    (one, expected), (other, gradient) = (it.value_and_grad(picture()) for it in (objective(losses), it))
    assert float(other.losses["bright"]) == pytest.approx(float(one.losses["bright"]), rel=1e-5)
    assert np.linalg.norm(gradient - expected) <= 1e-5 * np.linalg.norm(expected)
    assert it.faulty(picture()) == ""


def test_the_same_picture_has_the_same_bits():
    step = Compiled(objective().value_and_grad, xla=False)
    values = [step(picture()) for _ in range(3)]
    assert all(np.array_equal(gradient, values[0][1]) for _, gradient in values)
    assert len({float(evaluation.loss) for evaluation, _ in values}) == 1


def test_loss_scaling_works_at_octaves():
    """float16 rounds, and where a pooling's activations are then equal, another one may count."""
    (_, expected), (_, gradient) = (objective(dtype=it).value_and_grad(picture()) for it in ("float32", "float16"))
    assert np.linalg.norm(gradient - expected) <= 0.1 * np.linalg.norm(expected)


def test_targets_of_all_octaves_give_way():
    one, other = (OctaveObjective(LOSSES, parts(LOSSES, pictures(style=it))) for it in (STYLE, (66, 90)))
    expected = float(other.evaluate(picture()).loss)
    with one.compared_with(other.target_tensors):
        assert float(one.evaluate(picture()).loss) == expected
    assert float(one.evaluate(picture()).loss) != expected
    one.targets = {}
    assert not one.target_tensors


@pytest.mark.parametrize("loss", [Bright(octaves=[1, 2]), LOSSES["gram"]])
def test_a_loss_at_octaves_keeps_the_contract(loss):
    testing.check_loss(loss, (40, 66))
