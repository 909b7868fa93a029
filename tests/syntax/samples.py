"""Texts that are parsed, or refused."""

from __future__ import annotations

from pathlib import Path

from nstk.errors import RecipeError
from nstk.syntax.parse import parse

HERE = Path("/")


def read(text):
    return parse(text, "recipe.yaml", HERE).plain()


def complaint(text):
    try:
        parse(text, "recipe.yaml", HERE)
    except RecipeError as error:
        return str(error)
    return ""


def refused(text):
    said = complaint(text)
    assert said, f"{text!r} was read"
    return said
