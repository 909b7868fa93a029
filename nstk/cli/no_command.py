"""What to say where a line does not begin with a command of nstk."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click

from ..hints import closest
from .first_words import understood
from .loose_pictures import is_picture

_OTHER = {"help": "nstk --help", "version": "nstk --version", "list": "nstk recipes", "ls": "nstk recipes", "new": "nstk cp"}
_OTHER |= dict.fromkeys(["paint", "transfer", "stylize", "stylise", "train", "start", "render", "apply"], "nstk run")
"""What other tools call a command of nstk."""


def no_command(args: Sequence[str], run: click.Command, commands: Iterable[str]) -> str:
    """The message about a line without a command. Where `run` is meant, `UserError` is raised if there is more to say."""
    first = args[0]
    if first == "help" and args[1:]:
        hint = f"write `nstk {args[1]} --help`"
    elif first in _OTHER:
        hint = f"write `{shlex.join([*_OTHER[first].split(), *args[1:]])}`"
    elif begins_a_run(first, run):
        hint = "write\n      " + shlex.join(["nstk", "run", *understood(run, "run", args)])
    elif close := closest(first, commands, cutoff=0.5):
        hint = f"did you mean `nstk {close}`?"
    else:
        hint = "`nstk --help` lists the commands"
    return f"there is no command `nstk {first}`: {hint}"


def command_first(args: Sequence[str], commands: Mapping[str, click.Command]) -> str:
    """The message about a line that begins with options of a command. Raises `UserError` if there is more to say."""
    name = next((word for word in args if word in commands), "run")
    rest = [word for word in args if word != name]
    return "a command comes first: write\n      " + shlex.join(["nstk", name, *understood(commands[name], name, rest)])


def begins_a_run(word: str, run: click.Command) -> bool:
    """Whether a word is a picture, a recipe or a setting."""
    from ..recipe.other_words import is_other, is_ours, normal
    from ..recipe.shipped import shipped

    key = word.partition("=")[0]
    if word.startswith("-"):
        ours = any(key in (*param.opts, *param.secondary_opts) for param in run.params)
        return ours or is_ours(normal(key)) or is_other(normal(key))
    setting = "=" in word and (is_ours(key.strip()) or is_other(key.strip()))
    return setting or is_picture(word) or word in shipped() or Path(word).suffix in (".yaml", ".yml")
