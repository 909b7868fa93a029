"""A recipe over its parents, its defaults and under overrides."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from nstk.plugins.optimizers.adam import Adam
from nstk.recipe.defaults import defaults
from nstk.recipe.load import load_recipe
from nstk.syntax.parse import dump
from tests.recipe.samples import PICTURES, essence, refused


def test_two_pictures_are_a_recipe(write):
    recipe = load_recipe(write(mine=PICTURES))
    assert recipe.name == "mine"
    assert recipe.path == Path.cwd() / "out" / "mine.png"
    assert {label: loss.weight for label, loss in recipe.losses.items()} == {
        label: loss["weight"] for label, loss in defaults()["losses"].items()
    }
    assert (recipe.backbone.name, recipe.init.name, recipe.optimizer.name) == ("vgg19", "content", "lbfgs")
    assert list(recipe.callbacks) == ["progress"]


def test_losses_replace_and_callbacks_join(write):
    recipe = load_recipe(write(mine=PICTURES + "losses: {tv: }\ncallbacks: {csv_log: }\n"))
    assert list(recipe.losses) == ["tv"]
    assert list(recipe.callbacks) == ["progress", "csv_log"]


def test_a_default_loss_can_be_dropped(write):
    recipe = load_recipe(write(mine=PICTURES + "losses: {content: false}\n"))
    assert list(recipe.losses) == [label for label in defaults()["losses"] if label != "content"]
    assert "the recipe has no losses" in refused(
        write(mine=PICTURES + dump({"losses": dict.fromkeys(defaults()["losses"], False)}))
    )


def test_callbacks_keep_their_order(write):
    recipe = load_recipe(write(mine=PICTURES + "callbacks: {csv_log: , progress: , snapshots: }\n"))
    assert list(recipe.callbacks) == ["csv_log", "progress", "snapshots"]


@pytest.mark.parametrize("none", ["false", "{progress: false}"])
def test_callbacks_can_all_be_dropped(write, none):
    assert load_recipe(write(mine=PICTURES + f"callbacks: {none}\n")).callbacks == {}


def child_of(write, parent, child):
    write(parent=PICTURES + parent)
    return load_recipe(write(child=f"extends: parent.yaml\n{child}"))


@pytest.mark.parametrize(
    ("parent", "child", "path", "expected"),
    [
        # mappings merge
        ("optimizer: {use: sgd, momentum: 0.5}", "optimizer: {learning_rate: 3}", "optimizer.momentum", 0.5),
        ("optimizer: {use: sgd, momentum: 0.5}", "optimizer: {learning_rate: 3}", "optimizer.learning_rate", 3),
        ("optimizer: sgd", "optimizer: {learning_rate: 3}", "optimizer.use", "sgd"),
        ("optimizer: {history: 3}", "optimizer: {use: lbfgs, first: 2}", "optimizer.history", 3),
        ("optimizer: {history: 5}", "optimizer: lbfgs", "optimizer.history", 5),
        ("losses: {gram: {weight: 5}}", "losses: {gram: {use: gram, formula: mean}}", "losses.gram.weight", 5),
        ("losses: {it: gram}", "losses: {it: {weight: 5}}", "losses.it.use", "gram"),
        ("losses: {it: {use: gram, weight: 5}}", "losses: {it: {formula: mean}}", "losses.it.weight", 5),
        ("output: a.jpg", "output: {quality: 30}", "output.path", "a.jpg"),
        ("output: {path: a.jpg, quality: 30}", "output: b.jpg", "output.quality", 30),
        # another thing replaces
        (
            "optimizer: {use: sgd, learning_rate: 3}",
            "optimizer: adam",
            "optimizer.learning_rate",
            Adam().model_dump()["learning_rate"],
        ),
        ("optimizer: {use: sgd, momentum: 0.5}", "optimizer: {use: adam}", "optimizer.use", "adam"),
        ("losses: {it: {use: gram, weight: 5}}", "losses: {it: tv}", "losses.it.weight", 1),
        (
            "optimizer: {use: adam, learning_rate: {use: cosine, start: 2, end: 1}}",
            "optimizer: {learning_rate: {use: constant, start: 4}}",
            "optimizer.learning_rate",
            {"use": "constant", "start": 4},
        ),
        # all else replaces
        (
            "losses: {gram: {layers: [block1_conv1]}}",
            "losses: {gram: {layers: [block2_conv1]}}",
            "losses.gram.layers",
            {"block2_conv1": 1},
        ),
        # an empty slot means all defaults
        ("optimizer: {use: sgd, momentum: 0.5}", "optimizer:", "optimizer.use", "lbfgs"),
        ("losses: {gram: {weight: 5}}", "losses: {gram: }", "losses.gram.weight", 1),
        ("callbacks: {csv_log: }", "callbacks:", "callbacks", {"progress": {"every": 1}}),
        # and false drops
        ("losses: {gram: , tv: }", "losses: {tv: false}", "losses.tv", None),
        ("callbacks: {csv_log: }", "callbacks: {progress: false}", "callbacks.progress", False),
        ("callbacks: {csv_log: }", "callbacks: false", "callbacks", {"progress": False}),
        ("callbacks: false", "callbacks: {csv_log: }", "callbacks.progress", {"every": 1}),
        ("losses: {tv: false, gram: }", "losses: {tv: {weight: 2}}", "losses.tv.weight", 2),
        ("optimizer: false", "optimizer: {history: 3}", "optimizer.history", 3),
    ],
)
def test_a_child_over_its_parent(write, parent, child, path, expected):
    found = child_of(write, parent, child).to_plain()
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    assert found == expected


def test_what_a_parent_says_comes_first(write):
    recipe = child_of(write, "losses: {content: , gram: , tv: }", "losses: {tv: {weight: 2}, more: gram, content: {weight: 3}}")
    assert list(recipe.losses) == ["content", "gram", "tv", "more"]


def test_a_reset_ends_inheritance(write):
    write(one=PICTURES + "losses: {gram: {formula: mean}, tv: {formula: mean}}\noptimizer: {use: adam, beta_1: 0.5}\n")
    write(two="extends: one.yaml\nlosses: {gram: , tv: false}\noptimizer: sgd\n")
    recipe = load_recipe(write(three="extends: two.yaml\nlosses: {gram: {weight: 2}, tv: {weight: 2}}\noptimizer: adam\n"))
    assert [recipe.losses[label].formula for label in ("gram", "tv")] == ["relative", "relative"]
    assert recipe.optimizer.beta_1 == 0.9


@pytest.mark.parametrize(
    ("recipe", "override", "edited"),
    [
        ("", "steps=3", "steps: 3"),
        ("steps: 5", "steps=1e1", "steps: 10"),
        ("", "optimizer=sgd", "optimizer: sgd"),
        ("", "optimizer.history=3", "optimizer: {history: 3}"),
        ("", "optimizer={history: 3}", "optimizer: {history: 3}"),
        ("optimizer: sgd", "optimizer.momentum=0.5", "optimizer: {use: sgd, momentum: 0.5}"),
        ("optimizer: {use: adam, beta_1: 0.5}", "optimizer=adam", "optimizer: adam"),
        ("optimizer: {use: adam, beta_1: 0.5}", "optimizer=", "optimizer:"),
        ("optimizer:", "optimizer.first=0.5", "optimizer: {first: 0.5}"),
        ("optimizer: false", "optimizer.first=0.5", "optimizer: {first: 0.5}"),
        ("losses: {it: gram}", "losses.it.weight=5", "losses: {it: {use: gram, weight: 5}}"),
        ("losses: {gram: }", "losses.gram.weight=5", "losses: {gram: {weight: 5}}"),
        ("losses: {gram: , tv: false}", "losses.tv.weight=5", "losses: {gram: , tv: {weight: 5}}"),
        ("losses: {gram: {weight: 5}}", "losses.gram=", "losses: {gram: }"),
        ("losses: {gram: , tv: }", "losses.tv=false", "losses: {gram: }"),
        ("losses: {gram: }", "losses={tv: }", "losses: {tv: }"),
        ("losses: {gram: }", "losses.gram.layers={block1_conv1: 2}", "losses: {gram: {layers: {block1_conv1: 2}}}"),
        (
            "losses: {gram: {layers: {block1_conv1: 1}}}",
            "losses.gram.layers.block1_conv1=2",
            "losses: {gram: {layers: {block1_conv1: 2}}}",
        ),
        # a recipe that names no loss has the default ones, so these are what is edited
        ("", "losses.more={use: tv, weight: 2}", dump({"losses": defaults()["losses"] | {"more": {"use": "tv", "weight": 2}}})),
        ("", "losses.content=false", "losses: {content: false}"),
        ("losses: {content: false}", "losses.gram=false", "losses: {content: false, gram: false}"),
        ("losses: {gram: false}", "losses.gram.weight=5", dump({"losses": defaults()["losses"] | {"gram": {"weight": 5}}})),
        ("", "callbacks={csv_log: }", "callbacks: {csv_log: }"),
        ("", "callbacks.csv_log=", "callbacks: {csv_log: }"),
        ("callbacks: false", "callbacks.progress.every=5", "callbacks: {progress: {every: 5}}"),
        ("callbacks: {csv_log: }", "callbacks=", "callbacks:"),
        ("", "output=a.jpg", "output: a.jpg"),
        ("output: a.jpg", "output.quality=30", "output: {path: a.jpg, quality: 30}"),
        ("", "output.quality=30", "output: {quality: 30}"),
        ("", "content='photo.png'", "content: photo.png"),
        ("", " steps =3", "steps: 3"),
    ],
)
def test_an_override_equals_an_edit(write, recipe, override, edited):
    write(mine=PICTURES + recipe)
    found = essence(load_recipe("mine.yaml", [override]))
    write(mine=("style: painting.png\n" if override.startswith("content=") else PICTURES) + edited)
    assert found == essence(load_recipe("mine.yaml"))


def test_an_override_reaches_parents(write):
    write(parent=PICTURES + "optimizer: {use: sgd, momentum: 0.5}\nlosses: {it: {use: gram, formula: mean}, tv: }\n")
    write(child="extends: parent.yaml\n")
    recipe = load_recipe("child.yaml", ["optimizer.learning_rate=3", "losses.it.weight=5", "losses.tv=false"])
    assert (recipe.optimizer.name, recipe.optimizer.momentum, recipe.optimizer.learning_rate) == ("sgd", 0.5, 3)
    assert list(recipe.losses) == ["it"]
    assert (recipe.losses["it"].formula, recipe.losses["it"].weight) == ("mean", 5)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("steps", "an override is written key=value, such as losses.gram.weight=5"),
        ("=5", "an override is written key=value"),
        ("losses..weight=5", "an override is written key=value"),
        (".=5", "an override is written key=value"),
        ("losses.gram.layers.0=x", "`losses.gram.layers` is a list: override it as a whole, losses.gram.layers=[...]"),
        ("steps.more=5", "`steps` is a single value: override it as a whole, steps=..."),
        ("seed.more=5", "`seed` is a single value"),
        ("steps=[", "the recipe ends in the middle of this"),
        ("steps=0", "`steps` must be at least 1, not 0"),
        ("steps=", "`steps` must be auto or a whole number or a list, but nothing is written there"),
        ("losses.gram.wieght=1e5", "unknown key `wieght` in losses.gram\n      did you mean `weight`?"),
        ("stpes=3", "unknown key `stpes`\n      did you mean `steps`?"),
        ("extends=minimal", "`extends` cannot be set here: write it in the recipe file"),
        ("content=nosuch.png", "no file nosuch.png"),
        ("losses=false", "the recipe has no losses"),
        ("losses.gram.weight=0", "every loss has the weight 0"),
        ("optimizer=false", "`optimizer` cannot be dropped, only replaced"),
        ("callbacks=0", "`callbacks` must be a mapping of labels"),
    ],
)
def test_a_bad_override_names_itself(write, override, said):
    path = write(mine=PICTURES + "steps: 300\nseed: 0\nlosses: {gram: {layers: [block1_conv1]}}\n")
    message = refused(path, [override])
    assert said in message
    if "weight=0" not in override:
        assert message.startswith(f"on the command line, {override!r}: ")


RATES = st.floats(0.001, 100) | st.fixed_dictionaries({"use": st.just("cosine"), "start": st.floats(1, 9)})
SCALARS = {
    "steps": st.integers(16, 10**6),  # one at least for each scale of a pyramid
    "size": st.sampled_from([300, "0.5MP", "1.25mp"]),
    "seed": st.integers(0, 2**32 - 1),
    "style_scale": st.floats(0.5, 8),
    "precision": st.sampled_from(["auto", "float32", "bfloat16", "float16"]),
    "jit": st.sampled_from(["auto", False]),
    "run_eagerly": st.booleans(),
    "losses.gram.weight": st.floats(0.001, 1e9),
    "losses.gram.layers": st.dictionaries(st.sampled_from(["block1_conv1", "block2_conv1"]), st.floats(0.1, 9), min_size=1),
    "losses.tv.formula": st.sampled_from(["gatys", "mean"]),
    "optimizer": st.fixed_dictionaries({"use": st.just("adam"), "learning_rate": RATES}),
    "pyramid": st.sampled_from([{"levels": 2}, {"start": 100, "ratio": 1.5}, None]),
    "checkpoint": st.sampled_from([{"every": 5}, {"every": "10s"}, False, True, None]),
    "init": st.sampled_from(["noise", {"use": "noise", "blend": 0.5}, "content", None]),
    "callbacks.csv_log": st.sampled_from([None, False, {"path": "{name} #1: ü.csv"}]),
    "callbacks.progress": st.sampled_from([None, False, {"every": 7}]),
    "output": st.sampled_from(
        ["a #1.png", "12.jpg", {"path": "on.webp", "quality": 50}, {"path": "a.tif", "depth": 16, "gps": True}, None]
    ),
}


BASE = {"content": "photo.png", "style": "painting.png", "losses": {"gram": None, "tv": {"weight": 0.5}}}


def edited(recipe, path, value):
    """The recipe with the value at `path` replaced, as in an editor."""
    recipe = copy.deepcopy(recipe)
    here = recipe
    *parents, last = path.split(".")
    for key in parents:
        here[key] = here = here.get(key) or {}
    here[last] = value
    return recipe


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_any_override_equals_any_edit(project, data):
    written, overrides = BASE, []
    for path in data.draw(st.lists(st.sampled_from(sorted(SCALARS)), unique=True, max_size=6)):
        value = data.draw(SCALARS[path], label=path)
        written = edited(written, path, value)
        overrides.append(f"{path}={dump(value)}")
    recipe = load_recipe(written)
    assert essence(load_recipe(BASE, overrides)) == essence(recipe)

    saved = project / "recipes" / "saved.yaml"
    saved.write_text(recipe.to_yaml(saved.parent), encoding="utf-8")
    again = load_recipe(saved)
    assert essence(again) == essence(recipe)
    assert again.path == recipe.path
    assert again.to_yaml() == recipe.to_yaml()
