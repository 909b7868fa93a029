"""`nstk new`: what it writes passes as it is, and a mistake is a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nstk.authoring.names import WORDS
from tests.cli.samples import ENVIRONMENT, NSTK
from tests.documents import ROOT

HERE = {**ENVIRONMENT, "PYTHONPATH": str(ROOT), "MYPYPATH": str(ROOT)}


def python(folder: Path, *words: str, **environment: str) -> str:
    """Runs `python -m` in a folder of the user's, which has to go well. Returns what it says."""
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env={**HERE, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def every(run, folder, monkeypatch):
    """A folder with a plugin of each kind, of a long name."""
    (folder / "mine").mkdir()
    monkeypatch.chdir(folder / "mine")
    for kind in WORDS:
        assert run("new", kind, f"my-{kind}-of-some-length").code == 0
    return folder / "mine"


def test_it_says_what_it_wrote_and_how_to_go_on(run, folder):
    said = run("new", "loss", "soft-edges", "-o", "plugins")
    assert said.code == 0
    assert said.out.splitlines() == [
        "plugins/soft_edges.py",
        "plugins/test_soft_edges.py",
        "",
        "pytest plugins/test_soft_edges.py",
        "nstk describe loss soft_edges -p plugins/soft_edges.py",
        "nstk run louvre -p plugins/soft_edges.py losses.soft_edges.weight=1",
    ]
    assert 'name = "soft_edges"' in (folder / "plugins" / "soft_edges.py").read_text()
    assert (folder / "plugins" / "test_soft_edges.py").exists()


def test_what_is_written_passes_its_own_tests(every):
    said = python(every, "pytest", "-q", "-W", "error")
    assert f"{3 * len(WORDS)} passed" in said


def test_what_is_written_is_clean(every):
    python(every, "ruff", "check")
    python(every, "ruff", "format", "--check")


@pytest.mark.slow
def test_what_is_written_has_good_types(every):
    python(every, "mypy", "--follow-imports=silent", ".")


@pytest.mark.parametrize("kind", WORDS)
def test_the_commands_that_are_shown_work(kind, run, folder):
    shown = run("new", kind, "mine").out.splitlines()[-2:]
    for line in shown:
        words = line.replace("'", "").split()[1:]
        said = run(*(["check", *words[1:]] if words[0] == "run" else words))
        assert said.code == 0, said.err
        assert "mine" in said.out or "louvre: good" in said.out


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["los", "mine"], "`los` is no kind of plugin: did you mean `loss`?"),
        (["loss", "gram"], "nstk knows the loss `gram` already (built in): choose another name"),
        (["loss", "json"], "`json` is a module of Python's own, which json.py would hide: choose another name"),
        (["loss", "3d"], "'3d' cannot be the name of a plugin: use letters"),
        (["loss", "there"], "there.py is there already: choose another name, or another folder with `-o`"),
        (["loss", "mine", "-o", "there.py"], "cannot write mine.py: there.py is there already, and no folder"),
        (["loss", "mine", "--packge"], "--package"),
        (["loss"], "Missing argument 'NAME'"),
    ],
)
def test_a_mistake_is_a_sentence(args, expected, run, folder):
    (folder / "there.py").write_text("precious")
    before = sorted(os.listdir(folder))
    said = run("new", *args)
    assert said.code == 2
    assert expected in said.err
    assert "Traceback" not in said.err
    assert sorted(os.listdir(folder)) == before
    assert (folder / "there.py").read_text() == "precious"


def test_nothing_is_written_twice(run, folder):
    for words in (["loss", "mine"], ["loss", "mine", "--package"]):
        assert run("new", *words).code == 0
        again = run("new", *words)
        assert (again.code, again.out) == (2, "")
        assert "is there already" in again.err


def test_a_distribution_says_how_to_go_on(run):
    said = run("new", "callback", "diary-of-mine", "--package")
    assert said.out.splitlines()[-3:] == [
        "cd nstk-diary-of-mine",
        'pip install -e ".[test]" && pytest',
        "nstk run louvre callbacks.diary_of_mine.every=10",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["callback", "backbone"])
def test_a_distribution_is_installed_found_and_passes(kind, run, folder, tmp_path_factory):
    assert run("new", kind, "mine-own", "--package").code == 0
    home, site = folder / "nstk-mine-own", tmp_path_factory.mktemp("site")
    python(home, "ruff", "check")
    python(home, "ruff", "format", "--check")
    python(home, "mypy", "--follow-imports=silent")
    options = ["--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", "--no-build-isolation"]
    python(home, "pip", "install", *options, "--target", str(site), ".")
    both = os.pathsep.join([str(site), str(ROOT)])
    assert f"mine_own 0.1.0  (nstk-mine-own 0.1.0)\n    {kind} mine_own\n" in python(
        folder, *NSTK[2:], "plugins", PYTHONPATH=both
    )
    assert "3 passed" in python(home, "pytest", "-q", "-W", "error", PYTHONPATH=both)
