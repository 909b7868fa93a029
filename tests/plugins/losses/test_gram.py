"""The losses, held against plain numpy, against the deeplearning.ai course's network, and against every loss's contract."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as arrays

import nstk
from nstk import testing
from nstk.api import References
from nstk.objective.sums import added, each
from nstk.plugins.backbones.vgg19 import Vgg19
from nstk.plugins.losses.content import Content
from nstk.plugins.losses.gram import Gram
from nstk.plugins.losses.tv import TotalVariation, roughness
from nstk.registry.registry import Registry

LAYERS = {"block1_conv2": 0.3, "block2_conv1": 1.7}
FORMULAS = ["relative", "gatys", "course", "mean"]
MADE = testing.pictures()
PICTURE = testing.pictures(seed=1).content


@pytest.fixture(scope="module")
def refs():
    """The style has another size than the content."""
    made = nstk.Pictures(MADE.content, {"style": testing.pictures((45, 29), seed=2).styles["style"]})
    return testing.references(made, [*LAYERS, "image"])


@pytest.fixture(scope="module")
def features():
    return testing.features(PICTURE, [*LAYERS, "image"])


def value(loss, features, refs):
    return float(loss(features, loss.target(refs)))


def gram_matrix(activations):
    """Entry by entry, from the definition, in float64."""
    flat = np.asarray(activations, np.float64)[0].reshape(-1, activations.shape[-1])
    return np.array([[np.sum(flat[:, i] * flat[:, j]) for j in range(flat.shape[1])] for i in range(flat.shape[1])]), len(flat)


# --- the formulas


@pytest.mark.parametrize("formula", FORMULAS)
def test_content_is_its_formula(formula, features, refs):
    expected = 0.0
    for layer, weight in LAYERS.items():
        f, p = (np.asarray(x[layer], np.float64)[0] for x in (features, refs.content))
        height, width, channels = f.shape
        total = ((f - p) ** 2).sum()
        by_formula = {
            "relative": total / (p**2).sum(),
            "gatys": total / 2,
            "course": total / (4 * height * width * channels),
            "mean": total / (height * width * channels),
        }
        expected += weight * by_formula[formula]
    assert value(Content(layers=LAYERS, formula=formula), features, refs) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("formula", FORMULAS)
def test_gram_is_its_formula(formula, features, refs):
    expected = 0.0
    for layer, weight in LAYERS.items():
        (g, positions), (a, style_positions) = gram_matrix(features[layer]), gram_matrix(refs.styles["style"][layer])
        g, a, channels = g / positions, a / style_positions, len(g)
        total = ((g - a) ** 2).sum()
        by_formula = {
            "relative": total / (a**2).sum(),
            "gatys": total / (4 * channels**2),
            "course": total / (4 * channels**2),
            "mean": total / channels**2,
        }
        expected += weight * by_formula[formula]
    assert value(Gram(layers=LAYERS, formula=formula), features, refs) == pytest.approx(expected, rel=1e-4)


def test_gram_of_a_style_of_the_pictures_size_is_the_papers(features):
    style = testing.features(MADE.styles["style"], LAYERS)
    expected = 0.0
    for layer, weight in LAYERS.items():
        (g, positions), (a, _) = gram_matrix(features[layer]), gram_matrix(style[layer])
        expected += weight * ((g - a) ** 2).sum() / (4 * len(g) ** 2 * positions**2)  # equation 4
    target = References(features, {"style": style})
    assert value(Gram(layers=LAYERS, formula="gatys"), features, target) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("formula", FORMULAS)
def test_total_variation_is_its_formula(formula, features, refs):
    def roughness(picture):
        down = sum(((below - above) ** 2).sum() for above, below in pairwise(picture))
        return down + sum(((right - left) ** 2).sum() for left, right in pairwise(picture.swapaxes(0, 1)))

    total, elements = roughness(PICTURE.astype(np.float64)), PICTURE.size
    expected = {
        "relative": total / roughness(MADE.content.astype(np.float64)),
        "gatys": total / 2,
        "course": total / (4 * elements),
        "mean": total / elements,
    }[formula]
    assert value(TotalVariation(formula=formula), features, refs) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("size", [(9, 11), (1, 4), (3, 1)])
def test_the_gradient_of_total_variation_is_tensorflows(size):
    image = tf.constant(np.random.default_rng(0).uniform(0, 255, (1, *size, 3)), tf.float32)

    def plain(image):
        down, right = image[:, 1:] - image[:, :-1], image[:, :, 1:] - image[:, :, :-1]
        return tf.reduce_sum(tf.square(down)) + tf.reduce_sum(tf.square(right))

    made = []
    for function in (roughness, plain):
        with tf.GradientTape() as tape:
            tape.watch(image)
            value = 3.0 * function(image)
        made.append((value, tape.gradient(value, image)))
    for ours, theirs in zip(*made, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-2)


def test_the_target_of_several_styles_is_their_mean_gram(features):
    styles = {label: testing.features(testing.pictures(seed=seed).content, LAYERS) for seed, label in enumerate("ab")}
    target = Gram(layers=LAYERS).target(References(features, styles))
    for layer in LAYERS:
        grams = [gram / positions for gram, positions in (gram_matrix(style[layer]) for style in styles.values())]
        np.testing.assert_allclose(target.sums[layer]["gram"], np.mean(grams, 0), rtol=1e-4)
        assert float(target.sums[layer]["norm"]) == pytest.approx(np.sum(np.square(np.mean(grams, 0))), rel=1e-4)


def test_a_photograph_without_any_differences_does_not_blow_up_total_variation():
    flat = testing.references(nstk.Pictures(np.full((9, 11, 3), 128, np.float32), {}))
    one_level = np.indices((9, 11, 3))[:2].sum(0).astype(np.float32)  # every neighbour differs by one level
    assert 1 < value(TotalVariation(), testing.features(one_level), flat) < 2
    assert value(TotalVariation(), flat.content, flat) == 0


@pytest.mark.parametrize("loss", [Content(layers=["a"]), Gram(layers=["a"])])
def test_a_layer_that_never_fires_is_finite(loss):
    silent = {"a": tf.zeros((1, 4, 5, 2))}
    assert value(loss, silent, References(silent, {"style": silent})) == 0
    assert np.isfinite(value(loss, {"a": tf.ones((1, 4, 5, 2))}, References(silent, {"style": silent})))


# --- the course's set-up


def course_network(kernels, picture):
    """The course's model: MatConvNet's VGG-19 with average pooling, on RGB minus the mean colour; activations by layer."""
    x = tf.constant(picture[None] - np.array([123.68, 116.779, 103.939]), tf.float32)
    found = {}
    for block, convs in enumerate((2, 2, 4, 4, 1), start=1):
        for index in range(1, convs + 1):
            kernel, bias = kernels[f"block{block}_conv{index}"]
            if (block, index) == (1, 1):
                kernel = kernel[:, :, ::-1]  # Keras's first kernel reads BGR
            x = tf.nn.relu(tf.nn.conv2d(x, kernel, [1, 1, 1, 1], "SAME") + bias)
            found[f"conv{block}_{index}"] = x
        x = tf.nn.avg_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    return found


def course_content_cost(content, generated):
    _, height, width, channels = generated.shape
    return tf.reduce_sum(tf.square(content - generated)) / (4 * height * width * channels)


def course_layer_style_cost(style, generated):
    _, height, width, channels = generated.shape

    def unrolled_gram(activations):
        unrolled = tf.transpose(tf.reshape(activations, [height * width, channels]))
        return tf.matmul(unrolled, tf.transpose(unrolled))

    difference = unrolled_gram(style) - unrolled_gram(generated)
    return tf.reduce_sum(tf.square(difference)) / (4 * channels**2 * (height * width) ** 2)


@pytest.mark.parametrize("size", [(37, 45), (51, 35)])
def test_the_courses_costs_at_odd_sizes(size, tmp_path):
    made, generated = testing.pictures(size), testing.pictures(size, seed=1).content
    pictures = {"content": made.content, "style": made.styles["style"], "generated": generated}
    rounded = {name: np.rint(picture) for name, picture in pictures.items()}
    for name, picture in rounded.items():
        nstk.write_picture(picture, tmp_path / f"{name}.png")
    course = {
        "content": str(tmp_path / "content.png"),
        "style": str(tmp_path / "style.png"),
        "size": max(size),
        "backbone": {"use": "vgg19", "pooling": "average", "pool_padding": "same"},
        "losses": {
            "content": {"layers": ["block4_conv2"], "formula": "course", "weight": 10},
            "gram": {"layers": {f"block{block}_conv1": 0.2 for block in range(1, 6)}, "formula": "course", "weight": 40},
        },
    }
    measured = nstk.evaluate(course, tmp_path / "generated.png")

    kernels = Vgg19().load().kernels
    content, style, ours = (course_network(kernels, rounded[name]) for name in ("content", "style", "generated"))
    content_cost = float(course_content_cost(content["conv4_2"], ours["conv4_2"]))
    style_cost = sum(0.2 * float(course_layer_style_cost(style[f"conv{n}_1"], ours[f"conv{n}_1"])) for n in range(1, 6))
    assert measured["unweighted"] == pytest.approx({"content": content_cost, "gram": style_cost}, rel=1e-3)
    assert measured["loss"] == pytest.approx(10 * content_cost + 40 * style_cost, rel=1e-3)
    assert measured["sizes"]["picture"] == [size[1], size[0]]
    assert measured["sizes"]["style"] == {"file": [size[1], size[0]], "compared": [size[1], size[0]]}


# --- statistic and score


def rows(features, rows):
    return {layer: x[:, rows] for layer, x in features.items()}


def close(one, other):
    each(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5 * np.abs(b).max()), one, other)


@pytest.mark.parametrize("loss", [Content(layers=LAYERS), Gram(layers=LAYERS)], ids=lambda loss: loss.name)
def test_the_statistics_of_two_halves_add_up(loss, features, refs):
    whole, parts = slice(None), [slice(None, 14), slice(14, None)]  # the same row of every layer is an even share of it
    sums = [
        lambda at: loss.statistic(rows(features, at), loss.maps(rows(refs.content, at))),
        lambda at: loss.of_content(rows(refs.content, at)),
        lambda at: loss.of_style(rows(refs.styles["style"], at)),
    ]
    for of in sums:
        close(added(*map(of, parts)), of(whole))


def test_the_statistics_of_total_variation_add_up_over_halves_that_share_a_row(features, refs):
    loss = TotalVariation()
    for of, there in ((lambda cut: loss.statistic(cut, None), features), (loss.of_content, refs.content)):
        upper, lower, shared = (of(rows(there, at)) for at in (slice(None, 15), slice(14, None), slice(14, 15)))
        close(each(lambda a, b, twice: a + b - twice, upper, lower, shared), of(there))


@settings(max_examples=20, deadline=None)
@given(arrays.arrays(np.float32, (1, 4, 3, 5), elements=st.floats(0, 100, width=32)), st.randoms(use_true_random=False))
def test_a_gram_matrix_is_symmetric_positive_and_blind_to_positions(activations, random):
    gram = Gram(layers=["a"]).statistic({"a": tf.constant(activations)}, None)["a"]["gram"].numpy()
    order = list(range(12))
    random.shuffle(order)
    shuffled = activations.reshape(1, 12, 5)[:, order].reshape(1, 4, 3, 5)
    other = Gram(layers=["a"]).statistic({"a": tf.constant(shuffled)}, None)["a"]["gram"].numpy()
    np.testing.assert_allclose(gram, gram.T, rtol=1e-5)
    np.testing.assert_allclose(gram, other, rtol=1e-4, atol=1e-2)
    assert np.linalg.eigvalsh(gram.astype(np.float64)).min() >= -1e-4 * max(1.0, np.abs(gram).max())


# --- every loss

ZERO_AT = {"content": "content", "gram": "style"}
"""Where a loss is zero; one that is not listed has no such picture."""


@pytest.mark.parametrize("name", Registry(installed=False).names("loss"))
def test_the_contract_of_every_loss(name):
    loss = Registry(installed=False).get("loss", name)(weight=2)
    testing.check_loss(loss, zero_at=ZERO_AT.get(name))
    testing.check_loss(loss, size=(33, 47), zero_at=ZERO_AT.get(name))


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("cls", [Content, Gram, TotalVariation])
def test_the_contract_holds_for_every_formula(cls, formula):
    testing.check_loss(cls(formula=formula), zero_at=ZERO_AT.get(cls.name))


def test_total_variation_is_zero_on_a_flat_picture(refs):
    flat = testing.features(np.full_like(PICTURE, 77))
    assert value(TotalVariation(), flat, refs) == 0


def test_a_list_of_layers_means_equal_weights_that_sum_to_one(features, refs):
    listed = value(Content(layers=list(LAYERS)), features, refs)
    assert listed == value(Content(layers=dict.fromkeys(LAYERS, 0.5)), features, refs)
