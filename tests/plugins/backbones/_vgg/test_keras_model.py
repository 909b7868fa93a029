"""A whole Keras model as weights: one's own network around a VGG, whose layers are found by name."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import zipfile
from functools import cache
from types import SimpleNamespace

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl

from nstk.plugins.backbones._vgg import keras_h5, keras_model
from nstk.plugins.backbones._vgg.weights import Network, read_weights
from nstk.plugins.backbones.vgg19 import Vgg19
from tests.plugins.backbones._vgg.samples import refuses

# What Keras's own saving does under numpy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")

SMALL = Network("SMALL", "VGG19", (1, 2), (2, 3))
SIDE = 16
WEIGHTS, CONFIG = "model.weights.h5", "config.json"


def small_vgg(name="vgg19", skip=(), channels=SMALL.channels):
    """A VGG of three convolutions, in Keras, with names as `keras.applications` gives them."""
    x = inputs = keras.Input((SIDE, SIDE, 3))
    for block, (count, width) in enumerate(zip(SMALL.convs, channels, strict=True), start=1):
        for layer in (f"block{block}_conv{index}" for index in range(1, count + 1)):
            called = None if layer in skip else layer
            x = kl.Conv2D(width, 3, padding="same", activation="relu", bias_initializer="random_normal", name=called)(x)
        x = kl.MaxPooling2D(name=f"block{block}_pool")(x)
    return keras.Model(inputs, x, name=name)


def headed(vgg):
    """The VGG's own layers and more behind them, among these one more convolution."""
    return keras.Model(vgg.input, kl.Dense(4, name="head")(kl.Flatten()(kl.Conv2D(3, 3, name="more")(vgg.output))))


def in_sequence(vgg):
    """A layer among others, as in Keras's own guide to fine-tuning; convolutions before it and behind it."""
    before = [keras.Input((SIDE, SIDE, 3)), kl.RandomFlip(), kl.Conv2D(3, 3, padding="same")]
    return keras.Sequential([*before, vgg, kl.Conv2D(4, 3), kl.Flatten(), kl.Dense(4)])


def in_models(vgg):
    """A model in a model in a model."""
    inputs = keras.Input((SIDE, SIDE, 3))
    inner = keras.Sequential([keras.Input((SIDE, SIDE, 3)), in_sequence(vgg)], name="inner")
    return keras.Model(inputs, kl.Dense(2)(inner(kl.Conv2D(3, 1)(inputs))))


def for_each_frame(vgg):
    """Inside of a wrapper."""
    inputs = keras.Input((5, SIDE, SIDE, 3))
    return keras.Model(inputs, kl.TimeDistributed(vgg)(inputs))


AROUND = {"plain": lambda vgg: vgg, "headed": headed, "in sequence": in_sequence, "in models": in_models}
AROUND["for each frame"] = for_each_frame


@cache
def around_vgg(kind):
    """A model of this kind, and the VGG in it."""
    vgg = small_vgg()
    return AROUND[kind](vgg), vgg


def same(path, vgg):
    """Whether the file gives the numbers that the model has."""
    kernels = read_weights(str(path), SMALL).kernels
    assert list(kernels) == list(SMALL.shapes)
    for layer, arrays in kernels.items():
        for read, expected in zip(arrays, vgg.get_layer(layer).get_weights(), strict=True):
            np.testing.assert_array_equal(read, expected)


def parts(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def forget_names(source):
    """As Keras 3 wrote its file of weights before it noted the names of layers."""
    with h5py.File(source, "r+") as file:
        file.visititems(lambda _, node: node.attrs.pop("name", None) and None)
    return source


@pytest.fixture(scope="module")
def sequence(tmp_path_factory):
    """The parts of a small model, saved as .keras, that tests do damage to."""
    path = tmp_path_factory.mktemp("models") / "model.keras"
    around_vgg("in sequence")[0].save(path)
    return parts(path)


# -- VGG-19 itself


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """VGG-19 in a classifier after a step of training, as .keras and as .h5: 80 MB each."""
    folder = tmp_path_factory.mktemp("tuned")
    keras.utils.set_random_seed(0)
    vgg = keras.applications.VGG19(include_top=False, weights=None, input_shape=(48, 48, 3))
    for layer, arrays in Vgg19().load().kernels.items():
        vgg.get_layer(layer).set_weights(arrays)
    inputs = keras.Input((48, 48, 3))
    model = keras.Sequential([inputs, kl.RandomFlip(), vgg, kl.GlobalAveragePooling2D(), kl.Dense(3)])
    model.compile(keras.optimizers.SGD(1e-5), "mse", run_eagerly=True)
    pictures = np.random.default_rng(0).uniform(-100, 100, (2, 48, 48, 3)).astype(np.float32)
    model.train_on_batch(pictures, np.eye(2, 3, dtype=np.float32))
    model.save(folder / "tuned.keras")
    model.save(folder / "tuned.h5")
    yield SimpleNamespace(folder=folder, vgg=vgg)
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["tuned.keras", "tuned.h5"])
def test_a_tuned_network_gives_its_own_activations(tuned, name):
    layers = ["block2_conv1", "block5_conv1"]
    image = tf.constant(np.random.default_rng(1).uniform(0, 255, (1, 48, 48, 3)), tf.float32)
    made = Vgg19(weights=str(tuned.folder / name)).build(layers)(image)
    own = keras.Model(tuned.vgg.input, [tuned.vgg.get_layer(layer).output for layer in layers])
    untrained = Vgg19().build(layers)(image)
    for layer, expected in zip(layers, own(keras.applications.vgg19.preprocess_input(image)), strict=True):
        assert np.linalg.norm(made[layer] - expected) < 1e-4 * np.linalg.norm(expected)
        assert np.linalg.norm(untrained[layer] - expected) > 1e-3 * np.linalg.norm(expected)


def test_reading_a_model_imports_no_keras(tuned):
    code = (
        "import sys; from nstk.plugins.backbones.vgg19 import Vgg19; "
        f"Vgg19(weights={str(tuned.folder / 'tuned.keras')!r}).load(); print({{'tensorflow', 'keras'}} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "set()\n"


# -- where a VGG can lie


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".weights.h5"])
@pytest.mark.parametrize("kind", AROUND)
def test_a_vgg_anywhere_in_a_model(tmp_path, kind, suffix):
    model, vgg = around_vgg(kind)
    (model.save_weights if suffix == ".weights.h5" else model.save)(tmp_path / f"model{suffix}")
    same(tmp_path / f"model{suffix}", vgg)


@pytest.mark.parametrize("kind", AROUND)
def test_names_from_the_configuration(tmp_path, kind, monkeypatch):
    monkeypatch.setattr(keras_h5, "_by_order", None)  # which would find most of them as well
    model, vgg = around_vgg(kind)
    model.save(tmp_path / "new.keras")
    members = parts(tmp_path / "new.keras")
    write(tmp_path / "model.keras", members | {WEIGHTS: forget_names(io.BytesIO(members[WEIGHTS])).getvalue()})
    same(tmp_path / "model.keras", vgg)


@pytest.mark.parametrize("kind", ["in sequence", "in models"])
def test_without_names_a_model_of_as_many(tmp_path, kind):
    model, vgg = around_vgg(kind)
    model.save_weights(tmp_path / "model.weights.h5")
    forget_names(tmp_path / "model.weights.h5")
    same(tmp_path / "model.weights.h5", vgg)


def test_a_compiled_model(tmp_path):
    """The optimizer keeps arrays of the same shapes."""
    vgg = small_vgg()
    model = in_sequence(vgg)
    model.compile("adam", "mse", run_eagerly=True)
    model.train_on_batch(np.ones((1, SIDE, SIDE, 3), np.float32), np.ones((1, 4), np.float32))
    for name in ("model.keras", "model.h5"):
        model.save(tmp_path / name)
        same(tmp_path / name, vgg)


def test_an_old_file_called_keras(tmp_path):
    model, vgg = around_vgg("in sequence")
    model.save(tmp_path / "model.h5")
    (tmp_path / "model.h5").rename(tmp_path / "model.keras")
    same(tmp_path / "model.keras", vgg)


def test_a_packed_model(tmp_path, sequence):
    write(tmp_path / "stored.keras", sequence)
    write(tmp_path / "packed.keras", sequence, zipfile.ZIP_DEFLATED)
    stored, packed = (read_weights(str(tmp_path / f"{name}.keras"), SMALL).kernels for name in ("stored", "packed"))
    assert all(np.array_equal(stored[layer][0], packed[layer][0]) for layer in SMALL.shapes)


# -- what is refused


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".weights.h5"])
def test_two_networks_in_one_model(tmp_path, suffix):
    inputs = keras.Input((SIDE, SIDE, 3))
    first, second = small_vgg("first"), small_vgg("second")
    path = tmp_path / f"model{suffix}"
    model = keras.Model(inputs, kl.Add()([first(inputs), second(inputs)]))
    (model.save_weights if suffix == ".weights.h5" else model.save)(path)
    refuses(path, "has two layers `block1_conv1`, `first/block1_conv1` and `second/block1_conv1`; save the one model that is")
    if suffix == ".weights.h5":
        refuses(forget_names(path), "has 2 models with as many convolutions as SMALL, and no layer tells by its name which is")


def test_without_names_too_many_convolutions(tmp_path):
    around_vgg("headed")[0].save_weights(tmp_path / "model.weights.h5")
    forget_names(tmp_path / "model.weights.h5")
    refuses(tmp_path / "model.weights.h5", "has 4 convolutions, SMALL has 3, and none is called `block1_conv1`", "(.keras)")


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_layer_is_missing_or_misshapen(tmp_path, suffix):
    path = tmp_path / f"model{suffix}"
    in_sequence(small_vgg(skip=["block2_conv1"])).save(path)
    refuses(path, "layer `block2_conv1` is missing (2 of SMALL's 3 convolutions are there)")
    in_sequence(small_vgg(channels=(2, 4))).save(path)
    refuses(path, "layer `block2_conv1` has a kernel of shape (3, 3, 2, 4), SMALL needs (3, 3, 2, 3)")


@pytest.mark.parametrize("part", [WEIGHTS, CONFIG])
def test_a_part_is_unpacked_but_not_without_end(tmp_path, sequence, part, monkeypatch):
    monkeypatch.setitem(keras_model.MOST_BYTES, part, 1 << 20)
    members = sequence | {WEIGHTS: forget_names(io.BytesIO(sequence[WEIGHTS])).getvalue()}
    write(tmp_path / "bomb.keras", members | {part: bytes((1 << 20) + 1)}, zipfile.ZIP_DEFLATED)
    refuses(tmp_path / "bomb.keras", f"`{part}` in it unpacks to more than 1 MB")


def nested(levels):
    model = {"class_name": "Conv2D", "config": {"name": "block1_conv1"}}
    for _ in range(levels):
        model = {"class_name": "Sequential", "config": {"name": "a", "layers": [model]}}
    return json.dumps(model).encode()


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (b"[" * 100_000, "cannot be read as a .keras file"),
        (nested(50), "models lie in each other too deeply"),
        (b"{", "cannot be read as a .keras file"),
        (b"[1, {}]", "has 2 convolutions, SMALL has 3, and none is called `block1_conv1`"),
        (b'{"config": {"layers": [1, {"class_name": 2}, {"class_name": "Conv2D", "config": 3}]}}', "has 2 convolutions"),
        (
            b'{"config": {"layers": [{"class_name": "Conv2D", "config": {"name": "block1_conv1"}}]}}',
            "`block2_conv1` is missing",
        ),
    ],
    ids=["deep", "models", "torn", "list", "nonsense", "another"],
)
def test_a_configuration_that_says_anything(tmp_path, sequence, config, sentence):
    weights = forget_names(io.BytesIO(sequence[WEIGHTS]))
    with h5py.File(weights, "r+") as file:
        del file["layers/functional"]
    write(tmp_path / "model.keras", {WEIGHTS: weights.getvalue(), CONFIG: config})
    refuses(tmp_path / "model.keras", sentence)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a\nb\x1b[31m", "`a?b?[31m/block1_conv1`"), ("a\n" + "c" * 200, "`..." + "c" * 67 + "/block1_conv1`")],
    ids=["control", "long"],
)
def test_a_name_that_would_break_the_sentence(tmp_path, sequence, name, shown):
    weights = io.BytesIO(sequence[WEIGHTS])
    with h5py.File(weights, "r+") as file:
        file["layers/functional/vars"].attrs["name"] = name
        file["layers/conv2d/vars"].attrs["name"] = "block1_conv1"
    write(tmp_path / "model.keras", {WEIGHTS: weights.getvalue()})
    refuses(tmp_path / "model.keras", shown)


def test_groups_without_end(tmp_path):
    with h5py.File(tmp_path / "deep.h5", "w") as file:
        file.create_group("a/" * 500)
    refuses(tmp_path / "deep.h5", "groups lie in each other too deeply")


def test_an_archive_that_is_no_model(tmp_path, sequence):
    write(tmp_path / "whole.keras", sequence)
    data = (tmp_path / "whole.keras").read_bytes()
    half = len(data) // 2
    for torn in (data[:half], data[:half] + bytes([data[half] ^ 1]) + data[half + 1 :], b"<html>404</html>"):
        (tmp_path / "model.keras").write_bytes(torn)
        refuses(tmp_path / "model.keras", "cannot be read as a .keras file", "fetch it again")
    write(tmp_path / "model.keras", {CONFIG: sequence[CONFIG]})
    refuses(tmp_path / "model.keras", "cannot be read as a .keras file", "no item named 'model.weights.h5'")
    write(tmp_path / "model.keras", sequence, zipfile.ZIP_LZMA)
    refuses(tmp_path / "model.keras", "`model.weights.h5` is compressed in an unusual way: save it as Keras does")


def test_no_room_to_unpack(tmp_path, sequence, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keras_model.shutil, "copyfileobj", full)
    write(tmp_path / "model.keras", sequence)
    refuses(tmp_path / "model.keras", "its weights cannot be unpacked into", "No space left on device", "TMPDIR")
