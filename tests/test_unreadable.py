"""What is there and cannot be read is called that, and never `no file`. The tests ask as a user who may not read."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

import nstk
from nstk import testing
from nstk.checkpoints.unfinished import unfinished
from nstk.errors import NstkError
from nstk.files import NOT_THERE, possible, trouble
from nstk.recipe.load import load_recipe
from nstk.recipe.shipped import copy_recipe

NOBODY = 65534

PLUGIN = '''
import nstk


class Tone(nstk.Loss):
    """Reads a picture and a file."""

    name = "tone"
    mask: nstk.InputPicture = nstk.Field("content.png")
    note: nstk.InputFile = nstk.Field("content.png")

    def reads(self):
        return [nstk.IMAGE]


@nstk.hookimpl
def nstk_losses():
    return [Tone]
'''


@contextmanager
def nobody():
    """Inside, this process is an ordinary user."""
    root = os.geteuid() == 0
    if root:
        os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        if root:
            os.setresuid(0, 0, 0)


@pytest.fixture(scope="module")
def folder():
    """A folder that everybody may enter, with files of every kind that cannot be read."""
    if not hasattr(os, "setresuid"):
        pytest.skip("this system has no users to change to")
    here, made = Path.cwd(), Path(tempfile.mkdtemp())
    made.chmod(0o777)
    os.chdir(made)
    testing.recipe(made)
    recipe = "content: content.png\nstyle: style.png\nbackbone: tiny\n"
    files = {"good.yaml": recipe, "recipe.yaml": recipe, "tone.py": PLUGIN, "p.py": "", "w.npz": "?", "a.run.json": "{}"}
    for name, text in files.items():
        Path(name).write_text(text)
    run, checkpoint = Path("b.run"), f"step-0000001-{'0' * 64}.npz"
    run.mkdir()
    for name in ("recipe.yaml", checkpoint):
        (run / name).write_text(recipe)
    shutil.copytree(run, "c.run")
    shutil.copytree(run, "d.run")
    shutil.copy("content.png", "a.png")
    shutil.copy("content.png", "mode.png")
    shutil.copytree(".", "shut")
    for name in ("mode.png", "recipe.yaml", "p.py", "w.npz", "a.run.json", f"b.run/{checkpoint}", "c.run/recipe.yaml", "shut"):
        os.chmod(name, 0)
    os.chmod("d.run", 0o111)
    os.symlink("gone.png", "dangling.png")
    os.symlink("loop.png", "loop.png")
    os.mkfifo("pipe.png")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.png")
    yield made
    os.chdir(here)
    shutil.rmtree(made)


def said(call, *arguments, **named):
    with nobody(), pytest.raises(NstkError) as error:
        call(*arguments, **named)
    return str(error.value)


DENIED = {
    "mode.png": "cannot be read (Permission denied)",
    "shut/content.png": "shut/content.png cannot be reached: the folder shut may not be searched (Permission denied)",
    "shut/gone.png": "shut/gone.png cannot be reached: the folder shut may not be searched (Permission denied)",
    "dangling.png": "dangling.png is a link to gone.png, which is not there",
    "loop.png": "loop.png cannot be read (Too many levels of symbolic links)",
    f"{'x' * 300}.png": "cannot be read (File name too long)",
    "pipe.png": "pipe.png is a",
    "socket.png": "socket.png is a",
    "content.png/x.png": "no file content.png/x.png",
}


@pytest.mark.parametrize(("name", "words"), DENIED.items(), ids=lambda it: it[:20])
def test_files_that_a_recipe_names(name, words, folder):
    settings = ["content={}", "style={{a: {}}}", "init={{use: image, file: {}}}"]
    settings += ["losses={{tone: {{mask: {}}}}}", "losses={{tone: {{note: {}}}}}"]
    for setting in settings:
        text = said(load_recipe, "good.yaml", [setting.format(name)], plugins=["tone.py"])
        assert words in text
        assert "no file" in words or "no file" not in text


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"backbone": {"use": "vgg19", "weights": "w.npz"}}, "w.npz cannot be read (Permission denied)"),
        ({"backbone": {"use": "vgg19", "weights": "shut/w.npz"}}, "the folder shut may not be searched"),
        ({"extends": "recipe.yaml"}, "recipe.yaml cannot be read (Permission denied)"),
        ({"extends": "shut/good.yaml"}, "the folder shut may not be searched"),
        ({"extends": "dangling.png"}, "dangling.png is a link to gone.png, which is not there"),
        ("recipe.yaml", "recipe.yaml cannot be read (Permission denied)"),
        ("shut/good.yaml", "the folder shut may not be searched"),
        ("socket.png", "socket.png is a socket, not a file"),
        ({"plugins": "p.py"}, "did not load: it cannot be read (Permission denied)"),
        ({"plugins": "shut/p.py"}, "did not load: it cannot be reached: the folder shut may not be searched"),
        ({"output": "shut/o.png"}, "shut cannot be written to"),
        ({"output": "shut/new/o.png"}, "shut cannot be written to"),
        ({"output": "loop.png"}, "no file can have the name loop.png"),
    ],
)
def test_recipes_plugins_weights_and_outputs(what, words, folder):
    if isinstance(what, dict):
        what = {"content": "content.png", "style": "style.png", "output": "out/o.png", **what}
    assert words in said(load_recipe, what)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("a.png", "its record a.run.json cannot be read (Permission denied)"),
        ("b.png", "cannot be read (Permission denied): make it readable to go on"),
        ("c.run", "c.run/recipe.yaml cannot be read (Permission denied)"),
        ("d.png", "the run's folder d.run cannot be read (Permission denied)"),
        ("shut/b.png", "the folder shut may not be searched"),
    ],
)
def test_runs_to_resume(path, words, folder):
    text = said(unfinished, path)
    assert words in text
    assert "damaged" not in text


@pytest.mark.parametrize("name", ["mode.png", "shut/content.png", "dangling.png", "loop.png"])
def test_a_picture_alone(name, folder):
    text = said(nstk.read_picture, name)
    assert "no file" not in text
    assert DENIED[name].split("(")[-1].split(" may")[0][:17] in text


def test_a_recipe_is_not_copied_there(folder):
    assert "shut" in said(copy_recipe, "minimal", Path("shut"))


def test_errors_of_the_disk(monkeypatch, tmp_path):
    """What no test can bring about: a disk that fails, a server that has forgotten the file."""
    (tmp_path / "a.png").touch()
    assert (trouble(tmp_path / "a.png"), trouble(tmp_path / "b.png"), trouble(tmp_path / "a\0")) == ("", NOT_THERE, NOT_THERE)
    assert trouble(tmp_path) == "is a folder, not a file"
    for code in (5, 116):

        def fail(path, *more, code=code, **named):
            raise OSError(code, os.strerror(code))

        with monkeypatch.context() as patched:
            patched.setattr(os, "stat", fail)
            assert trouble(tmp_path / "a.png") == f"cannot be read ({os.strerror(code)})"
            assert possible(tmp_path / "a.png")
