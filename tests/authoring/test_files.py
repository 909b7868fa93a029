"""The files of a new plugin: there is one for each slot, they have the names in them, and none is written over another."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest
import yaml

from nstk.authoring.files import check_absent, plugin_files, use_of, write_new
from nstk.authoring.names import WORDS, Names
from nstk.errors import OutputError
from tests.documents import ROOT

HERE = Path()


@pytest.mark.parametrize("kind", WORDS)
def test_a_plugin_is_short_and_says_what_it_is(kind):
    plugin, test = plugin_files(Names(kind, "mine", False), HERE).values()
    assert 20 <= len(plugin.splitlines()) <= 55
    assert "$" not in plugin + test
    for text in (plugin, test):
        assert ast.get_docstring(ast.parse(text))
        assert max(map(len, text.splitlines())) <= 88
    assert "nstk.testing.check_plugin(mine)" in test
    assert use_of(Names(kind, "mine", False)).count("mine") == 1


def test_every_template_is_used():
    folder = ROOT / "nstk" / "authoring" / "templates"
    slots = {f"{kind}.py.in" for kind in WORDS}
    assert {path.name for path in folder.glob("*.in")} == slots | {f"test_{name}" for name in slots}
    assert {path.name for path in (folder / "package").iterdir()} == {
        "pyproject.toml.in",
        "README.md.in",
        "ci.yml.in",
        "gitignore.in",
    }


@pytest.mark.parametrize("kind", WORDS)
def test_a_distribution(kind):
    names = Names(kind, "mine", True)
    texts = {path.relative_to("nstk-mine").as_posix(): text for path, text in plugin_files(names, HERE).items()}
    tomllib = pytest.importorskip("tomllib")  # of Python 3.11 on
    project = tomllib.loads(texts["pyproject.toml"])
    assert project["project"]["entry-points"]["nstk"] == {"mine": "nstk_mine"}
    assert project["project"]["name"] == "nstk-mine"
    assert f"name = {project['project']['dependencies'][0]}\n" in (ROOT / "setup.cfg").read_text(encoding="utf-8")
    steps = yaml.safe_load(texts[".github/workflows/ci.yml"])["jobs"]["test"]["steps"]
    assert steps[1]["with"]["python-version"] == "${{ matrix.python }}"
    assert f"nstk run louvre {use_of(names)}\n" in texts["README.md"]
    assert {"src/nstk_mine.py", "tests/test_nstk_mine.py", "README.md", ".gitignore"} <= set(texts)
    assert "LICENSE" not in texts
    assert "## Licence" in texts["README.md"]


def test_nothing_is_written_over(tmp_path):
    names = Names("loss", "mine", False)
    texts = plugin_files(names, tmp_path)
    (tmp_path / "test_mine.py").write_text("precious")
    with pytest.raises(OutputError, match=r"test_mine.py is there already: choose another name, or another folder with `-o`"):
        check_absent(names, texts, tmp_path)
    with pytest.raises(OutputError, match=r"cannot write test_mine.py: .*test_mine.py is there already"):
        write_new({path: text for path, text in texts.items() if path.name == "test_mine.py"})
    assert (tmp_path / "test_mine.py").read_text() == "precious"


def test_a_link_that_leads_nowhere_is_there(tmp_path):
    names = Names("loss", "mine", False)
    (tmp_path / "mine.py").symlink_to(tmp_path / "nowhere.py")
    with pytest.raises(OutputError, match=r"mine.py is there already"):
        check_absent(names, plugin_files(names, tmp_path), tmp_path)


def test_a_distribution_needs_a_folder_of_its_own(tmp_path):
    names = Names("loss", "mine", True)
    (tmp_path / "nstk-mine").mkdir()
    with pytest.raises(OutputError, match=r"nstk-mine is there already"):
        check_absent(names, plugin_files(names, tmp_path), tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_may_not_be_written_to(tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(OutputError, match=r"cannot write .*Permission denied.*: choose another folder with `-o`"):
        write_new({tmp_path / "mine.py": ""})


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "notes").write_text("")
    with pytest.raises(OutputError, match=r"cannot write mine.py: .*notes is there already, and no folder; choose another"):
        write_new({tmp_path / "notes" / "mine.py": ""})
