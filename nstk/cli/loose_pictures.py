"""Pictures that stand on a command line without an option: `nstk run photo.jpg painting.jpg`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from ..errors import UserError
from ..files import exists
from .override import is_recipe

_REFUSED = {".dng", ".svg", ".cr2", ".nef", ".arw"}
"""How the names of pictures end that nstk cannot read and refuses by name."""


def is_picture(word: str) -> bool:
    """Whether a word names a picture, by its suffix."""
    from ..pictures import READ

    return Path(word).suffix.lower() in {*READ, *_REFUSED} and is_recipe(word)


def placed(name: str, words: Sequence[str], options: Mapping[str, click.Option]) -> list[str]:
    """The words of a command that takes a recipe, with its options before pictures that stand alone.

    Two pictures are the photograph and the painting, in this order, also beside a recipe, whose pictures they replace. One
    picture is what the options do not name, if there is no recipe. Raises `UserError` where this is not plain.
    """
    loose, names, given = sorted_out(words, options)
    if not loose or (name == "show" and len(loose) == 1 and not names):  # a picture of nstk's has its recipe in its file
        return [*words]
    pictures = [words[place] for place in loose]
    rest = [word for place, word in enumerate(words) if place not in loose]
    if "--picture" in options:
        raise UserError(_to_evaluate(name, rest, pictures, given))
    if "--content" not in options:
        raise UserError(_no_recipe(name, rest, pictures[0]))
    missing = [option for option in ("--content", "--style") if option not in given]
    if len(names) == 1 and len(pictures) == 2 and not _is_known(names[0]):  # such a line ends in the name of the result
        pictures, rest, names = [*pictures, f"{names[0]}.png"], [word for word in rest if word != names[0]], []
    if len(pictures) != len(missing) or (names and len(pictures) == 1):
        raise UserError(_which(name, rest, pictures, missing, bool(names)))
    return [word for pair in zip(missing, pictures, strict=True) for word in pair] + rest


def sorted_out(words: Sequence[str], options: Mapping[str, click.Option]) -> tuple[list[int], list[str], set[str]]:
    """The places of pictures that stand alone, the names of recipes, and the options that are given, also as overrides."""
    loose: list[int] = []
    names: list[str] = []
    given, is_value = set(), False
    for place, word in enumerate(words):
        if is_value:
            is_value = False
        elif word.startswith("-") and "--" not in words[:place]:
            given.add(word.partition("=")[0])
            is_value = takes_next(word, options)
        elif is_picture(word):
            loose.append(place)
        elif is_recipe(word):
            names.append(word)
        else:
            given.add("--" + re.split("[.=]", word)[0].strip())
    return loose, names, given


def takes_next(word: str, options: Mapping[str, click.Option]) -> bool:
    """Whether the value of an option is the next word: of `--content`, and of `-qo`, which is short for `-q -o`."""
    letters = [word] if word in options else [f"-{letter}" for letter in word[1:]] if not word.startswith("--") else []
    values = [letter in options and not options[letter].is_flag for letter in letters]
    return bool(values) and values[-1] and not any(values[:-1]) and all(letter in options for letter in letters)


def _is_known(name: str) -> bool:
    """Whether a name is that of a recipe, or is nearly that of one which comes with nstk."""
    from ..hints import closest
    from ..recipe.shipped import shipped

    return (
        name in shipped()
        or bool(closest(name, shipped(), cutoff=0.8))
        or exists(Path(name))
        or Path(name).suffix in (".yaml", ".yml")
    )


def _line(name: str, *words: str) -> str:
    return "\n      " + shlex.join(["nstk", name, *words])


def _which(name: str, rest: list[str], pictures: list[str], missing: list[str], recipe: bool) -> str:
    """The message about pictures whose part is not plain, with the lines to write."""
    first, *more = pictures
    both = [word for pair in zip(missing, pictures, strict=False) for word in pair]
    if recipe and len(pictures) == 1 and missing:
        lines = (_line(name, *rest, option, first) for option in missing)
        return f"{first} is a picture, the photograph or the painting: write" + "\n      or".join(lines)
    if len(pictures) == 1 and missing:
        return _one(name, rest, first)
    result = pictures[-1]
    if len(pictures) == len(missing) + 1 and not exists(Path(result)):
        line = _line(name, *rest, *both, "-o", result)
        return f"{result} is neither the photograph nor the painting: if it is the result, write{line}"
    said = " and ".join(pictures)
    if "--style" not in missing:
        return f"a run takes a photograph and a painting, and both are given: leave {said} out"
    content, paintings = (["--content", first], more) if "--content" in missing else ([], pictures)
    line = _line(name, *rest, *content, *(word for painting in paintings for word in ("--style", painting)))
    return f"a run takes a photograph and a painting, not {said}: for several paintings, write{line}"


def _one(name: str, rest: list[str], picture: str) -> str:
    """The message about a picture that is alone."""
    if found := _recipe_of(picture):
        return f"{picture} is {found[1]}: write" + _line(name, found[0], *rest)
    return (
        f"{picture} is one picture, and a run takes two, a photograph and a painting: write"
        + _line(name, "--content", picture, "--style", "painting.jpg", *rest)
        + "\n      or, with the painting of a recipe that comes with nstk,"
        + _line(name, "louvre", "--content", picture, *rest)
    )


def _recipe_of(picture: str) -> tuple[str, str] | None:
    """A recipe that is likely to be meant by a picture's name, and what this name is in words."""
    from ..pictures import base_name
    from ..recipe.model import RECIPE
    from ..recipe.shipped import shipped

    path = Path(picture)
    if exists(path):
        recipe = path.with_name(base_name(path) + RECIPE)
        return (str(recipe), "the picture of a run, and its recipe lies beside it") if exists(recipe) else None
    if exists(path.with_suffix(".yaml")):
        return str(path.with_suffix(".yaml")), "no file, and there is a recipe of that name"
    if path.stem in shipped():
        return path.stem, "no file, and a recipe of that name comes with nstk"
    return None


def _to_evaluate(name: str, rest: list[str], pictures: list[str], given: set[str]) -> str:
    picture = [] if "--picture" in given else ["--picture", pictures[0]]
    recipe = _recipe_of(pictures[0]) if not any(map(is_recipe, rest)) else None
    words = [recipe[0], *rest] if recipe else rest if any(map(is_recipe, rest)) else ["RECIPE", *rest]
    if not picture:
        return f"{pictures[0]} is a picture, and `--picture` names one already: leave one of them out"
    return f"{pictures[0]} is a picture, which `--picture` takes: write" + _line(name, *words, *picture)


def _no_recipe(name: str, rest: list[str], picture: str) -> str:
    if found := _recipe_of(picture):
        return f"{picture} is {found[1]}: write" + _line(name, found[0], *rest)
    return f"{picture} is a picture, and `nstk {name}` takes a recipe: `nstk recipes` lists those that come with nstk"
