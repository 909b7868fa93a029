"""Recipes that are torn, damaged, or make no sense, and words on the command line."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from PIL import Image

from nstk.cli import cli
from nstk.cli.group import call
from nstk.recipe.defaults import LABELLED, SLOTS
from nstk.recipe.settings import Settings
from nstk.syntax.parse import dump
from tests.fuzz.damage import RANDOM, damaged, fuzz, in_time

SHIPPED = Path(__file__).parents[2] / "recipes"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A working directory with the shipped recipes and their pictures, made small, and a recipe elsewhere with a plugin."""
    folder = tmp_path_factory.mktemp("fuzz")
    here, there = folder / "here", folder / "there"
    shutil.copytree(SHIPPED, here, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for path in (here / "images").glob("*.jpg"):
        Image.open(path).resize((40, 32)).save(path)
    there.mkdir()
    (there / "evil.py").write_text("open('pwned', 'w')\n")
    (there / "evil.yaml").write_text("extends: minimal\nplugins: [evil.py]\n")
    before = Path.cwd()
    os.chdir(here)
    yield folder
    os.chdir(before)


WORDS = [*Settings.model_fields, *SLOTS, *LABELLED, "use", "weight", "layers", "path", "every", "plugins", "extends"]
WORDS += ["gram", "tv", "adam", "noise", "vgg19", "csv_log", "snapshots", "minimal", "louvre.yaml", "images/louvre.jpg", "é"]
WORDS += ["../there/evil.yaml", "evil.py", "../x.png", "/dev/zero", "/dev/stdin", ".", "~", "a" * 300, "{name:>999999999}"]
SYNTAX = [
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "&a ",
    "*a",
    "<<: ",
    "? ",
    "|",
    ">",
    "'",
    '"',
    "#",
    "!",
    "!!python/name:os.abort ",
    "%",
]
SYNTAX += ["---\n", "...\n", "\t", "\n", "\r", "\0", "\x85", "\u2028", "\ufeff", "\\ud800", "\x1b[31m", "  ", "@", "`", ", "]
EXTREMES = ["0", "-1", "1e400", "-.inf", ".nan", "9" * 400, "1e-400", "0x" + "f" * 90, "-0.0", "1_000", "010", "true", "1e18"]
TORN_WORDS = st.sampled_from(WORDS) | st.sampled_from(SYNTAX) | st.sampled_from(EXTREMES)


@st.composite
def torn(draw, text):
    """A recipe's text with up to four mistakes: lines twice, out of order or lost; other words, numbers and syntax."""
    lines = text.splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(lines) - 1)))
        line = lines[at] if lines else ""
        word = draw(TORN_WORDS | st.text(max_size=4))
        place = draw(st.integers(0, len(line)))
        end = draw(st.integers(place, len(line)))
        ways = {
            "twice": [line, line],
            "lost": [],
            "swapped": [*lines[at + 1 : at + 2], line],
            "indented": [f"  {line}"],
            "inserted": [line[:place] + word + line[place:]],
            "replaced": [line[:place] + word + line[end:]],
            "value": [f"{line.partition(':')[0]}: {word}\n"],
        }
        kind = draw(st.sampled_from(sorted(ways)))
        lines[at : at + 1 + (kind == "swapped")] = ways[kind]
    return "".join(lines)


VALUES = st.recursive(
    st.sampled_from(WORDS) | st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=15,
)
NONSENSE = st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=8)


def files(folder):
    """Everything below a folder, and when it was changed last."""
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}


def say(*words):
    """Run a command line; its exit code, output and errors. A traceback would go on."""
    out, err = io.StringIO(), io.StringIO()
    with in_time(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = call(cli, words)
    assert code in (0, 2)
    assert "Traceback" not in out.getvalue() + err.getvalue()
    assert bool(err.getvalue().strip()) == (code == 2)
    return code, out.getvalue(), err.getvalue()


def check(data, project, *words):
    """Check a recipe; if it is good, what is shown of it is good and says the same."""
    path = Path("case.yaml")
    path.write_bytes(data)
    before = files(project)
    code, _, _ = say("check", str(path), *words)
    assert files(project) == before
    if code == 0:
        _, shown, _ = say("show", str(path), *words)
        path.write_text(shown, encoding="utf-8")
        assert say("show", str(path))[1] == shown


@fuzz(0.15)
@given(st.data())
def test_recipes_that_are_torn(project, data):
    text = data.draw(st.sampled_from(sorted(SHIPPED.glob("*.yaml")))).read_text(encoding="utf-8")
    check(data.draw(torn(text)).encode("utf-8", "surrogatepass"), project)


@fuzz(0.05)
@given(RANDOM)
def test_recipes_whose_bytes_are_damaged(project, random):
    check(damaged(random.choice(sorted(SHIPPED.glob("*.yaml"))).read_bytes(), random), project)


@fuzz(0.1)
@given(NONSENSE, st.sampled_from(["", "extends: minimal\n"]))
def test_recipes_that_make_no_sense(project, recipe, begin):
    check((begin + dump(recipe if recipe else None)).encode(), project)


@fuzz(0.05)
@given(st.lists(st.tuples(st.sampled_from(WORDS), TORN_WORDS | st.text(max_size=9)), max_size=3))
def test_words_on_the_command_line(project, words):
    check(b"extends: minimal\n", project, *(f"{key}={value}" for key, value in words))
