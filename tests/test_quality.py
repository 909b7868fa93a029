"""The default recipe paints no worse than it did: small pictures, judged by `nstk score`, beside scores that are stored.

After a change that is meant, look at the pictures, and store the new scores, slow ones too, with

    NSTK_UPDATE_EXPECTED=1 pytest -m "" tests/test_quality.py
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import nstk
from nstk.files import write_whole
from nstk.recipe.defaults import recipes_folder

IMAGES = recipes_folder() / "images"
STORED = Path(__file__).with_name("quality.json")
UPDATE = "NSTK_UPDATE_EXPECTED" in os.environ
HOW = 'NSTK_UPDATE_EXPECTED=1 pytest -m "" tests/test_quality.py'

TOLERANCE = {"lp": 0.01, "ge": 0.01, "cf": 0.02}
"""By how much a score may be lower than the stored one. Another machine's rounding moves them by a tenth of it."""

SMALL = {"size": 96, "steps": 6, "run_eagerly": True}
LARGER = {"size": 192}

CASES = [
    pytest.param("coffee.jpg", "cafe_terrace.jpg", SMALL, id="small"),
    pytest.param("coffee.jpg", "cafe_terrace.jpg", LARGER, id="cafe", marks=pytest.mark.slow),
    pytest.param("chelsea.jpg", "sandstone.jpg", LARGER, id="sandstone", marks=pytest.mark.slow),
]


def stored() -> dict[str, dict[str, dict[str, float]]]:
    return json.loads(STORED.read_text(encoding="utf-8"))


def changes(found: dict[str, float], before: dict[str, float], sign: int = -1) -> list[str]:
    """The scores that are lower than before by more than they may be, in words; with `sign` 1 those that are higher."""
    words = f"{'lower' if sign < 0 else 'higher'} than the stored"
    moved = {key: sign * (found[key] - before[key]) > most for key, most in TOLERANCE.items()}
    return [f"{key.upper()} is {found[key]:.3f}, {words} {before[key]:.3f}" for key, far in moved.items() if far]


@pytest.mark.parametrize(("content", "style", "settings"), CASES)
def test_the_default_paints_no_worse(content, style, settings, request, capsys):
    recipe = nstk.load_recipe(
        {"extends": "default", "precision": "float32", **settings},
        content=IMAGES / content,
        style=IMAGES / style,
        output=False,
    )
    picture = nstk.run(recipe, quiet=True).picture
    judged = nstk.score(IMAGES / content, IMAGES / style, [picture], size=max(128, recipe.size), copies=UPDATE)
    found, *copies = [{key: round(getattr(score, key), 4) for key in TOLERANCE} for score in judged]
    case = request.node.callspec.id
    if UPDATE:
        write_whole(STORED, json.dumps({**stored(), case: {"default": found, "photograph": copies[0]}}, indent=2) + "\n")
        return
    before = stored()[case]["default"]
    if better := changes(found, before, 1):
        with capsys.disabled():
            print(f"\n{case}: {'; '.join(better)}. To store the new scores: {HOW}")
    worse = changes(found, before)
    assert not worse, f"the default paints worse: {'; '.join(worse)}. If it is meant, look at the pictures, then {HOW}"


@pytest.mark.parametrize("case", [case.id for case in CASES])
def test_a_picture_hardly_painted_fails(case):
    """The stored scores are no floor that anything passes: the photograph itself has lower LP and GE."""
    scores = stored()[case]
    worse = changes(scores["photograph"], scores["default"])
    assert [line.split()[0] for line in worse] == ["LP", "GE"]
    assert changes(scores["default"], scores["photograph"])[0].startswith("CF")
