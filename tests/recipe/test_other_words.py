"""The words of other tools: what is shown for each is good, in a file as on the command line."""

from __future__ import annotations

import re

import pytest

import nstk
from nstk.recipe.other_words import ABSENT, SAME, is_ours
from nstk.recipe.settings import Settings
from tests.recipe.samples import PICTURES, refused

VALUES = {
    "content": "photo.png",
    "style": "painting.png",
    "output": "a.png",
    "init": "noise",
    "init.file": "photo.png",
    "optimizer": "adam",
    "backbone": "tiny",
    "backbone.pooling": "avg",
    "backbone.padding": "reflect",
    "losses.wasserstein.layers": "[relu1_1, conv2_1]",
    "losses.content.layers": "relu4_2",
    "size": "64",
    "width": "64",
    "style_scale": "0.5",
    "init.blend": "0.5",
    "callbacks.early_stop.min_improvement": "0.1",
    "average": "0.9",
    "optimizer.beta_1": "0.5",
    "optimizer.beta_2": "0.5",
    "pyramid.levels": "2",
    "pyramid.start": "64",
    "memory": "8GB",
    "tiles": "128",
    "output.depth": "16",
}
"""A value for each place for which 20 is none."""


def words():
    """One word for each place in a recipe, but for weights, which are large files."""
    return {place: word for word, place in SAME.items() if place != "backbone.weights"}.items()


@pytest.mark.parametrize(("place", "word"), words())
def test_the_override_shown_is_good(place, word, project):
    value = VALUES.get(place, "20")
    told = refused("default", [f"{word}={value}"])
    assert f"unknown key `{word}`" in told
    shown = re.search("write `(.*?)`", told)[1]
    settings = re.findall(r"([\w.]+=(?:\[.*?\]|\S+))", shown)
    assert " ".join(settings) == shown
    assert nstk.load_recipe("default", settings)


@pytest.mark.parametrize(("place", "word"), words())
def test_the_lines_shown_are_good(place, word, write):
    value = VALUES.get(place, "20")
    base = PICTURES.splitlines()
    base = [line for line in base if place.partition(".")[0] not in line]
    told = refused(write(mine="\n".join([*PICTURES.splitlines(), f"{word}: {value}"])))
    shown = re.findall("`([^`]*: [^`]*)`", told.rpartition("write ")[2].partition(";")[0])
    assert shown
    recipe = nstk.load_recipe(write(mine="\n".join([*base, *shown])))
    if "losses" in place:
        assert list(recipe.losses) == ["content", "wasserstein", "colour", "tv"]


def test_no_word_is_ours():
    ours = {*Settings.model_fields, "backbone", "init", "optimizer", "losses", "callbacks", "parametrization", "plugins"}
    assert not ours & {*SAME, *ABSENT}
    assert all(map(is_ours, SAME.values()))
    assert not set(SAME) & set(ABSENT)


@pytest.mark.parametrize("word", ABSENT)
def test_what_there_is_not_is_said(word):
    assert ABSENT[word] in refused("default", [f"{word}=1"])


def test_a_learning_rate_asks_for_its_optimizer():
    assert "write `optimizer=adam optimizer.learning_rate=2`; `lbfgs`, the optimizer in use, has no learning rate" in refused(
        "default", ["learning_rate=2"]
    )
    assert "write `optimizer.learning_rate=2`" in refused("default", ["optimizer=SGD", "learning_rate=2"])
    assert "did you mean `learning_rate`?" in refused("louvre", ["optimizer.lr=2"])


def test_a_weight_says_what_it_is_now():
    assert "without it, `losses.gram.weight` is 40" in refused("course", ["style_weight=1000"])
    assert "without it, `losses.wasserstein.weight` is 10" in refused("default", ["style_weight=1000"])


def test_names_of_parts_in_any_spelling(write):
    write(parent=PICTURES + "optimizer: {use: L-BFGS, history: 5}\nlosses: {it: {use: Gram, weight: 3}}\nbackbone: VGG_19\n")
    recipe = nstk.load_recipe(write(child="extends: parent.yaml\noptimizer: {use: lbfgs, first: 2}\nlosses: {it: GRAM}\n"))
    assert (recipe.optimizer.name, recipe.optimizer.history, recipe.optimizer.first) == ("lbfgs", 5, 2)
    assert (recipe.losses["it"].name, recipe.losses["it"].weight) == ("gram", 3)
    assert recipe.to_plain()["backbone"]["use"] == "vgg19"
    assert nstk.load_recipe("child.yaml", ["optimizer.use=LBFGS"]).optimizer.history == 5
    assert "no loss is called `Gram`" in refused("default", ["losses.Gram.weight=5"])  # a label is the user's own
