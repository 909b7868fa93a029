"""Recipes with classes and pictures that are given in Python: how they are written down, and asked for again."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nstk
from nstk.cli import main
from nstk.pictures import Original

RNG = np.random.default_rng(0)
PHOTO, SKY, WALLS = (RNG.integers(0, 256, (20, 30, 3), np.uint8) for _ in range(3))
NAME = "python:[0-9a-f]{16}"


class Warm(nstk.Loss):
    """A loss."""

    name = "warm"
    level: float = 2.0


class Gram(nstk.Loss):
    """It is called as one that comes with nstk."""

    name = "gram"


class Watch(nstk.Callback):
    """A callback."""

    name = "watch"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """The working directory."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(PHOTO).save("photo.png")
    Image.fromarray(SKY).save("art.png")


def recipe(**keys):
    return {"content": PHOTO, "style": SKY, "size": 32, "backbone": "tiny", **keys}


def saved(made: nstk.Recipe, name: str = "saved.yaml") -> str:
    Path(name).write_text(made.to_yaml(), encoding="utf-8")
    return name


def told(*args, **kwargs) -> str:
    with pytest.raises(nstk.RecipeError) as caught:
        nstk.load_recipe(*args, **kwargs)
    return str(caught.value)


FILES = {"content": "photo.png", "style": "art.png"}


def test_a_class_is_loaded_from_arguments_or_keys():
    for made in (
        nstk.load_recipe(recipe(losses={"warm": None}), plugins=[Warm, Watch]),
        nstk.load_recipe(recipe(losses={"warm": None}, plugins=[Warm, Watch])),
        nstk.load_recipe(recipe(losses={"warm": None}, plugins=Warm)),
    ):
        assert type(made.losses["warm"]) is Warm
        assert made.plugins == ["python:Warm"], "of what was given, what is in use"


def test_the_saved_recipe_asks_for_the_class():
    made = nstk.load_recipe(recipe(**FILES, losses={"warm": {"level": 3}}, callbacks={"watch": None}), plugins=[Warm, Watch])
    path = saved(made)
    head = [line for line in made.to_yaml().splitlines() if line.startswith("#")]
    assert head == [
        "# It needs the loss `warm` (class Warm), given in Python and to be given again:",
        "#     nstk.load_recipe(path, plugins=[Warm])",
        "# It needs the callback `watch` (class Watch), given in Python and to be given again:",
        "#     nstk.load_recipe(path, plugins=[Watch])",
    ]
    again = nstk.load_recipe(path, plugins=[Warm, Watch])
    assert again.to_yaml() == made.to_yaml()
    assert again.losses["warm"] == Warm(level=3)
    lines = Path(path).read_text().splitlines()
    assert told(path, plugins=[Watch]).splitlines() == [
        f"saved.yaml:{lines.index('- python:Warm') + 1}:3: the recipe needs the class Warm, which was given in Python",
        f"{lines.index('- python:Warm') + 1:5} | - python:Warm",
        "      |   ^^^^^^^^^^^ give it again, `nstk.load_recipe(path, plugins=[Warm])` or `nstk.resume(path, plugins=[Warm])`, "
        "or put it into a file and name that in `plugins`",
    ]


def test_a_shipped_name_is_written_apart():
    assert "write `nstk:gram` (built in) or `python:gram` (given in Python)" in told(
        recipe(losses={"gram": None}), plugins=[Gram]
    )
    made = nstk.load_recipe(recipe(**FILES, losses={"gram": {"use": "python:gram"}}), plugins=[Gram])
    assert "use: python:gram" in made.to_yaml()
    path = saved(made)
    assert nstk.load_recipe(path, plugins=[Gram]).to_yaml() == made.to_yaml()
    assert told(path).count("saved.yaml:") == 1, "one mistake, not two"


def test_the_command_line_says_so(capsys):
    path = saved(nstk.load_recipe(recipe(losses={"warm": None}), plugins=[Warm]))
    assert main_code(["run", path]) == 2
    said = capsys.readouterr().err
    assert "the recipe needs the class Warm, which was given in Python" in said
    assert "the content was given in Python and is asked for again" in said
    assert main_code(["check", "louvre", "-p", "python:Warm"]) == 2
    assert "error: the class Warm was given in Python: give it again" in capsys.readouterr().err


def main_code(args: list[str]) -> object:
    with pytest.raises(SystemExit) as stop:
        main(args)
    return stop.value.code


def test_what_is_no_plugin_is_a_sentence():
    with pytest.raises(nstk.PluginError, match=r"`plugins` holds an instance of Warm: give the class itself"):
        nstk.load_recipe(recipe(plugins=[Warm()]))
    with pytest.raises(nstk.PluginError, match="`plugins` holds 5: a plugin is"):
        nstk.load_recipe(recipe(), plugins=[5])


def test_pictures_are_given_in_a_mapping_or_as_arguments():
    for made in (
        nstk.load_recipe(recipe()),
        nstk.load_recipe({"size": 32, "backbone": "tiny"}, content=PHOTO, style=SKY),
        nstk.load_recipe(recipe(**FILES), content=PHOTO, style=SKY),
        nstk.load_recipe(recipe(**FILES), ["content=nope.png"], content=PHOTO, style={"style": SKY}),
    ):
        assert np.array_equal(Original.of(made.content).read().colours, PHOTO)
        assert np.array_equal(Original.of(made.style["style"].picture).read().colours, SKY)
        assert (made.name, made.path) == ("picture", Path.cwd() / "out" / "picture.png")
        assert all(original.sha256.startswith(str(original.path)[7:]) for original in made.originals)


def test_files_and_pictures_go_together():
    made = nstk.load_recipe(recipe(style={"sky": SKY, "walls": "art.png"}))
    assert made.name == "picture-art"
    assert nstk.load_recipe(recipe(content="photo.png")).name == "photo"
    assert nstk.load_recipe(recipe(), content=Path("photo.png")).content == str(Path("photo.png").absolute())
    assert list(made.inputs()) == ["content", "style.sky", "style.walls"]


@pytest.mark.parametrize("kind", ["bytes", "file", "image"])
def test_every_kind_of_picture(kind):
    data = Path("photo.png").read_bytes()
    value = {"bytes": data, "file": io.BytesIO(data), "image": Image.open(io.BytesIO(data))}[kind]
    made = nstk.load_recipe(recipe(content=value))
    assert np.array_equal(nstk.read_picture(made.content), PHOTO)


def test_a_field_of_a_plugin_takes_one_too():
    made = nstk.load_recipe(recipe(**FILES, init={"use": "image", "file": WALLS}))
    assert np.array_equal(nstk.read_picture(made.init.file), WALLS)
    path = saved(made)
    text = Path(path).read_text()
    call = '{"extends": path, "init": {"file": ...}}'
    assert f"# It needs the picture `init.file`, given in Python and to be given again:\n#     nstk.load_recipe({call})" in text
    assert "the picture `init.file` was given in Python and is asked for again" in told(path)
    again = nstk.load_recipe({"extends": path, "init": {"file": WALLS}})
    assert again.init == made.init


def test_the_saved_recipe_asks_for_the_pictures():
    made = nstk.load_recipe(recipe(style={"sky": SKY, "walls": WALLS}))
    path = saved(made)
    text = made.to_yaml()
    assert text.startswith(
        "# It needs the content and the style `sky` and the style `walls`, given in Python and to be given again:\n"
        "#     nstk.load_recipe(path, content=..., style=...)\n"
    )
    said = told(path, style={"sky": SKY, "walls": WALLS}).splitlines()
    assert said[0] == "saved.yaml:3:10: the content was given in Python and is asked for again"
    assert said[2].endswith("^ `nstk.load_recipe(path, content=..., style=...)` takes it, and so does `nstk.resume`")
    assert len(said) == 3
    again = nstk.load_recipe(path, content=PHOTO, style={"sky": SKY, "walls": WALLS})
    assert again.to_yaml() == text
    assert not again.overridden
    assert nstk.load_recipe(path, content=WALLS, style={"sky": SKY, "walls": WALLS}).overridden
    assert nstk.load_recipe(path, content="photo.png", style="art.png").inputs().keys() == {"content", "style"}


WRONG = [
    ({"content": PHOTO[..., 0]}, "recipe: the content given in Python is an array of shape (20, 30): make it three channels"),
    ({"style": {"sky": SKY / 255}}, "recipe: the style `sky` given in Python has values from 0 to 1, which is all black"),
    ({"style": {"sky": b"no"}}, "recipe: the style `sky` given in Python is damaged, or no picture"),
    ({"init": {"use": "image", "file": PHOTO[:3]}}, "recipe: the picture `init.file` given in Python is 30 x 3 pixels"),
    ({"content": {1, 2}}, "recipe: a recipe is made of mappings, lists, texts and numbers, so this has no place in it"),
    ({"content": [PHOTO]}, "recipe: `content` must be a text, not a list"),
    ({"backbone": {"use": "vgg19", "weights": PHOTO}}, "recipe: `backbone.weights` names a file, and a picture was given"),
    ({"size": PHOTO}, "recipe: `size` must be "),
]


@pytest.mark.parametrize(("keys", "message"), WRONG, ids=[str(index) for index in range(len(WRONG))])
def test_what_is_no_picture_is_a_sentence(keys, message):
    said = told(recipe(**keys))
    assert said.startswith(message)
    assert "\n" not in said.replace("\n      ", " "), "and it is the only mistake"


def test_all_mistakes_are_told_at_once():
    said = told(recipe(content=PHOTO[0], style=SKY[0], steps=0))
    assert said.count("recipe: ") == 3


def test_arguments_that_are_wrong_are_named():
    assert told("louvre", content="nope.png").startswith("content='nope.png': no file nope.png")
    assert told("louvre", output=5.5).startswith("output=5.5: ")
    assert told("louvre", content=PHOTO[0]).startswith("recipe: the content given in Python is an array of shape (30, 3)")


def test_a_name_alone_is_not_enough():
    held = nstk.load_recipe(recipe())
    assert "the content was given in Python and is asked for again" in told(recipe(content=held.content))


def test_a_recipe_holds_a_copy():
    array = PHOTO.copy()
    made = nstk.load_recipe(recipe(content=array))
    array[:] = 0
    assert np.array_equal(nstk.read_picture(made.content), PHOTO)
