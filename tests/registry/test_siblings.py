"""A plugin's file imports the file beside it, and nobody else finds that one there."""

from __future__ import annotations

import sys
from textwrap import dedent

import pytest

from nstk.errors import PluginError
from nstk.registry.registry import Registry

LOSS = """
    import nstk
    {imports}

    class Grain(nstk.Loss):
        name = "{name}"
        said = staticmethod(lambda: {said})

        def late(self):
            import helpers
            return helpers.WORD

    @nstk.hookimpl
    def nstk_losses():
        return [Grain]
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes files under the working directory."""
    monkeypatch.chdir(tmp_path)

    def write(**files: str) -> None:
        for name, text in files.items():
            path = tmp_path / f"{name.replace('__', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text), encoding="utf-8")

    return write


def loss(name: str, imports: str = "import helpers", said: str = "helpers.WORD") -> str:
    return LOSS.format(name=name, imports=imports, said=said)


def test_two_folders_have_helpers_of_their_own(write):
    write(a__mine=loss("one"), a__helpers="WORD = 'a'", b__mine=loss("two"), b__helpers="WORD = 'b'")
    before = [*sys.path]
    registry = Registry.of(["a/mine.py", "b/mine.py"])
    one, two = registry.get("loss", "one"), registry.get("loss", "two")
    assert (one.said(), two.said()) == ("a", "b")
    assert (one().late(), two().late()) == ("a", "b"), "in a function that is called later too"
    assert sys.path == before
    assert "helpers" not in sys.modules
    with pytest.raises(ModuleNotFoundError):
        import helpers  # noqa: F401


@pytest.mark.parametrize("imports", ["from helpers import WORD", "from helpers import *", "import helpers as h; WORD = h.WORD"])
def test_each_way_to_import_works(write, imports):
    write(mine=loss("grain", imports, "WORD"), helpers="WORD = 'beside'")
    assert Registry.of(["mine.py"]).get("loss", "grain").said() == "beside"


def test_helpers_import_each_other(write):
    write(mine=loss("grain"), helpers="import words\nWORD = words.WORD\n", words="import helpers\nWORD = 'far'\n")
    assert Registry.of(["mine.py"]).get("loss", "grain").said() == "far"


def test_two_plugins_share_one_helper(write):
    write(one=loss("one", said="helpers"), two=loss("two", said="helpers"), helpers="WORD = 1")
    registry = Registry.of(["one.py", "two.py"])
    assert registry.get("loss", "one").said() is registry.get("loss", "two").said()


def test_a_helper_that_was_edited_is_read_again(write):
    write(mine=loss("grain"), helpers="WORD = 'before'")
    assert Registry.of(["mine.py"]).get("loss", "grain").said() == "before"
    write(helpers="WORD = 'afterwards'")
    assert Registry.of(["mine.py"]).get("loss", "grain").said() == "afterwards"


def test_python_and_packages_are_never_shadowed(write):
    write(
        mine=loss("grain", "import random", "hasattr(random, 'WORD')"), random="WORD = 1", click="WORD = 1", helpers="WORD = 1"
    )
    assert not Registry.of(["mine.py"]).get("loss", "grain").said()
    import random

    import click

    assert not hasattr(random, "WORD")
    assert not hasattr(click, "WORD")


def test_a_plugin_may_be_called_as_what_it_wraps(write):
    write(click=loss("grain", "import click", "click.__name__"), helpers="WORD = 1")
    assert Registry.of(["click.py"]).get("loss", "grain").said() == "click"


def test_a_mistake_beside_a_plugin_is_found_there(write):
    write(mine=loss("grain"), helpers="\nWORD = 1 / 0\n")
    with pytest.raises(PluginError, match=r"`mine` \(mine.py\) did not load: ZeroDivisionError: .* \(helpers.py:2\)"):
        Registry.of(["mine.py"])


def test_a_missing_helper_is_named(write):
    write(mine=loss("grain"))
    with pytest.raises(PluginError, match=r"No module named 'helpers' \(mine.py:\d+\)"):
        Registry.of(["mine.py"])


def hash_of(spec: str) -> str:
    registry = Registry.of([spec])
    return registry.code_hash(registry.get("loss", "grain"))


def test_the_hash_is_of_what_is_imported(write):
    write(mine=loss("grain", "", "1"), helpers="import words\nWORD = 1\n", words="", other="X = 1")
    first = hash_of("mine.py")
    assert hash_of("mine.py") == first
    write(words="X = 1")
    assert hash_of("mine.py") != first, "of a helper's helper, imported in a method"
    write(words="")
    assert hash_of("mine.py") == first
    write(other="X = 2")
    assert hash_of("mine.py") == first, "not of what lies there besides"
