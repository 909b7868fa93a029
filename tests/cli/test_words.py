"""What the words after a command mean: recipes, pictures and overrides."""

from __future__ import annotations

import shutil

import pytest


@pytest.mark.parametrize(
    "name", ["photo.jpg", "a #1.jpg", "key: value.jpg", "[list].jpg", "12", "null", "é ☂.jpg", '"quoted".jpg', "-.jpg"]
)
def test_any_file_name_is_taken_as_it_is(name, run, painted, folder):
    if name != "photo.jpg":
        shutil.copy("photo.jpg", name)
    said = run("run", f"--content={name}", "--style", "painting.jpg", "backbone=tiny", "-o", f"out of {name}.png")
    assert said.code == 0, said.err
    assert painted.recipes[0].content == str(folder / name)
    assert painted.recipes[0].path == folder / f"out of {name}.png"


def test_two_pictures_need_no_recipe(run, painted, folder):
    for words in (["--content", "photo.jpg", "--style", "painting.jpg"], ["content=photo.jpg", "style=painting.jpg"]):
        assert run("run", *words).out == f"{folder}/out/photo-painting.png\n"
    assert run("run", "--content", "nope.jpg", "--style", "painting.jpg").err.startswith(
        "on the command line, 'content=nope.jpg': no file"
    )
