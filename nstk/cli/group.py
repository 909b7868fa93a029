"""What the commands of `nstk` share: plugins and their commands, `-p`, `--trust`, `-v`, how errors are told, the exit code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..errors import NstkError, OutputError, RecipeError, UserError
from ..files import working_directory
from .first_words import understood
from .no_command import begins_a_run, command_first, no_command
from .once import check_once
from .streams import STDOUT, heard_or_not, output_fault, silence, unwritten

if TYPE_CHECKING:
    from ..registry.registry import Registry


EXIT_INTERRUPTED = 130


EXIT_MISTAKE = 2


EXIT_FAILED = 1


_F = TypeVar("_F", bound=Callable[..., Any])


class Group(click.Group):
    """The commands of nstk and those of plugins.

    Plugins are loaded only to list all commands, or when nstk itself does not have the command that is asked for.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*self.commands, *self._added(ctx)])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self.commands.get(cmd_name) or self._added(ctx).get(cmd_name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, [*args])
        except click.NoSuchOption as error:
            unknown = next((word for word in args if word.startswith(error.option_name)), "")
            if begins_a_run(unknown, self.commands["run"]):
                raise UserError(command_first(args, self.commands)) from error
            raise

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(ctx, args[0]) is None:
            raise UserError(no_command(args, self.commands["run"], self.list_commands(ctx)))
        name, command, left = super().resolve_command(ctx, args)
        if name and command:
            left = understood(command, name, left) if name in self.commands else left
            check_once(command, name, left, ctx)
        return name, command, left

    def invoke(self, ctx: click.Context) -> Any:
        """Run one command. A command of nstk returns an exit code or None; what a plugin's command returns is ignored."""
        returned = super().invoke(ctx)
        return returned if ctx.invoked_subcommand in self.commands else None

    def _added(self, ctx: click.Context) -> dict[str, click.Command]:
        """The commands of plugins, kept for this one call of `nstk` only."""
        added: dict[str, click.Command] | None = ctx.meta.get("nstk.commands")
        if added is None:
            added = ctx.meta["nstk.commands"] = self._load(ctx.params.get("plugins") or ())
        return added

    def _load(self, plugins: Sequence[str]) -> dict[str, click.Command]:
        from importlib.metadata import entry_points

        if not plugins and not entry_points(group="nstk"):
            return {}  # there is nothing to import, so `nstk --help` is instant
        registry = open_registry(plugins)
        commands = registry.commands(self.commands)
        warn_broken(registry)
        return commands


def _gather(ctx: click.Context, param: click.Parameter, value: Sequence[str]) -> Sequence[str]:
    """The plugins of `-p` before and after the command: `nstk -p foo.py run ...` means `nstk run -p foo.py ...`."""
    return (*(ctx.parent.params.get("plugins") or ()), *value) if ctx.parent else value


def _remember(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    ctx.meta["nstk.verbose"] = value or is_verbose(ctx)


def is_verbose(ctx: click.Context | None) -> bool:
    """Whether `-v` was given."""
    return bool(ctx and ctx.meta.get("nstk.verbose"))


def plugin_option(function: _F) -> _F:
    """Add the option `-p`, for a command that loads plugins.

    The option is eager so that `nstk -p foo.py --help` lists the commands that foo.py adds.
    """
    help_ = "Load a plugin; no:NAME leaves an installed one out."
    names = ("-p", "--plugin", "plugins")
    return click.option(*names, multiple=True, is_eager=True, callback=_gather, metavar="FILE_OR_MODULE", help=help_)(function)


def _trust(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    ctx.meta["nstk.trust"] = value


def is_trusting(ctx: click.Context) -> bool:
    """Whether `--trust` was given."""
    return bool(ctx.meta.get("nstk.trust"))


def trust_option(function: _F) -> _F:
    """Add the option `--trust`, for a command that reads a recipe."""
    help_ = "Load the plugins that a recipe names, wherever it lies: they are code."
    return click.option("--trust", is_flag=True, expose_value=False, callback=_trust, help=help_)(function)


def verbose_option(function: _F) -> _F:
    """Add the option `-v`, for a command that can fail."""
    help_ = "Show more, and the traceback of an error."
    return click.option("-v", "--verbose", is_flag=True, expose_value=False, callback=_remember, help=help_)(function)


def open_registry(plugins: Sequence[str]) -> Registry:
    """The registry with the plugins of one command."""
    from ..registry.registry import Registry

    return Registry.of(plugins)


def warn_broken(registry: Registry) -> None:
    """Print one line for each plugin that failed. No line is printed twice in a call of `nstk`."""
    ctx = click.get_current_context()
    warned: set[str] = ctx.meta.setdefault("nstk.warned", set())
    for failure in registry.failures:
        hint = "" if failure.origin.startswith("nstk.plugins.") else f"; `-p no:{failure.name}` leaves it out"
        line = f"warning: {failure}{hint}"
        if line not in warned:
            warned.add(line)
            with heard_or_not():
                if is_verbose(ctx):
                    traceback.print_exception(failure.error)
                click.echo(line, err=True)


def complain(error: Exception, verbose: bool) -> None:
    """Tell the user what to mend, with the traceback if `verbose`."""
    with heard_or_not():
        if verbose:
            traceback.print_exception(error)
        if isinstance(error, click.ClickException):
            error.show()
        else:
            # The mistakes of a recipe already say their file and line.
            click.echo(error if isinstance(error, RecipeError) else f"error: {error}", err=True)


def call(group: Group, args: Sequence[str]) -> int:
    """Run one command line and return its exit code.

    Only an error that nstk or click raises on purpose is told as a sentence. A bug of nstk or of a plugin shows its traceback.
    """
    ctx: click.Context | None = None
    try:
        _check_working_directory()
        with group.make_context("nstk", list(args)) as ctx:
            code = group.invoke(ctx) or 0
            if sys.stdout:
                sys.stdout.flush()
            return code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except NstkError as error:
        complain(error, is_verbose(ctx))
        return error.exit_code
    except click.ClickException as error:
        complain(error, is_verbose(ctx))
        return EXIT_MISTAKE
    except (KeyboardInterrupt, click.exceptions.Abort):
        with heard_or_not():
            click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    except OSError:
        fault = output_fault()
        if fault is None:
            raise
        silence(STDOUT)
        if isinstance(fault, BrokenPipeError):  # nobody reads the output any more, as after `nstk schema | head -1`
            return 0
        complain(OutputError(f"{unwritten(fault)}: give it another place"), is_verbose(ctx))
        return EXIT_FAILED


def _check_working_directory() -> None:
    if not working_directory():
        raise UserError("the working directory is gone, or may not be read: `cd` to another one")
