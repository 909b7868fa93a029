"""What a user relies on between the recipe that is written and the recipe that runs."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

import nstk
from nstk.engine.saving import check_sidecar
from nstk.plugins.optimizers.adam import Adam
from nstk.recipe.defaults import defaults
from nstk.recipe.describe import KINDS, describe_lines, layer_lines
from nstk.recipe.load import load_recipe
from nstk.recipe.shipped import copy_recipe, find_recipe, shipped
from nstk.registry.registry import Registry
from nstk.syntax.parse import dump

PLUGIN = '''
import nstk


class Glow(nstk.Loss):
    """Light around a mask."""

    name = "glow"

    mask: nstk.InputFile | None = nstk.Field(None, description="Where.")
    others: list[nstk.InputFile] = nstk.Field([], description="More of them.")
    sizes: tuple[int, int] = nstk.Field((1, 2), description="Two sizes.")
    amount: int | float | None = nstk.Field(None, description="How much.", gt=0)


@nstk.hookimpl
def nstk_losses():
    return [Glow]
'''


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder with two pictures, a plugin and a folder of recipes, that is the working directory."""
    folder = tmp_path_factory.mktemp("project")
    noise = Image.effect_noise((64, 48), 80).convert("RGB")
    for name in ("photo.png", "painting.png", "recipes/deep.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        noise.save(folder / name)
    (folder / "glow.py").write_text(PLUGIN)
    before = Path.cwd()
    os.chdir(folder)
    yield folder
    os.chdir(before)


@pytest.fixture
def write(project, tmp_path_factory):
    """Write recipes beside the pictures; the path of the last one."""
    written = []

    def write(**recipes):
        for name, recipe in recipes.items():
            path = project / f"{name}.yaml"
            path.write_text(recipe if isinstance(recipe, str) else dump(recipe), encoding="utf-8")
            written.append(path)
        return written[-1]

    yield write
    for path in written:
        path.unlink(missing_ok=True)


PICTURES = "content: photo.png\nstyle: painting.png\n"


KEYS = [
    "content",
    "style",
    "size",
    "steps",
    "style_scale",
    "seed",
    "precision",
    "jit",
    "run_eagerly",
    "output",
    "path",
    "quality",
    "backbone",
    "losses",
]
KEYS += [
    "init",
    "optimizer",
    "callbacks",
    "plugins",
    "extends",
    "use",
    "weight",
    "layers",
    "gram",
    "tv",
    "progress",
    "learning_rate",
]


def refused(*args, **kwargs):
    with pytest.raises(nstk.UserError) as caught:
        load_recipe(*args, **kwargs)
    return str(caught.value)


def essence(recipe):
    """What a recipe says, whatever its file is called."""
    return recipe.to_plain(), recipe.inputs()


# What a recipe leaves out


def test_a_recipe_of_two_pictures_is_whole(write):
    recipe = load_recipe(write(mine=PICTURES))
    assert recipe.name == "mine"
    assert recipe.path == Path.cwd() / "out" / "mine.png"
    assert {label: loss.weight for label, loss in recipe.losses.items()} == {
        label: loss["weight"] for label, loss in defaults()["losses"].items()
    }
    assert (recipe.backbone.name, recipe.init.name, recipe.optimizer.name) == ("vgg19", "content", "lbfgs")
    assert list(recipe.callbacks) == ["progress"]


def test_without_a_file_the_pictures_name_the_result(project):
    recipe = load_recipe(None, ["content=photo.png", "style=painting.png"])
    assert recipe.path == project / "out" / "photo-painting.png"


def test_a_mapping_is_a_recipe_too(project):
    written = load_recipe({"content": Path("photo.png"), "style": "painting.png", "steps": 3, "extends": "minimal"})
    assert written.inputs()["content"] == project / "photo.png"
    assert written.steps == 3


def test_naming_a_loss_replaces_the_default_ones_and_a_callback_joins_them(write):
    recipe = load_recipe(write(mine=PICTURES + "losses: {tv: }\ncallbacks: {csv_log: }\n"))
    assert list(recipe.losses) == ["tv"]
    assert list(recipe.callbacks) == ["progress", "csv_log"]


def test_dropping_a_default_loss_leaves_the_others(write):
    recipe = load_recipe(write(mine=PICTURES + "losses: {content: false}\n"))
    assert list(recipe.losses) == [label for label in defaults()["losses"] if label != "content"]
    assert "the recipe has no losses" in refused(
        write(mine=PICTURES + dump({"losses": dict.fromkeys(defaults()["losses"], False)}))
    )


def test_callbacks_keep_the_order_in_which_they_are_written(write):
    recipe = load_recipe(write(mine=PICTURES + "callbacks: {csv_log: , progress: , snapshots: }\n"))
    assert list(recipe.callbacks) == ["csv_log", "progress", "snapshots"]


@pytest.mark.parametrize("none", ["false", "{progress: false}"])
def test_callbacks_can_all_be_dropped(write, none):
    assert load_recipe(write(mine=PICTURES + f"callbacks: {none}\n")).callbacks == {}


@pytest.mark.parametrize("slot", ["", "lbfgs", "{}", "{use: lbfgs}", "nstk:lbfgs", "{use: 'nstk:lbfgs'}"])
def test_every_way_to_write_a_slot(write, slot):
    found = essence(load_recipe(write(mine=PICTURES + f"optimizer: {slot}\n")))
    assert found == essence(load_recipe(write(mine=PICTURES)))


@pytest.mark.parametrize("slot", ["gram", "{use: gram}", "nstk:gram"])
def test_a_label_names_what_it_uses_or_says_it(write, slot):
    recipe = load_recipe(write(mine=PICTURES + f"losses: {{gram: , style_of_it: {slot}}}\n"))
    assert recipe.losses["style_of_it"] == recipe.losses["gram"]


def test_layers_are_a_list_of_equals_a_mapping_of_weights_or_one_name(write):
    text = (
        PICTURES
        + """
losses:
  a: {use: gram, layers: [block1_conv1, block2_conv1]}
  b: {use: gram, layers: {block1_conv1: 3, block2_conv1: 1}}
  c: {use: gram, layers: block1_conv1}
"""
    )
    losses = load_recipe(write(mine=text)).losses
    assert losses["a"].layers == {"block1_conv1": 0.5, "block2_conv1": 0.5}
    assert losses["b"].layers == {"block1_conv1": 3.0, "block2_conv1": 1.0}
    assert losses["c"].layers == {"block1_conv1": 1.0}


def test_a_whole_number_may_be_written_as_a_power_of_ten(write):
    assert load_recipe(write(mine=PICTURES + "steps: 1e3\n")).steps == 1000


@pytest.mark.parametrize("output", ["", "''", "{}", "{path: }"])
def test_an_empty_output_is_the_default_one(write, output):
    path = write(mine=PICTURES + f"output: {output}\n")
    if output == "{path: }":
        assert "`output.path` must be a text, but nothing is written there" in refused(path)
    else:
        assert load_recipe(path).path == Path.cwd() / "out" / "mine.png"


# Paths


def test_paths_are_relative_to_the_file_that_says_them(project, write):
    (project / "recipes" / "parent.yaml").write_text("content: deep.png\nstyle: ../painting.png\noutput: deep_out.png\n")
    recipe = load_recipe(write(child="extends: recipes/parent.yaml\nstyle: photo.png\n"))
    assert recipe.inputs() == {"content": project / "recipes" / "deep.png", "style": project / "photo.png"}
    assert recipe.path == project / "recipes" / "deep_out.png"
    overridden = load_recipe("recipes/parent.yaml", ["content=photo.png"], output="mine.jpg")
    assert overridden.inputs()["content"] == project / "photo.png"
    assert overridden.path == project / "mine.jpg"


def test_an_output_is_a_file_name_not_yaml(write):
    for name in ("a #1.png", "[x].png", "*.png", "a: b.png"):
        assert load_recipe(write(mine=PICTURES), output=name).path.name == name


def test_a_folder_does_not_hide_a_shipped_recipe(project, write):
    (project / "minimal").mkdir()
    try:
        assert find_recipe("minimal") == shipped()["minimal"]
        assert load_recipe(write(child="extends: minimal\n")).files[1] == shipped()["minimal"]
    finally:
        (project / "minimal").rmdir()


def test_a_recipe_that_is_not_there():
    assert "did you mean `minimal`?" in refused("minimol")
    assert refused("nosuch.yaml") == "no file nosuch.yaml"


# extends


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


def test_a_chain_of_three_and_the_files_it_is_read_from(write):
    write(one=PICTURES + "steps: 1\nsize: 64\n", two="extends: one.yaml\nsteps: 2\nseed: 2\n")
    recipe = load_recipe(write(three="extends: two.yaml\nsteps: 3\n"))
    assert (recipe.steps, recipe.seed, recipe.size) == (3, 2, 64)
    assert [path.stem for path in recipe.files] == ["three", "two", "one"]


def test_what_the_middle_one_reset_is_not_inherited(write):
    write(one=PICTURES + "losses: {gram: {formula: mean}, tv: {formula: mean}}\noptimizer: {use: adam, beta_1: 0.5}\n")
    write(two="extends: one.yaml\nlosses: {gram: , tv: false}\noptimizer: sgd\n")
    recipe = load_recipe(write(three="extends: two.yaml\nlosses: {gram: {weight: 2}, tv: {weight: 2}}\noptimizer: adam\n"))
    assert [recipe.losses[label].formula for label in ("gram", "tv")] == ["relative", "relative"]
    assert recipe.optimizer.beta_1 == 0.9


# key=value


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


def test_an_override_reaches_what_is_inherited(write):
    write(parent=PICTURES + "optimizer: {use: sgd, momentum: 0.5}\nlosses: {it: {use: gram, formula: mean}, tv: }\n")
    write(child="extends: parent.yaml\n")
    recipe = load_recipe("child.yaml", ["optimizer.learning_rate=3", "losses.it.weight=5", "losses.tv=false"])
    assert (recipe.optimizer.name, recipe.optimizer.momentum, recipe.optimizer.learning_rate) == ("sgd", 0.5, 3)
    assert list(recipe.losses) == ["it"]
    assert (recipe.losses["it"].formula, recipe.losses["it"].weight) == ("mean", 5)


def test_the_last_override_wins():
    assert load_recipe("minimal", ["steps=3", "steps=4"]).steps == 4


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
        ("steps=", "`steps` must be a whole number or a list, but nothing is written there"),
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


def test_mistakes_of_the_files_and_of_the_command_line_are_told_at_once_in_their_order(write):
    write(parent="content: photo.png\nstyle: painting.png\nsize: 8\nstpes: 3\n")
    said = refused(write(child="extends: parent.yaml\nseed: -1\nlosses: {gramm: }\n"), ["steps=0", "nosuch"])
    places = [line.partition(": ")[0] for line in said.splitlines() if line.startswith(("child", "parent", "on the"))]
    assert places == [
        "child.yaml:2:7",
        "child.yaml:3:10",
        "parent.yaml:3:7",
        "parent.yaml:4:1",
        "on the command line, 'nosuch'",
        "on the command line, 'steps=0'",
    ]


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
def test_any_override_equals_the_edit_and_any_recipe_survives_being_saved(project, data):
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


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(
        ["gram", "adam", "photo.png", "block1_conv1", "image", "glow.py", "minimal", ".", "/", "~", "\0", "a" * 300]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=4),
    max_leaves=10,
)


@settings(deadline=None, max_examples=150)
@given(
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6), st.lists(st.tuples(st.sampled_from(KEYS), VALUES), max_size=2)
)
def test_anything_else_is_refused_in_sentences(project, recipe, more):
    overrides = [f"{key}.{key}={dump(value)}" for key, value in more] + [f"{key}={value}" for key, value in more]
    try:
        load_recipe({"content": "photo.png", "style": "painting.png"} | recipe, overrides)
    except nstk.RecipeError as error:
        said = str(error)
    else:
        return
    assert said
    assert not any(word in said for word in ("pydantic", "Input should", "NoneType", "Traceback", "validation error"))


def test_thousands_of_mistakes_are_told_in_a_moment():
    layers = [f"blok{index}_conv" for index in range(8000)]
    said = refused({"extends": "minimal", "losses": {"gram": {"layers": layers}}})
    assert said.count("has no layer") == 8000
    assert said.count("did you mean") == 100


# The recipe that is saved


def saved_beside(recipe):
    path = recipe.sidecar(".recipe.yaml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(recipe.to_yaml(path.parent), encoding="utf-8")
    return path


@pytest.mark.parametrize("output", ["out/a.png", "a.png", "recipes/deep/er/a.png"])
def test_a_recipe_saved_beside_the_picture_reads_the_same_files(project, write, output):
    recipe = load_recipe(write(mine=PICTURES + "init: {use: image, file: recipes/deep.png}\n"), output=output)
    saved = saved_beside(recipe)
    again = load_recipe(saved)
    assert (again.inputs(), again.path) == (recipe.inputs(), recipe.path)
    assert str(project) not in saved.read_text()  # the project can be moved


def test_a_recipe_saved_outside_the_project_reads_the_same_files_from_anywhere(project, write, tmp_path, monkeypatch):
    recipe = load_recipe(write(mine=PICTURES), output=tmp_path / "a.png")
    saved = saved_beside(recipe)
    assert str(project / "photo.png") in saved.read_text()
    monkeypatch.chdir("/")
    assert load_recipe(saved).inputs() == recipe.inputs()


def test_a_folder_behind_a_link(project, write, tmp_path):
    (tmp_path / "far").mkdir()
    (project / "linked").symlink_to(tmp_path / "far")
    recipe = load_recipe(write(mine=PICTURES), output="linked/a.png")
    saved_beside(recipe)
    assert load_recipe(project / "linked" / "a.recipe.yaml").inputs() == recipe.inputs()


def test_plugins_files_of_the_recipe_and_of_the_command_line_are_saved(project, write):
    text = PICTURES + "losses: {gram: , glow: {mask: photo.png, others: [painting.png], sizes: [3, 4]}}\n"
    recipe = load_recipe(write(mine=text), plugins=["glow.py"], output="out/glowing.png")
    assert recipe.plugins == [str(project / "glow.py")]
    again = load_recipe(saved_beside(recipe))
    assert essence(again) == essence(recipe)
    assert again.plugins == recipe.plugins
    within = load_recipe(write(mine=f"plugins: glow.py\n{text}"), plugins=["./glow.py"])
    assert within.plugins == recipe.plugins


def test_every_file_that_a_plugin_reads_is_an_input(project, write):
    text = (
        PICTURES
        + "plugins: [glow.py]\nlosses: {glow: {mask: photo.png, others: [painting.png, recipes/deep.png], sizes: [3, 4]}}\n"
    )
    recipe = load_recipe(write(mine=text))
    assert recipe.inputs() == {
        "content": project / "photo.png",
        "style": project / "painting.png",
        "losses.glow.mask": project / "photo.png",
        "losses.glow.others.0": project / "painting.png",
        "losses.glow.others.1": project / "recipes" / "deep.png",
    }
    assert recipe.losses["glow"].sizes == (3, 4)
    assert "no file nosuch.png" in refused(write(mine=text.replace("recipes/deep.png", "nosuch.png")))
    assert "over the recipe's `losses.glow.others.1`" in refused(write(mine=text), output="recipes/deep.png")


def test_a_union_is_one_complaint(write):
    text = PICTURES + "plugins: [glow.py]\nlosses: {glow: {amount: much, sizes: [1], others: photo.png}}\n"
    said = refused(write(mine=text))
    assert "`amount` in losses.glow must be a whole number or a number, not the text `much`" in said
    assert "`others` in losses.glow must be a list, not the text" in said
    assert "`losses.glow.sizes` has too few items" in said


def test_a_saved_recipe_that_is_run_stays_as_it_is_and_a_changed_one_is_not_written_over_it(project, write):
    recipe = load_recipe(write(mine=PICTURES))
    assert check_sidecar(recipe)
    saved = saved_beside(recipe)
    assert not check_sidecar(load_recipe(saved))
    with pytest.raises(nstk.UserError, match=r"would be written over out/mine\.recipe\.yaml"):
        check_sidecar(load_recipe(saved, ["steps=5"]))


@pytest.mark.parametrize("name", shipped())
def test_shipped_recipes_survive_being_saved(name, project):
    recipe = load_recipe(name)
    saved = saved_beside(recipe)
    again = load_recipe(saved)
    assert essence(again) == essence(recipe)


# nstk cp, nstk describe, nstk layers


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize("dest", ["", "mine.yaml", "new/folder"])
def test_a_copy_runs_and_reads_its_own_pictures(name, dest, tmp_path):
    copied = copy_recipe(name, tmp_path / dest)
    recipe = load_recipe(copied[0])
    assert all(path.is_relative_to(tmp_path) for path in recipe.inputs().values())
    assert set(recipe.inputs().values()) <= {path.resolve() for path in copied}
    os.utime(copied[0], (1, 1))
    assert copy_recipe(name, tmp_path / dest) == copied  # it is there already, so nothing is written
    assert copied[0].stat().st_mtime == 1


def test_a_copy_overwrites_nothing(tmp_path):
    recipe, picture, *_ = copy_recipe("minimal", tmp_path)
    for path in (recipe, picture):
        original = path.read_bytes()
        path.write_bytes(b"mine")
        with pytest.raises(nstk.OutputError, match="exists already"):
            copy_recipe("minimal", tmp_path)
        assert path.read_bytes() == b"mine"
        path.write_bytes(original)


def test_a_copy_of_what_is_not_shipped(tmp_path):
    with pytest.raises(nstk.UserError, match="no recipe `minimol` comes with nstk: did you mean `minimal`"):
        copy_recipe("minimol", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_describe_tells_of_every_parameter(project):
    registry = Registry()
    registry.load("glow.py", project)
    for kind in KINDS:
        for name in registry.names(kind):
            cls = registry.get(kind, name)
            told = "\n".join(describe_lines(registry, kind, name))
            for key, field in cls.model_fields.items():
                assert f"  {key}: " in told
                assert (field.description or "") in told
    assert "  steps: whole number >= 1 <= 1000000 or list, default 100" in list(describe_lines(registry, "recipe", None))
    assert any(line.startswith("  losses: ") for line in describe_lines(registry, "recipe", None))
    with pytest.raises(nstk.UserError, match="did you mean `loss`"):
        list(describe_lines(registry, "los", None))


def test_layers_are_listed_with_what_they_see():
    lines = list(layer_lines(Registry(), "vgg19"))
    assert any(line.split() == ["block4_conv2", "512", "8", "84", "px", "relu4_2"] for line in lines)


def test_nothing_of_this_imports_tensorflow(project):
    code = """
import sys, nstk
from nstk.cli import cli
from nstk.plugins.optimizers.adam import Adam
from nstk.recipe.defaults import defaults
from nstk.registry.registry import Registry
from nstk.recipe.schema import recipe_schema
from nstk.recipe.describe import describe_lines
nstk.load_recipe("minimal", ["losses.tv.weight=1"]).to_yaml()
recipe_schema(Registry())
list(describe_lines(Registry(), None, None))
for command in ("check minimal", "show minimal", "plugins", "recipes", "describe", "layers", "schema", "--help"):
    try:
        cli.main(command.split(), standalone_mode=False)
    except SystemExit:
        pass
assert not {"tensorflow", "keras"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
