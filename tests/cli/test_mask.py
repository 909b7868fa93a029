"""`nstk mask`: a region as a grey picture."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from PIL import Image

from tests.cli.samples import ENVIRONMENT, NSTK, plugin
from tests.plugins.regions.samples import portrait

HALVES = """
class Left(nstk.Region):
    name = "left"
    def __call__(self, pictures):
        import numpy as np
        height, width = pictures.content.shape[:2]
        return np.tile((np.arange(width) < width // 2).astype(np.float32), (height, 1))

class Nothing(nstk.Region):
    name = "nothing"
    def __call__(self, pictures):
        return 0 * pictures.content[..., 0]

class Part(nstk.Region):
    name = "part"
    share: float

class Broken(nstk.Region):
    name = "broken"
    def __call__(self, pictures):
        return pictures.content

@nstk.hookimpl
def nstk_regions():
    return [Left, Nothing, Part, Broken]
"""


@pytest.fixture
def halves(folder):
    return plugin("halves", HALVES)


def levels(path):
    with Image.open(path) as picture:
        assert (picture.mode, picture.format) == ("L", "PNG")
        return np.asarray(picture)


def test_a_person(run):
    Image.fromarray(portrait(160).astype(np.uint8)).save("portrait.png")
    said = run("mask", "portrait.png", "person")
    assert (said.code, said.out) == (0, "out/portrait-person.png\n")
    found = levels("out/portrait-person.png")
    assert said.err == f"person: {found.mean() / 2.55:.0f} % of the photograph\n"
    assert found.shape == (160, 160)
    assert (found[80, 80], found[20, 20]) == (255, 0)


@pytest.mark.slow
def test_the_terminal_shows_nothing_of_the_network(folder):
    Image.fromarray(portrait(160).astype(np.uint8)).save("portrait.png")
    done = subprocess.run([*NSTK, "mask", "portrait.png", "face"], capture_output=True, text=True, env=ENVIRONMENT)
    assert (done.returncode, done.stdout) == (0, "out/portrait-face.png\n")
    assert done.stderr.splitlines() == [done.stderr.strip()]
    assert done.stderr.startswith("face: ")


def test_grow_feather_and_invert(run, halves):
    said = run("mask", "photo.jpg", "left", "-o", "left.png", "-p", halves)
    assert (said.code, said.out, said.err) == (0, "left.png\n", "left: 50 % of the photograph\n")
    assert [*levels("left.png")[24, [0, 31, 32, 63]]] == [255, 255, 0, 0]
    run("mask", "photo.jpg", "left", "-o", "grown.png", "-p", halves, "--grow", "4")
    assert [*levels("grown.png")[24, [35, 36]]] == [255, 0]
    said = run("mask", "photo.jpg", "left", "-o", "all_but.png", "-p", halves, "--grow", "-4", "--feather", "6", "--invert")
    assert said.err == "all but left: 56 % of the photograph\n"
    soft = levels("all_but.png")[24].astype(int)
    assert [*soft[[24, 32]]] == [0, 255]
    assert (np.diff(soft[24:33]) >= 0).all()


def test_a_file_that_is_there_is_kept(run, halves):
    words = ("mask", "photo.jpg", "left", "-o", "left.png", "-p", halves)
    run(*words)
    Image.new("L", (64, 48), 7).save("left.png")
    said = run(*words)
    assert said.code == 2
    assert said.err.startswith("error: left.png exists already: `--force` replaces it")
    assert (levels("left.png") == 7).all()
    assert run(*words, "--force").code == 0
    assert levels("left.png").max() == 255


def test_the_photograph_is_never_replaced(run, halves):
    Image.new("RGB", (32, 32)).save("photo.png")
    said = run("mask", "photo.png", "left", "-o", "./photo.png", "-p", halves, "--force")
    assert (said.code, "over the photograph photo.png" in said.err) == (2, True)


def test_a_folder_gets_a_name(run, halves):
    assert run("mask", "photo.jpg", "left", "-o", "masks/", "-p", halves).out == "masks/photo-left.png\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["photo.jpg", "nothing"], "nothing: nothing of it is found in photo.jpg"),
        (["photo.jpg", "left", "--grow", "-40"], "nothing of it is found in photo.jpg after `--grow -40`"),
        (["photo.jpg", "nothing", "--invert"], "nothing: nothing of it is found"),
        (["photo.jpg", "persn"], "no region is called `persn`: did you mean `person`?"),
        (["photo.jpg", "part"], "the region `part` needs `share`, which only a recipe can say"),
        (["phot.jpg", "left"], "no file phot.jpg: did you mean `photo.jpg`?"),
        (["recipe.yaml", "left"], "recipe.yaml"),
        (["photo.jpg", "left", "-o", "mask.jpg"], "mask.jpg: a mask is a PNG, which keeps every level: name it mask.png"),
        (["photo.jpg", "left", "-o", "mask"], "name it mask.png"),
        (["photo.jpg", "left", "-o", "photo.jpg/mask.png"], "photo.jpg is a file, not a folder"),
        (["photo.jpg", "left", "--feather", "-1"], "--feather"),
        (["photo.jpg", "left", "--grow", "nan"], "the region `left`: grow: "),
    ],
)
def test_a_slip_is_one_sentence(run, halves, words, expected):
    said = run("mask", *words, "-p", halves)
    assert (said.code, said.out) == (2, "")
    assert expected in said.err
    assert "Traceback" not in said.err


def test_a_broken_plugin_is_named(run, halves):
    said = run("mask", "photo.jpg", "broken", "-p", halves)
    assert (said.code, said.err) == (1, "error: region `broken` made an array of shape (48, 64, 3), not (48, 64)\n")
