"""Recipes from files and mappings: what is loaded, and every mistake at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings, strategies as st

import nstk
from nstk.recipe.load import load_recipe
from nstk.syntax.parse import dump
from tests.recipe.samples import PICTURES, refused

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


def test_a_mapping_is_a_recipe_too(project):
    written = load_recipe({"content": Path("photo.png"), "style": "painting.png", "steps": 3, "extends": "minimal"})
    assert written.inputs()["content"] == project / "photo.png"
    assert written.steps == 3


def test_a_chain_of_three_files(write):
    write(one=PICTURES + "steps: 1\nsize: 64\n", two="extends: one.yaml\nsteps: 2\nseed: 2\n")
    recipe = load_recipe(write(three="extends: two.yaml\nsteps: 3\n"))
    assert (recipe.steps, recipe.seed, recipe.size) == (3, 2, 64)
    assert [path.stem for path in recipe.files] == ["three", "two", "one"]


def test_all_mistakes_come_in_order(write):
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
def test_all_else_is_refused_in_sentences(project, recipe, more):
    overrides = [f"{key}.{key}={dump(value)}" for key, value in more] + [f"{key}={value}" for key, value in more]
    try:
        load_recipe({"content": "photo.png", "style": "painting.png"} | recipe, overrides)
    except nstk.RecipeError as error:
        said = str(error)
    else:
        return
    assert said
    assert not any(word in said for word in ("pydantic", "Input should", "NoneType", "Traceback", "validation error"))


def test_loading_needs_no_tensorflow(project):
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
