"""A picture shown, painted again and compared, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

LIGHT = ["run_eagerly=true", "losses={gram: {layers: [image]}}", "-q"]


def test_from_a_picture_to_the_same_bytes(run):
    assert run("run", "recipe.yaml", *LIGHT, "-o", "a.png").code == 0
    said = run("rerun", "a.png", "-o", "b.png", "-q")
    assert (said.code, said.out) == (0, f"{Path.cwd()}/b.png\n")
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()
    said = run("diff", "a.png", "b.png")
    assert (said.code, said.out) == (0, "a.png and b.png are the same picture, made in the same way\n")


def test_changes_are_told(run):
    run("run", "recipe.yaml", *LIGHT, "-o", "a.png")
    assert run("rerun", "a.png", "steps=1", "-o", "b.png", "-q").code == 0
    said = run("diff", "a.png", "b.png")
    assert said.code == 1
    assert said.out.splitlines()[:2] == ["recipe: steps: 3 -> 1", "steps: 64 x 48: 3 -> 1"]
    assert said.out.splitlines()[2].startswith("pixels: levels of 0..255: a.png -> b.png (")
    found = json.loads(run("diff", "a.png", "b.png", "--json").out)
    assert found["recipe"] == {"steps": [3, 1]}
    assert found["inputs"] == {}


def test_a_picture_shows_its_recipe(run):
    run("run", "recipe.yaml", *LIGHT, "-o", "a.jpg")
    said = run("show", "a.jpg")
    assert said.code == 0
    assert said.out.startswith("# recipe, painted by nstk ")
    assert "\n# 64 x 48: 3 steps\n# content: photo.jpg, sha256 " in said.out
    Path("again.yaml").write_text(said.out)
    assert run("check", "again.yaml").code == 0
    assert (
        "`steps=1` changes nothing that was painted: `nstk rerun a.jpg steps=1` paints it so"
        in run("show", "a.jpg", "steps=1").err
    )


def test_mistakes(run):
    said = run("show", "photo.jpg")
    assert (said.code, said.err.startswith("error: photo.jpg does not say how it was made: its file carries no recipe")) == (
        2,
        True,
    )
    assert run("rerun", "photo.jpg").code == 2
    assert "no file nothing.png" in run("rerun", "nothing.png").err
    run("run", "recipe.yaml", *LIGHT, "-o", "a.png")
    assert (
        "`louvre` is not an override: a picture is painted again by its own recipe; write key=value"
        in run("rerun", "a.png", "louvre").err
    )
    assert "unknown key `stepps`" in run("rerun", "a.png", "stepps=3").err
    assert "did not" not in run("diff", "a.png", "photo.jpg").err
