"""Every picture of the gallery can be painted again: it has its recipe and its sources, and the page shows it."""

from __future__ import annotations

import re

import pytest
from PIL import Image

from nstk.recipe.load import load_recipe

from .documents import ROOT

GALLERY = ROOT / "docs" / "gallery"
PAGE = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
RECIPES = sorted(GALLERY.glob("*.yaml"))


def test_there_are_enough_of_them():
    assert len(RECIPES) >= 12


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_picture_has_its_recipe(path):
    recipe = load_recipe(path)
    with Image.open(path.with_suffix(".jpg")) as picture:
        assert max(picture.size) == recipe.size
    assert f"](gallery/{path.name})" in PAGE
    assert f"](gallery/{path.stem}.jpg)" in PAGE


def test_nothing_else_is_shown():
    assert len(re.findall(r"\]\(gallery/[\w-]+\.jpg\)", PAGE)) == len(RECIPES)


def test_every_source_has_its_licence():
    rows = {row.split("|")[1].strip(): row.split("|")[4].strip() for row in PAGE.splitlines() if ".jpg | " in row}
    assert {path.name for path in (GALLERY / "pictures").glob("*.jpg")} == set(rows)
    assert all(rows.values())
