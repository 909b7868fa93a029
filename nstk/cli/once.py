"""An option that may be given once and is given twice: without a word, the last one would win."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import click

from ..errors import UserError


def check_once(command: click.Command, name: str, args: Sequence[str], parent: click.Context) -> None:
    """Raise `UserError` for an option of a command that takes one value and is given two. Flags may be given twice.

    The arguments are parsed as if every option could be given many times. What else is wrong with them is told when they are
    parsed in earnest.
    """
    single = [it for it in command.params if isinstance(it, click.Option) and not (it.multiple or it.is_flag or it.count)]
    shadow = copy.copy(command)
    shadow.params = [_many(it) if it in single else it for it in command.params]
    try:
        parser = shadow.make_parser(click.Context(shadow, parent=parent, info_name=name, **command.context_settings))
        given, _, _ = parser.parse_args([*args])
    except click.UsageError:
        return
    for option in single:
        values = given.get(option.name) if option.name else None
        if isinstance(values, list) and len(values) > 1:
            option_name = min(option.opts, key=len)
            said = " and ".join(f"`{option_name}{_said(value)}`" for value in values)
            raise UserError(f"{said}: {option_name} can be given once, so leave out all but one")


def _many(option: click.Option) -> click.Option:
    """A copy of an option that collects what it is given."""
    made = copy.copy(option)
    made.multiple = True
    return made


def _said(value: Any) -> str:
    """The words of an option's value, which may be several, or none where the option may do without."""
    words = value if isinstance(value, tuple) else (value,)
    return "".join(f" {word}" for word in words if isinstance(word, str))
