"""What a new plugin may be called, and what is made of the name."""

from __future__ import annotations

import pytest

from nstk.authoring.names import WORDS, check_free, kind_of, names_for
from nstk.errors import UserError
from nstk.registry.registry import Registry


@pytest.mark.parametrize(
    ("word", "name", "class_name", "distribution"),
    [
        ("soft", "soft", "Soft", "nstk-soft"),
        ("soft-edges", "soft_edges", "SoftEdges", "nstk-soft-edges"),
        ("soft_edges2", "soft_edges2", "SoftEdges2", "nstk-soft-edges2"),
        ("SoftEdges", "SoftEdges", "SoftEdges", "nstk-softedges"),
        ("a__b", "a__b", "AB", "nstk-a--b"),
        ("x" * 60, "x" * 60, "X" + "x" * 59, "nstk-" + "x" * 60),
    ],
)
def test_what_is_made_of_a_name(word, name, class_name, distribution):
    names = names_for("loss", word, packaged=True)
    assert (names.name, names.class_name, names.distribution) == (name, class_name, distribution)
    assert names.module == f"nstk_{name}"
    assert names_for("loss", word, packaged=False).module == name


@pytest.mark.parametrize(
    ("word", "message"),
    [
        *(
            (word, "cannot be the name of a plugin: use letters")
            for word in ("", "3d", "_x", "x_", "-x", "a b", "a.b", "a/b", "é")
        ),
        *((word, "is a word of Python's own") for word in ("class", "none", "True", "lambda")),
        *((word, "is no name in YAML, but a value") for word in ("off", "yes", "null", "NO")),
        ("x" * 61, "has at most 60 characters, this one has 61"),
    ],
)
def test_what_no_plugin_can_be_called(word, message):
    with pytest.raises(UserError, match=message):
        names_for("loss", word, packaged=False)


@pytest.mark.parametrize(
    ("kind", "word", "packaged", "message"),
    [
        ("loss", "gram", False, r"nstk knows the loss `gram` already \(built in\): choose another name"),
        ("optimizer", "L-BFGS", True, "nstk knows the optimizer `lbfgs` already"),
        ("loss", "json", False, "`json` is a module of Python's own, which json.py would hide"),
        ("loss", "numpy", False, "a module `numpy` is installed .*, which numpy.py would hide"),
        ("loss", "nstk", False, "a module `nstk` is installed"),
        ("loss", "conftest", False, "conftest.py is a file of pytest's own"),
    ],
)
def test_what_is_taken(kind, word, packaged, message):
    with pytest.raises(UserError, match=message):
        check_free(names_for(kind, word, packaged=packaged), Registry(installed=False))


@pytest.mark.parametrize(
    ("kind", "word", "packaged"), [("callback", "gram", False), ("loss", "json", True), ("loss", "mine", True)]
)
def test_what_is_free(kind, word, packaged):
    check_free(names_for(kind, word, packaged=packaged), Registry(installed=False))


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("los", "`los` is no kind of plugin: did you mean `loss`?"),
        ("losses", "did you mean `loss`?"),
        ("init", "did you mean `initializer`?"),
        ("color", "did you mean `colours`?"),
        ("Callbacks", "did you mean `callback`?"),
        ("xyzzy", "the kinds are loss, initializer"),
    ],
)
def test_a_kind_that_there_is_not(word, message):
    with pytest.raises(UserError) as told:
        kind_of(word)
    assert message in str(told.value)


def test_the_kinds_are_those_of_the_hooks():
    assert [kind_of(kind) for kind in WORDS] == [*WORDS]
