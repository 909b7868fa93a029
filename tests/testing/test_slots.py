"""The checks of the other slots: each finds what is broken, and passes what is good."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import testing
from tests.testing.samples import broken, found


class Start(nstk.Initializer):
    """Noise."""

    name = "start"

    def __call__(self, pictures, rng):
        return rng.uniform(0, 255, pictures.content.shape).astype(np.float32)


class Shape(nstk.Parametrization):
    """Red moves more readily."""

    name = "shape"

    def operator(self, height, width):
        return lambda change: change * [2.0, 1.0, 1.0]


class Half(nstk.Region):
    """The left half."""

    name = "half"

    def __call__(self, pictures):
        height, width = pictures.content.shape[:2]
        return np.tile((np.arange(width) < width / 2).astype(np.float32), (height, 1))


class Tint(nstk.Colours):
    """Darker."""

    name = "tint"

    def of_style(self, style, content):
        return style * 0.9

    def of_picture(self, picture, content):
        return picture * 0.9


class Net(nstk.Backbone):
    """Averages."""

    name = "net"
    layers = (nstk.Layer("near", 3, 2, 2), nstk.Layer("far", 3, 4, 4))

    def build(self, layers):
        def forward(image):
            near = tf.nn.avg_pool2d(image, 2, 2, "VALID")
            found = {"near": near, "far": tf.nn.avg_pool2d(near, 2, 2, "VALID")}
            return {layer: found[layer] for layer in layers}

        return forward


class Tapped(Net):
    """Averages, with a tap that is left out."""

    name = "tapped"
    taps = True

    def build(self, layers):
        forward = Net.build(self, layers)
        return lambda image, tap=None: {layer: map_ * (2.0 if tap else 1.0) for layer, map_ in forward(image).items()}


def start(make):
    return broken(Start, __call__=make)


def shape(operator):
    return broken(Shape, operator=lambda self, height, width: operator)


def half(make):
    return broken(Half, __call__=lambda self, pictures: make(pictures.content))


def net(change, **members):
    """A network whose forward function is changed: `change` takes the function of `Net` and the picture."""

    def build(self, layers):
        forward = Net.build(self, layers)
        return lambda image: change(forward, image)

    return broken(Net, build=build, **members)


def unseeded(self, pictures, rng):
    return np.random.default_rng().uniform(0, 255, pictures.content.shape)


def write(self, style, content):
    content[:] = 0
    return style


def trained(forward, image):
    factor = tf.Variable(2.0)
    return {layer: factor * map_ for layer, map_ in forward(image).items()}


def scaled(factor):
    return lambda forward, image: {layer: factor * map_ for layer, map_ in forward(image).items()}


def wide(forward, image):
    return {layer: map_ + tf.reduce_mean(map_) for layer, map_ in forward(image).items()}


def together(forward, image):
    return {layer: map_ + len(forward(image)) for layer, map_ in forward(image).items()}


def of_numpy(forward, image):
    return {layer: tf.constant(map_.numpy()) for layer, map_ in forward(image).items()}


def frozen(forward, image):
    return {layer: map_ * (2.0 if tf.executing_eagerly() else 1.0) for layer, map_ in forward(image).items()}


CHECKS = {
    nstk.Initializer: testing.check_initializer,
    nstk.Parametrization: testing.check_parametrization,
    nstk.Region: testing.check_region,
    nstk.Colours: testing.check_colours,
    nstk.Backbone: testing.check_backbone,
}

BROKEN = {
    "start: nothing": (start(lambda s, p, r: None), "initializer `broken` returned nothing: is a `return` missing"),
    "start: a shape": (start(lambda s, p, r: np.zeros((2, 3))), r"made an array of shape \(2, 3\), not \(37, 50, 3\)"),
    "start: a tensor": (start(lambda s, p, r: tf.constant(p.content)), "of the type EagerTensor: return a numpy array"),
    "start: a truth": (start(lambda s, p, r: p.content > 9), "of the number type bool: return float32"),
    "start: NaN": (start(lambda s, p, r: p.content * np.nan), "made an array with NaN or infinity in it"),
    "start: a range": (start(lambda s, p, r: p.content + 90), r"made [\d.]+ to 3[\d.]+: clip that to 0..255"),
    "start: the content itself": (start(lambda s, p, r: p.content), "returned the content's own array: return a copy"),
    "start: chance": (start(unseeded), "with the same seed: draw from `rng`"),
    "start: an exception": (start(lambda s, p, r: {}["x"]), r"initializer `broken` failed: KeyError: 'x' \(test_slots"),
    "start: finer": (broken(Start, finer=lambda s, p, c, size, r: c[1:]), "in finer, made an array of shape"),
    "start: finer chance": (
        broken(Start, finer=lambda s, p, c, size, r: unseeded(s, p, r)),
        "in finer, made another picture when it was asked again",
    ),
    "shape: no function": (shape(3), r"operator\(\) returned 3: return a function"),
    "shape: no tensor": (shape(lambda c: np.asarray(c)), "of the type ndarray: return a tensor"),
    "shape: a shape": (shape(lambda c: c[:, 1:]), "its operator made an array of shape"),
    "shape: a number type": (shape(lambda c: tf.cast(c, tf.float64)), "numbers of the type float64, not float32"),
    "shape: not linear": (shape(lambda c: c + 1), "its operator is not linear"),
    "shape: a square": (shape(lambda c: c * tf.abs(c)), "its operator is not linear"),
    "shape: not symmetric": (shape(lambda c: tf.roll(c, 1, 2) + 3 * c), "its operator is not symmetric"),
    "shape: not positive": (shape(lambda c: c * [1.0, 1.0, -0.1]), "its operator is not positive"),
    "shape: chance": (shape(lambda c: c * tf.random.uniform(())), "of the same change when it is asked again"),
    "shape: NaN": (shape(lambda c: c * np.nan), "with NaN or infinity"),
    "shape: otherwise compiled": (
        shape(lambda c: c * (1.0 if tf.executing_eagerly() else 2.0)),
        "makes something else compiled: use tensors only",
    ),
    "half: a shape": (half(lambda c: c[..., :2] / 255), "made an array of shape .*, not"),
    "half: a range": (half(lambda c: c[..., 0]), "clip that to 0..1"),
    "half: a number type": (half(lambda c: c[..., 0].astype(np.float64) / 255), r"type float64: return `.astype"),
    "half: chance": (
        half(lambda c: np.random.default_rng().random(c.shape[:2], np.float32)),
        "another map of the same picture",
    ),
    "half: pixels": (half(lambda c: (np.indices(c.shape[:2])[1] < 20).astype(np.float32)), "takes 40 % of a picture, but 20 %"),
    "tint: a shape": (broken(Tint, of_style=lambda s, a, c: a[:-1]), "colours `broken`, in of_style, made an array of shape"),
    "tint: the wrong picture": (broken(Tint, of_style=lambda s, a, c: c.copy()), "in of_style, made an array of shape"),
    "tint: NaN": (broken(Tint, of_picture=lambda s, a, c: a / a.std() * np.nan), "in of_picture, made an array with NaN"),
    "tint: written": (broken(Tint, of_style=write), "colours `broken` failed: ValueError: assignment destination is read-only"),
    "tint: chance": (
        broken(Tint, of_picture=lambda s, a, c: a * np.random.default_rng().random()),
        "made another picture when it was asked again",
    ),
    "net: another layer": (net(lambda f, i: {"other": i}), "gave the layers other, where near, far were asked for"),
    "net: channels": (
        net(lambda f, i: {k: v[..., :2] for k, v in f(i).items()}),
        r"made an array of shape \(1, 18, 25, 2\), not",
    ),
    "net: a stride": (net(lambda f, i: {k: v[:, :-2] for k, v in f(i).items()}), "made 16 positions of 37 pixels, which is no"),
    "net: no batch": (net(lambda f, i: {k: v[0] for k, v in f(i).items()}), r"not \[1, height, width, channels\]"),
    "net: a number type": (net(lambda f, i: {k: tf.cast(v, tf.float64) for k, v in f(i).items()}), "float64, not float32"),
    "net: NaN": (net(scaled(np.nan)), "with NaN or infinity"),
    "net: no gradient": (net(of_numpy), "has no gradient in the picture"),
    "net: nothing seen": (net(scaled(0.0)), "has a gradient of zero everywhere"),
    "net: trained": (net(trained), "holds variables that can be trained"),
    "net: chance": (
        net(lambda f, i: scaled(tf.random.uniform(()))(f, i)),
        "something else of layer `far` when it is asked for again",
    ),
    "net: not alone": (net(together), "something else of layer `far` when no other layer is asked for"),
    "net: otherwise compiled": (net(frozen), "something else of layer `far` when it is compiled"),
    "net: all of the picture": (net(wide), "sees .* pixels, but its receptive_field is 2"),
    "net: a tap": (Tapped(), "something else of layer `far` with a tap that changes nothing"),
    "net: twice": (broken(Net, layers=(nstk.Layer("a", 3, 2, 2),) * 2), "two layers that are called `a`"),
    "net: image": (broken(Net, layers=(nstk.Layer("image", 3, 2, 2),)), "a layer that is called `image`"),
    "net: no stride": (broken(Net, layers=(nstk.Layer("a", 3, 0, 2),)), "layer `a` needs whole numbers above 0"),
    "net: no function": (broken(Net, build=lambda s, layers: None), r"build\(\) returned None: return a function"),
    "net: provenance": (broken(Net, provenance=lambda s: {"a": {1}}), "return a mapping that JSON can hold"),
    "net: precision": (
        broken(Net, build=lambda s, layers, dtype="float32": Net.build(s, layers)),
        "was built for bfloat16, but makes float32",
    ),
}


def check(part):
    next(check for base, check in CHECKS.items() if isinstance(part, base))(part)


@pytest.mark.parametrize("good", [Start(), Shape(), Half(), Tint(), Net()], ids=lambda it: it.name)
def test_a_good_part_passes(good):
    check(good)


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_part_is_told_why(what):
    found(check, *BROKEN[what])


def test_a_network_that_sees_all_says_so():
    testing.check_backbone(net(wide, local=False))


def test_a_region_is_checked_where_it_finds_something():
    content = np.full((40, 30, 3), 200, np.float32)
    testing.check_region(half(lambda c: (c[..., 0] > 100).astype(np.float32)), content=content)
    with pytest.raises(AssertionError, match="of the number type bool"):
        testing.check_region(half(lambda c: c[..., 0] > 100), content=content)
    with pytest.raises(AssertionError, match="returned a part of the content's own array: return a new one"):
        testing.check_region(half(lambda c: c[..., 0]), content=np.ones((40, 30, 3), np.float32))
