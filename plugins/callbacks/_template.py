"""File names of callbacks. They are templates whose paths stay in the output's folder."""

from __future__ import annotations

import re
import string
from pathlib import PurePath
from typing import Annotated

from pydantic import AfterValidator

import nstk

_SAMPLES = {"name": "picture", "suffix": ".png", "step": 1, "scale": 0}
"""A value for each field, so that a format that does not fit its field (`{name:05d}`) is found when the recipe is checked."""


def check_template(*fields: str, picture: bool = False) -> AfterValidator:
    """A validator for a path template that knows `{name}` (the output's name, without `.png`) and `fields`."""
    known = ("name", "suffix", *fields)

    def check(template: str) -> str:
        try:
            parts = list(string.Formatter().parse(template))
            if any(re.search(r"[{]|\d{3}", spec or "") for _, _, spec, _ in parts):
                raise ValueError("a width is a number of at most two digits")  # `{name:>999999999}` fills the memory
            sample = template.format(**{field: _SAMPLES[field] for field in known})
        except (KeyError, IndexError, AttributeError):
            raise ValueError(f"uses a field that is not one of {', '.join(f'{{{field}}}' for field in known)}") from None
        except ValueError as error:
            raise ValueError(f"is no template: {error}") from None
        if any(field and not field.isidentifier() for _, field, _, _ in parts):
            raise ValueError(f"uses a field that is not one of {', '.join(f'{{{field}}}' for field in known)}")
        if "\0" in template:
            raise ValueError("is no file's name: it holds the character NUL")
        if not template or any(PurePath(path).is_absolute() or ".." in PurePath(path).parts for path in (template, sample)):
            raise ValueError("leaves the output's folder: write a path relative to it")
        if picture:
            try:
                nstk.check_output(PurePath(sample))
            except nstk.OutputError as error:
                raise ValueError(f"is no picture's name: {error}") from None
        return template

    return AfterValidator(check)


LogName = Annotated[str, check_template()]
"""The type of a path in the output's folder that may use `{name}`."""


def check_suffix(what: str, *suffixes: str) -> AfterValidator:
    """A validator for a path template whose file is a `what`, and has one of these suffixes."""

    def check(template: str) -> str:
        if PurePath(template).suffix.lower() not in suffixes:
            raise ValueError(f"is not the name of a {what}, which ends in {' or '.join(suffixes)}")
        return template

    return AfterValidator(check)
