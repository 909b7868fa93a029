"""The commands that deal with recipes: check, show, recipes, cp, schema."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from nstk.recipe.load import load_recipe
from nstk.recipe.shipped import GROUPS, shipped
from tests.cli.samples import ENVIRONMENT, NSTK, RECIPE, loss_plugin, plugin


def test_check(run):
    said = run("check", "recipe.yaml", "minimal")
    assert said.code == 0
    assert said.out.splitlines() == [
        "recipe.yaml: good (tiny, content, wasserstein, colour, tv, 3 steps)",
        "minimal: good (vgg19, content, wasserstein, colour, tv, 78 steps at 3 scales)",
    ]
    assert run("check", "recipe.yaml", "minimal", "steps=7").out.count("7 steps") == 2


def test_check_tells_what_is_enlarged(run):
    said = run("check", "recipe.yaml", "size=4000")
    assert said.code == 0
    assert said.out.startswith("recipe.yaml: good")
    _, photograph, painting = said.out.splitlines()
    assert photograph.startswith("recipe.yaml: warning: the photograph photo.jpg is ")
    assert painting.endswith("take a larger file")
    assert not said.err
    assert "warning" not in run("check", "recipe.yaml").out


def test_a_file_whose_name_is_not_utf_8(folder):
    """Its name is printed as the bytes that it is, where the terminal takes UTF-8 only too."""
    os.mkdir(b"\xff")
    Path("\udcff/recipe.yaml").write_text(RECIPE.replace(": p", ": ../p"))
    shutil.copy("recipe.yaml", b"\xff.yaml")
    command = [*NSTK, "check", b"\xff/recipe.yaml", b"\xff.yaml"]
    for encoding in ("utf-8:strict", "ascii"):
        done = subprocess.run(
            command, capture_output=True, env=ENVIRONMENT | {"PYTHONIOENCODING": encoding, "LC_ALL": "C"}, check=False
        )
        assert done.returncode == 0
        assert [line.split(b":")[0] for line in done.stdout.splitlines()] == [b"\xff/recipe.yaml", b"\xff.yaml"]


def test_check_goes_on_after_mistakes(run):
    Path("bad.yaml").write_text(RECIPE.replace("steps: 3", "steps: many").replace("tiny", "tyni"))
    said = run("check", "bad.yaml", "nowhere", "recipe.yaml")
    assert said.code == 2
    assert "bad.yaml:4:8: " in said.err
    assert "bad.yaml:5:11: " in said.err
    assert "error: no recipe `nowhere`" in said.err
    assert said.out.startswith("recipe.yaml: good")


def test_a_broken_plugin_is_told_once(run):
    plugin("slip", "1 / 0\n")
    said = run("check", "recipe.yaml", "minimal", "-p", "slip.py")
    assert said.code == 2
    assert said.err == "error: plugin `slip` (slip.py) did not load: ZeroDivisionError: division by zero (slip.py:3)\n"


def test_a_broken_plugin_is_told_at_its_place(run):
    plugin("slip", "1 / 0\n")
    Path("recipe.yaml").write_text(RECIPE + "plugins: [slip.py]\n")
    said = run("check", "recipe.yaml")
    assert said.code == 2
    assert "recipe.yaml:6:11: plugin `slip` (slip.py) did not load: ZeroDivisionError: division by zero (slip.py:3)" in said.err


def test_show_is_a_recipe(run):
    said = run("show", "recipe.yaml", "steps=9", "losses.gram.weight=2")
    Path("shown.yaml").write_text(said.out)
    assert load_recipe("shown.yaml").steps == 9
    assert run("show", "shown.yaml").out == said.out


def test_recipes(run):
    said = run("recipes")
    listed = [line.split()[0] for line in said.out.splitlines() if line.startswith("  ")]
    assert sorted(listed) == list(shipped())
    headings = [line for line in said.out.splitlines() if line[:1].strip()]
    assert headings == list(GROUPS.values())
    assert re.search("^  louvre +The Louvre in sandstone: ", said.out, re.M)


def test_cp(run, folder):
    said = run("cp", "minimal", "mine/first.yaml")
    assert said.code == 0
    pictures = ["mine/images/louvre.jpg", "mine/images/sandstone.jpg"]
    assert sorted(said.out.split()) == ["mine/first.yaml", *pictures, "mine/nstk.schema.json"]
    assert run("check", "mine/first.yaml").code == 0
    Path("mine/first.yaml").write_text("my own\n")
    assert "first.yaml exists already" in run("cp", "minimal", "mine/first.yaml").err
    assert Path("mine/first.yaml").read_text() == "my own\n"


def test_schema(run):
    schema = json.loads(run("schema").out)
    assert "losses" in schema["properties"]
    assert "grainy" not in str(schema)
    assert "grainy" in run("schema", "-p", loss_plugin("extra", "grainy")).out
