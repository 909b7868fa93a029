"""The command line, with one function for each command. Only the commands that compute import TensorFlow.

The exit code is 0 if all went well, 1 if a run failed or does not fit, 2 if the user made a mistake (in a recipe, the usage or
a plugin), and 130 after an interrupt. A run that is interrupted saves its picture first.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Sequence

import click

from .._version import __version__
from . import painting, parts, recipes, series
from .explaining import explain
from .group import Group, call, plugin_option, verbose_option
from .judging import score
from .layering import layers
from .live import ui
from .mask import mask
from .new import new
from .repeating import diff, rerun
from .streams import reserve, watched
from .video import video

AS_NAMED = "nstk-as-named"

COMMANDS = (
    *(painting.run, painting.resume, painting.estimate, painting.evaluate, explain, score, mask),
    *(rerun, diff, ui),
    *(recipes.check, recipes.show, recipes.list_recipes, recipes.cp, recipes.schema),
    *(series.sweep, series.batch, series.sheet, video),
    *(parts.list_plugins, parts.describe, layers, new),
)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True)
@click.version_option(__version__, prog_name="nstk")
@plugin_option
@verbose_option
@click.pass_context
def cli(ctx: click.Context, plugins: Sequence[str]) -> None:
    """Neural style transfer: paint one picture in the manner of another.

    \b
    nstk run louvre                                 paint a recipe that comes with nstk
    nstk run photo.jpg painting.jpg                 paint your own: the photograph, then the painting
    nstk resume out/louvre.png                      go on with a run that was interrupted
    nstk recipes                                    what else there is
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


for command in COMMANDS:
    cli.add_command(command)


def _as_named(error: UnicodeError) -> tuple[bytes, int]:
    """What an encoding does not have, in the bytes that a file's name has for it: whoever reads them finds the file."""
    assert isinstance(error, UnicodeEncodeError)
    return os.fsencode(error.object[error.start : error.end]), error.end


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line of `nstk`, and end the process with its exit code."""
    reserve()
    if isinstance(sys.stdout, io.TextIOWrapper):
        codecs.register_error(AS_NAMED, _as_named)
        utf8 = codecs.lookup(sys.stdout.encoding).name == "ascii"  # click takes ASCII for a mistake, and prints `?`
        sys.stdout.reconfigure(encoding="utf-8" if utf8 else None, errors=AS_NAMED)
    with watched():
        code = call(cli, sys.argv[1:] if args is None else args)
    sys.exit(code)
