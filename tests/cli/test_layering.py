"""`nstk layers`: lists, and a sheet."""

from __future__ import annotations

import pytest
from PIL import Image


def test_layers_of_a_backbone(run):
    said = run("layers", "tiny").out
    assert said == run("layers", "nstk:tiny").out
    assert [line.split()[0] for line in said.splitlines()[1:3]] == ["block1_conv1", "block1_conv2"]
    assert run("layers").out.splitlines()[1].split()[:3] == ["block1_conv1", "64", "1"]


def test_layers_of_a_recipe_say_who_reads_them(run):
    head, first, second, *_ = run("layers", "recipe.yaml", "losses.tv=false").out.splitlines()
    assert head.endswith("in papers   read by")
    assert first.split() == ["block1_conv1", "4", "1", "3", "px", "relu1_1", "wasserstein"]
    assert second.split()[-1] == "relu1_2"


def test_a_sheet_lies_beside_the_picture_and_replaces_nothing(run, folder, monkeypatch):
    monkeypatch.setattr("nstk.engine.layer_sheet.STEPS", 1)
    words = ("layers", "recipe.yaml", "--sheet", "--layers", "block1_conv1,block2_conv1", "--size", "64", "run_eagerly=true")
    first, second = run(*words), run(*words)
    assert (first.code, first.out, first.err) == (0, "out/recipe.layers.png\n", "")
    assert second.out == "out/recipe.1.layers.png\n"
    with Image.open(folder / "out" / "recipe.layers.png") as sheet:
        assert sheet.width > 2 * 64
    said = run(*words, "-o", "out/recipe.layers.png")
    assert (said.code, "out/recipe.layers.png exists already" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--sheet"], "a sheet is of a recipe's painting: `nstk layers RECIPE --sheet`"),
        (["vgg19", "-o", "a.png"], "`-o` is for a sheet: `nstk layers RECIPE --sheet -o a.png`"),
        (["nowhere"], "no backbone is called `nowhere`"),
        (["recipe.yaml", "--sheet", "-o", "sheet.txt"], "sheet.txt: cannot write `.txt` pictures"),
        (["recipe.yaml", "--sheet", "--layers", "conv1"], "backbone `tiny` has no layer `conv1`"),
    ],
)
def test_a_slip_is_one_sentence(run, words, expected):
    said = run("layers", *words)
    assert (said.code, said.out, expected in said.err) == (2, "", True), said.err
