"""A mistake with its line and a caret."""

from __future__ import annotations

from nstk.syntax.mistakes import Mark, Mistake
from tests.syntax.samples import HERE


def test_a_mistake_has_a_line_and_a_caret():
    mark = Mark("r.yaml", HERE, 12, 3, 4, "a word here")
    assert str(Mistake("no", mark, "yes?")) == "r.yaml:12:3: no\n   12 | a word here\n      |   ^^^^ yes?"
    assert str(Mistake("no", mark)).endswith("\n      |   ^^^^")


def test_a_mistake_without_a_line():
    assert str(Mistake("no", Mark("r.yaml", HERE), "yes?")) == "r.yaml: no\n      yes?"
    assert str(Mistake("no", Mark("", HERE))) == "no"


def test_carets_are_below_wide_characters():
    wide = str(Mistake("no", Mark("r", HERE, 1, 3, 2, "画: 文字"))).splitlines()
    assert (
        wide[2] == "      |    ^^^"
    )  # before it one character that takes two columns and one that takes one; below one of each
    text = "x" * 500 + "bad" + "y" * 500
    shown, carets = str(Mistake("no", Mark("r", HERE, 1, 501, 3, text))).splitlines()[1:]
    assert len(shown) < 120
    assert shown[carets.index("^") : carets.rindex("^") + 1] == "bad"


def test_messages_cannot_steer_terminals():
    assert "\x1b" not in str(Mistake("no file \x1b[31m.png", Mark("r", HERE)))
