"""How long something may take, in the words of a recipe."""

from __future__ import annotations

import pytest

from nstk.recipe.durations import checked, in_words, seconds_in
from nstk.recipe.load import load_recipe
from nstk.recipe.messages import Unfit
from tests.recipe.samples import PICTURES


@pytest.mark.parametrize(
    ("text", "words", "seconds"),
    [
        ("15s", "15s", 15),
        (".5s", "0.5s", 0.5),
        ("2min", "2min", 120),
        (" 90 s ", "1min30s", 90),
        ("1.5min", "1min30s", 90),
        ("1h30min", "1h30min", 5400),
        ("1h 0min 2.25s", "1h2.25s", 3602.25),
        ("1000h", "1000h", 3.6e6),
        ("1e-9s", None, None),
        ("0.0001s", "0.001s", 0.001),
    ],
)
def test_what_a_duration_is(text, words, seconds):
    if words is None:
        with pytest.raises(ValueError, match="must be a time"):
            checked(text)
        return
    assert (checked(text), seconds_in(words)) == (words, seconds)
    assert checked(words) == words, "what is saved is read back as it is"


def test_the_seconds_in_words():
    assert [in_words(seconds) for seconds in (0, 1, 59.9999, 60, 3600, 3725.5)] == [
        "0.001s",
        "1s",
        "1min",
        "1min",
        "1h",
        "1h2min5.5s",
    ]


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        (15, "write `15s` for seconds"),
        ("15", "write `15s` for seconds"),
        (1.5, "write `1.5s` for seconds"),
        ("2m", "write `2min`"),
        ("2 Minutes", "write `2min`"),
        ("90 sec", "write `90s`"),
        ("1:30", "write `1min30s`"),
        ("1:02:03", "write `1h2min3s`"),
        (True, ""),
        ("soon", ""),
        ("-5s", ""),
        (0, ""),
        (-3, ""),
        ([], ""),
        ("9" * 400 + "h", ""),
        ("30min1h", ""),
    ],
)
def test_what_no_duration_is(written, hint):
    with pytest.raises(Unfit, match=r"^must be a time such as `90s`, `2min` or `1h30min`, ") as caught:
        checked(written)
    assert caught.value.hint == hint


@pytest.mark.parametrize("written", ["0s", "0.0min", "1001h"])
def test_a_duration_out_of_bounds(written):
    with pytest.raises(Unfit, match=f"^must be above 0s, and at most 1000h, not `{written}`$"):
        checked(written)


def test_a_time_in_a_recipe(write):
    recipe = load_recipe(write(mine=f"{PICTURES}time: 90s\n"))
    assert recipe.time == "1min30s"
    assert load_recipe(write(mine=f"{PICTURES}time:\n")).time is None
    assert load_recipe(recipe.files[0], ["time=15s"]).time == "15s"
    assert load_recipe(recipe.files[0], ["time="]).time is None
