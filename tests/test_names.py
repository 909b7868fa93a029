"""Names that are hard to write: not UTF-8, or with a line break. A folder, what a recipe names in it, what a run writes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml

import nstk
from nstk import testing
from nstk.errors import RunError
from nstk.files import in_line
from nstk.syntax.parse import dump
from tests.engine.samples import QUICK

BYTE = os.fsdecode(b"\xe9")

PLUGIN = '''
import nstk


class Tone(nstk.Loss):
    """Dark pictures."""

    name = "tone"
    mask: nstk.InputPicture = nstk.Field()
    notes: list[nstk.InputFile] = nstk.Field()

    def reads(self):
        return [nstk.IMAGE]

    def target(self, references):
        return nstk.read_picture(self.mask).mean() / 1000

    def __call__(self, features, target):
        import tensorflow as tf

        return target * tf.reduce_mean(features[nstk.IMAGE])


class Trip(nstk.Callback):
    """Falls at the second step."""

    name = "trip"
    falls: bool = False

    def on_step(self, run, step):
        if self.falls and step.index == 2 and not run.resumed:
            raise ValueError("tripped")


@nstk.hookimpl
def nstk_losses():
    return [Tone]


@nstk.hookimpl
def nstk_callbacks():
    return [Trip]
'''


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working directory, with a recipe, its pictures and its plugin. No name in it is UTF-8."""
    made = tmp_path / f"q{BYTE}"
    try:
        made.mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    monkeypatch.chdir(made)
    testing.recipe(made)
    os.rename("content.png", f"c{BYTE}.png")
    os.rename("style.png", f"s{BYTE}.png")
    Path(f"p{BYTE}.py").write_text(PLUGIN)
    recipe = {
        "content": f"c{BYTE}.png",
        "style": {"one": f"s{BYTE}.png"},
        "backbone": "tiny",
        **{"size": 48, "steps": 3, "precision": "float32", "run_eagerly": True},
        "plugins": [f"p{BYTE}.py"],
        "losses": {"gram": None, "tone": {"mask": f"c{BYTE}.png", "notes": [f"p{BYTE}.py", f"r{BYTE}.yaml"]}},
        "callbacks": {
            "progress": False,
            **{"csv_log": {"path": f"l{BYTE}.csv"}, "json_log": None, "snapshots": {"every": 3}, "trip": None},
        },
        "checkpoint": {"every": 1},
    }
    Path(f"r{BYTE}.yaml").write_text(dump(recipe))
    return made


def test_a_recipe_is_run_and_run_again(folder, tmp_path):
    result = nstk.run(f"r{BYTE}.yaml")
    assert result.path == folder / "out" / f"r{BYTE}.png"
    assert {path.name.replace(BYTE, "!") for path in Path("out").iterdir()} == {
        *("r!.png", "r!.recipe.yaml", "r!.run.json", "l!.csv", "r!.jsonl", "r!-00003.png")
    }
    record = json.loads(Path(f"out/r{BYTE}.run.json").read_text(encoding="utf-8"))
    assert record["output"] == str(result.path)
    saved = nstk.load_recipe(f"out/r{BYTE}.recipe.yaml")
    assert (saved.content, saved.inputs()) == (str(folder / f"c{BYTE}.png"), nstk.load_recipe(f"r{BYTE}.yaml").inputs())
    away = tmp_path / "away" / "x.png"  # from here, paths are absolute
    again = nstk.run(nstk.load_recipe(f"out/r{BYTE}.recipe.yaml", output=away))
    assert yaml.safe_load(away.with_suffix(".recipe.yaml").read_text(encoding="utf-8"))["content"] == str(
        folder / f"c{BYTE}.png"
    )
    assert (again.picture == result.picture).all()


def test_a_run_is_resumed(folder):
    whole = nstk.run(nstk.load_recipe(f"r{BYTE}.yaml", output="whole.png"))
    with pytest.raises(RunError, match="tripped"):
        nstk.run(nstk.load_recipe(f"r{BYTE}.yaml", ["callbacks.trip.falls=true"]))
    assert (nstk.resume(f"out/r{BYTE}.png").picture == whole.picture).all()


def test_names_on_the_command_line(folder):
    """Also written without quotes, where YAML would refuse half a character."""
    recipe = nstk.load_recipe(None, [f"content=c{BYTE}.png", f'style="s{BYTE}.png"', f"output=d{BYTE}/o.png"])
    assert (recipe.content, recipe.path) == (str(folder / f"c{BYTE}.png"), folder / f"d{BYTE}" / "o.png")
    with pytest.raises(nstk.RecipeError, match=r"must be .*, not `\\udce9`"):
        nstk.load_recipe(f"r{BYTE}.yaml", [f"size={BYTE}"])
    with pytest.raises(nstk.RecipeError, match=r"no file no\\udce9.png"):
        nstk.load_recipe(f"r{BYTE}.yaml", [f"content=no{BYTE}.png"])


@pytest.mark.parametrize("suffix", [".npz", ".h5", ".safetensors"])
def test_weights(suffix, folder):
    """What each reader's own library says of such a path: it finds the file, and not that there is none."""
    weights = f"w{BYTE}{suffix}"
    Path(weights).write_bytes(b"no weights")
    recipe = nstk.load_recipe(f"r{BYTE}.yaml", [f"backbone={{use: vgg19, weights: {weights}}}"])
    with pytest.raises(nstk.WeightsError, match=r"not a zip file|signature not found|header too large"):
        nstk.run(recipe)


BREAKING = ["a\nb", "a\n#b: c", "a\x85b", "a\u2028b", "a #b", "a\x1b[1mb", "a\rb"]


@pytest.mark.parametrize("name", BREAKING, ids=ascii)
def test_a_name_that_breaks_a_line_does_no_harm(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = testing.pictures((36, 48))
    for key, picture in (("content", made.content), ("style", made.styles["style"])):
        nstk.write_picture(picture, tmp_path / f"{key}{name}.png")
    keys = {key: f"{key}{name}.png" for key in ("content", "style", "output")}
    keys |= {"size": 48, "steps": 1, "backbone": "tiny", "optimizer": "adam", **QUICK}
    Path(f"plugin{name}.py").write_text(PLUGIN)
    keys["plugins"] = [f"plugin{name}.py"]
    keys["callbacks"] = {"progress": False, "csv_log": None, "json_log": None, "trip": None}
    source = tmp_path / f"recipe{name}.yaml"
    source.write_text(dump(keys), encoding="utf-8")
    result = nstk.run(source)
    assert result.path == tmp_path / f"output{name}.png"
    saved = tmp_path / f"output{name}.recipe.yaml"
    first, second = saved.read_text(encoding="utf-8").splitlines()[:2]
    assert first == f"# The recipe of {in_line(result.path.name)}, with every default written out."
    assert second.startswith("content: ")
    assert nstk.load_recipe(saved).to_plain() == nstk.load_recipe(source).to_plain()
    assert len((tmp_path / f"output{name}.csv").read_text().splitlines()) == 2
    assert json.loads((tmp_path / f"output{name}.run.json").read_text())["output"] == str(result.path)
