"""Broken recipes: each `broken/NAME.yaml` ends in exactly the message in `broken/NAME.txt`, and in nothing else.

To see what a change does to the messages: `NSTK_UPDATE_EXPECTED=1 pytest tests/test_broken.py` writes them anew, and `git diff`
shows them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import nstk
from nstk import pictures

FOLDER = Path(__file__).parent / "broken"
RECIPES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
UPDATE = "NSTK_UPDATE_EXPECTED" in os.environ


@pytest.fixture(scope="session")
def broken(tmp_path_factory):
    """A copy of the folder, with the pictures, whole and broken, that its recipes name."""
    folder = tmp_path_factory.mktemp("work") / "broken"
    shutil.copytree(FOLDER, folder)
    noise = Image.effect_noise((64, 48), 80).convert("RGB")
    for name in ("photo.png", "painting.png"):
        noise.save(folder / name)
    data = (folder / "photo.png").read_bytes()
    (folder / "truncated.png").write_bytes(data[: len(data) // 2])
    Image.new("RGB", (15, 64)).save(folder / "tiny.png")
    Image.new("RGB", (64, 16)).save(folder / "narrow.png")
    Image.new("1", (40000, 100)).save(folder / "long.png")
    for name in ("white", "black"):
        Image.new("L", (64, 48), name).save(folder / f"{name}.png")
    halves = Image.new("RGB", (64, 48), "red")
    halves.paste((0, 255, 0), (0, 0, 20, 48))
    halves.save(folder / "map.png")
    (folder / "zero_bytes.png").touch()
    (folder / "text.png").write_text("This is no picture.\n")
    (folder / "folder.png").mkdir()
    (folder / "linked.png").symlink_to("painting.png")
    (folder / "link_to_photo.png").symlink_to("photo.png")
    (folder / "loop.png").symlink_to("loop.png")
    (folder / "sidecar.recipe.yaml").symlink_to("../elsewhere/stranger.yaml")
    (folder.parent / "elsewhere").mkdir()
    shutil.move(folder / "parents" / "stranger.yaml", folder.parent / "elsewhere")
    return folder


def snapshot(folder):
    """Every file below a folder, with its bytes."""
    return {path: path.read_bytes() for path in sorted(folder.parent.rglob("*")) if path.is_file() and path.suffix != ".pyc"}


@pytest.mark.parametrize("name", RECIPES)
def test_says_what_is_wrong(name, broken, monkeypatch):
    monkeypatch.chdir(broken)
    monkeypatch.setitem(pictures.FORMATS, ".avif", {"format": "AVIF"})  # which not every Pillow can write
    before = snapshot(broken)
    with pytest.raises(nstk.UserError) as caught:
        nstk.load_recipe(f"{name}.yaml")
    said = f"{caught.value}\n".replace(str(broken.parent), "")
    expected = FOLDER / f"{name}.txt"
    if UPDATE:
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")
    assert snapshot(broken) == before
    assert caught.value.exit_code == 2


def test_every_message_belongs_to_a_recipe():
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == RECIPES


@pytest.mark.parametrize("name", RECIPES)
def test_speaks_the_words_of_the_recipe(name):
    """No vocabulary of the libraries that found the mistake, no Python."""
    said = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    foreign = [
        "Input",
        "pydantic",
        "validation",
        "NoneType",
        "dict",
        "object at",
        "yaml.org",
        "token",
        "block end",
        "None",
        "Errno",
    ]
    assert [word for word in foreign if word in said.replace("dicts", "")] == []


@pytest.mark.parametrize("name", RECIPES)
def test_the_caret_is_under_the_word(name):
    """Line and column lead to the text that is shown, and the carets are as wide as a word of it."""
    lines = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    for place, shown, carets in zip(lines, lines[1:], lines[2:], strict=False):
        file, _, rest = place.partition(".yaml:")
        if "^" not in carets or not rest[:1].isdigit():
            continue
        line, column = map(int, rest.split(":")[:2])
        path = FOLDER / f"{file.replace('/elsewhere', 'parents')}.yaml"
        source = path.read_text(encoding="utf-8").splitlines()[line - 1].replace("\t", " ")
        assert shown.partition("|")[0].strip() == str(line)
        if "..." in shown or not source.isascii():
            continue
        assert shown.partition("| ")[2] == source.rstrip()
        assert carets.index("^") - len("      | ") == column - 1
        assert carets.index("^") - len("      | ") + carets.count("^") <= max(len(source), column)


def test_the_command_line_says_the_same(broken):
    """In a process of its own: the exit code, nothing but the messages, nothing written, and no TensorFlow."""
    names = ["everything", "binary", "alias_bomb", "python_tag", "picture_truncated", "overwrites_through_link", "extends_loop"]
    before = snapshot(broken)
    code = "import sys, nstk.cli\ntry: nstk.cli.main()\nfinally: assert 'tensorflow' not in sys.modules"
    for start in (["-m", "nstk"], ["-c", code]):
        command = [sys.executable, *start, "check", *(f"{name}.yaml" for name in names)]
        done = subprocess.run(command, cwd=broken, capture_output=True, text=True, encoding="utf-8", check=False)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
        assert done.stderr == "".join((FOLDER / f"{name}.txt").read_text(encoding="utf-8") for name in names)
    assert snapshot(broken) == before
