"""The command line: one function per command. Nothing here imports TensorFlow but those that compute, and what they call.

Exit codes: 0 done, 1 the run failed, 2 a mistake of the user's (recipe, usage, plugin), 130 interrupted with the picture saved.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

import click

from .._version import __version__
from . import painting, parts, recipes
from .group import Group, call, plugin_option, verbose_option

COMMANDS = (
    *(painting.run, painting.resume, painting.estimate, painting.evaluate),
    *(recipes.check, recipes.show, recipes.list_recipes, recipes.cp, recipes.schema),
    *(parts.list_plugins, parts.describe, parts.layers),
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
    nstk run --content photo.jpg --style art.jpg    paint your own pictures
    nstk resume out/louvre.png                      go on with a run that was interrupted
    nstk recipes                                    what else there is
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


for command in COMMANDS:
    cli.add_command(command)


def main(args: Sequence[str] | None = None) -> None:
    """The `nstk` command: runs one command and ends the process with its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # a file whose name is not UTF-8 is printed as it is
    sys.exit(call(cli, sys.argv[1:] if args is None else args))
