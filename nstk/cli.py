"""The command line: one function per command. Nothing here imports TensorFlow but `run`, `evaluate` and what they call.

Exit codes: 0 done, 1 the run failed, 2 a mistake of the user's (recipe, usage, plugin), 130 interrupted with the picture saved.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from . import __version__
from .errors import NstkError, UserError

if TYPE_CHECKING:
    from .recipe import Recipe
    from .registry import Registry

EXIT_INTERRUPTED = 130

_F = TypeVar("_F", bound=Callable[..., Any])


class Cli(click.Group):
    """The group of all commands; plugins' commands are loaded only when one is asked for that nstk does not have."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._load()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.commands:
            self._load()
        return super().get_command(ctx, name)

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        name = name or cmd.name or ""
        if name in self.commands and self.commands[name] is not cmd:
            raise UserError(f"`nstk {name}` exists already: a plugin cannot replace it")
        super().add_command(cmd, name)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            from .source import suggest

            hint = suggest(args[0], self.commands) or "`nstk --help` lists the commands"
            raise UserError(f"there is no command `nstk {args[0]}`: {hint}") from None

    def _load(self) -> None:
        """Add what installed plugins bring. Without any, nothing is imported, so `nstk --help` is instant."""
        from importlib.metadata import entry_points

        if not entry_points(group="nstk"):
            return
        from .registry import Registry

        registry = Registry()
        registry.add_commands(self)
        _warn_broken(registry)


@click.group(cls=Cli, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
@click.version_option(__version__, prog_name="nstk")
def cli() -> None:
    """Neural style transfer: paint one picture in the manner of another.

    \b
    nstk run louvre                                 paint a recipe that comes with nstk
    nstk run --content photo.jpg --style art.jpg    paint your own pictures
    nstk recipes                                    what else there is
    """


def plugin_option(function: _F) -> _F:
    """`-p`, for every command that loads plugins."""
    return click.option(
        "-p", "--plugin", "plugins", multiple=True, metavar="FILE_OR_MODULE", help="Load a plugin; no:NAME leaves an installed one out."
    )(function)


def verbose_option(function: _F) -> _F:
    """`-v`, for every command that can fail."""
    return click.option("-v", "--verbose", is_flag=True, help="Show more, and the traceback of an error.")(function)


@cli.command("run")
@click.argument("words", nargs=-1, metavar="[RECIPE] [KEY=VALUE ...]")
@click.option("--content", metavar="PICTURE", help="The photograph: what is painted.")
@click.option("--style", metavar="PICTURE", help="The painting: how it is painted.")
@click.option("-o", "--output", metavar="PICTURE", help="Where the picture goes (default: out/NAME.png).")
@plugin_option
@click.option("--eager", is_flag=True, help="Run op by op, for breakpoints and prints.")
@verbose_option
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but the picture's path.")
def run_command(
    words: Sequence[str],
    content: str | None,
    style: str | None,
    output: str | None,
    plugins: Sequence[str],
    eager: bool,
    verbose: bool,
    quiet: bool,
) -> int:
    """Paint a picture: a recipe, or the default one with your own pictures.

    \b
    nstk run louvre
    nstk run louvre steps=200 losses.gram.weight=5 losses.tv=false
    nstk run --content photo.jpg --style painting.jpg -o photo-painted.png
    """
    name, overrides = _split(words)
    overrides += [f"{key}={value}" for key, value in (("content", content), ("style", style)) if value]
    overrides += ["run_eagerly=true"] * eager + ["callbacks.progress=false"] * quiet
    if name is None and not (content and style):
        raise UserError("nothing to paint: name a recipe (`nstk recipes` lists them), or give --content and --style")
    recipe = _load(name, overrides, plugins, output)
    if not quiet:
        _warn_broken(recipe.registry)
    _start_tensorflow(verbose)
    from .engine import INTERRUPTED, run

    result = run(recipe)
    click.echo(result.path)
    return EXIT_INTERRUPTED if result.stopped == INTERRUPTED else 0


@cli.command()
@click.argument("recipes", nargs=-1, required=True, metavar="RECIPE...")
@plugin_option
@verbose_option
def check(recipes: Sequence[str], plugins: Sequence[str], verbose: bool) -> int:
    """Check recipes: every mistake, with its line and column. KEY=VALUE words apply to all of them."""
    names = [word for word in recipes if "=" not in word or Path(word).exists()]
    overrides = [word for word in recipes if word not in names]
    code = 0
    for name in names:
        try:
            recipe = _load(name, overrides, plugins)
        except UserError as error:
            _complain(error, verbose)
            code = error.exit_code
        else:
            click.echo(f"{name}: good ({recipe.backbone.name}, {', '.join(recipe.losses)}, {recipe.steps} steps)")
            _warn_broken(recipe.registry)
    if not names:
        raise UserError("name a recipe to check")
    return code


@cli.command()
@click.argument("words", nargs=-1, metavar="RECIPE [KEY=VALUE ...]")
@plugin_option
@verbose_option
def show(words: Sequence[str], plugins: Sequence[str], verbose: bool) -> None:
    """Show a resolved recipe: everything it extends, overrides and leaves to default, as YAML that runs."""
    name, overrides = _split(words)
    click.echo(_load(name, overrides, plugins).to_yaml(), nl=False)


@cli.command()
def recipes() -> None:
    """List the recipes that come with nstk."""
    from .loading import shipped

    for name, path in shipped().items():
        first = path.read_text(encoding="utf-8").splitlines()
        title = next((line[1:].strip() for line in first if line.startswith("# ") and "yaml-language-server" not in line), "")
        click.echo(f"{name:12} {title}")


@cli.command("cp")
@click.argument("name")
@click.argument("dest")
@verbose_option
def copy(name: str, dest: str, verbose: bool) -> None:
    """Copy a recipe that comes with nstk, and its pictures, to make it your own.

    DEST is the new recipe's file, or a folder.
    """
    from .copying import copy_recipe

    for path in copy_recipe(name, Path(dest)):
        click.echo(path)


@cli.command("plugins")
@plugin_option
@verbose_option
def plugins_command(plugins: Sequence[str], verbose: bool) -> None:
    """List plugins: name, version, origin, what each defines; broken ones last, with the reason."""
    from .registry import describe_plugins

    for name, version, origin, defines in describe_plugins(_registry(plugins)):
        click.echo(f"{name} {version}".rstrip() + f"  ({origin})")
        click.echo(click.wrap_text(defines, 100, "    ", "    ", preserve_paragraphs=True))


@cli.command()
@click.argument("kind", required=False)
@click.argument("name", required=False)
@plugin_option
@verbose_option
def describe(kind: str | None, name: str | None, plugins: Sequence[str], verbose: bool) -> None:
    """Describe what a recipe can use: each parameter with its type, default and meaning.

    KIND is recipe, loss, initializer, optimizer, callback or backbone.
    """
    from .describing import describe_lines

    click.echo("\n".join(describe_lines(_registry(plugins), kind, name)))


@cli.command()
@click.argument("backbone", default="vgg19")
@plugin_option
@verbose_option
def layers(backbone: str, plugins: Sequence[str], verbose: bool) -> None:
    """List the layers of a backbone: channels, stride, receptive field, and the papers' name."""
    from .describing import layer_lines

    click.echo("\n".join(layer_lines(_registry(plugins), backbone)))


@cli.command()
@plugin_option
@verbose_option
def schema(plugins: Sequence[str], verbose: bool) -> None:
    """Print a JSON Schema of recipes for editors; it knows the plugins' parameters.

    \b
    nstk schema > nstk.schema.json
    and as the first line of a recipe:
    # yaml-language-server: $schema=nstk.schema.json
    """
    import json

    from .schema import recipe_schema

    click.echo(json.dumps(recipe_schema(_registry(plugins)), indent=2))


@cli.command()
@click.argument("words", nargs=-1, metavar="RECIPE [KEY=VALUE ...]")
@click.option("--picture", required=True, metavar="PICTURE", help="The picture to judge.")
@plugin_option
@verbose_option
def evaluate(words: Sequence[str], picture: str, plugins: Sequence[str], verbose: bool) -> None:
    """Print each loss of a given picture under a recipe, as JSON, in float32; nothing is optimised."""
    import json

    name, overrides = _split(words)
    recipe = _load(name, overrides, plugins)
    from .images import check_picture

    check_picture(Path(picture))
    _start_tensorflow(verbose)
    from .engine import evaluate as judge

    click.echo(json.dumps(judge(recipe, picture), indent=2))


def _split(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """The recipe, if the first word is one, and the overrides."""
    if words and ("=" not in words[0] or Path(words[0]).exists()):
        name, rest = words[0], list(words[1:])
    else:
        name, rest = None, list(words)
    for word in rest:
        if "=" not in word:
            raise UserError(f"`{word}` is not an override: write key=value, such as steps=200")
    return name, rest


def _load(name: str | None, overrides: Sequence[str], plugins: Sequence[str], output: str | None = None) -> Recipe:
    from .loading import load_recipe

    return load_recipe(name, overrides, plugins=plugins, output=output)


def _registry(plugins: Sequence[str]) -> Registry:
    from .registry import Registry

    registry = Registry(without=[spec[3:] for spec in plugins if spec.startswith("no:")])
    for spec in plugins:
        if not spec.startswith("no:"):
            registry.load(spec, Path.cwd())
    return registry


def _warn_broken(registry: Registry) -> None:
    for failure in registry.failures:
        click.echo(f"warning: {failure}; `-p no:{failure.name}` leaves it out", err=True)


def _start_tensorflow(verbose: bool) -> None:
    """Set up what is said on the way; TensorFlow's notices about itself are shown with `-v` only."""
    if not verbose:
        from .quiet import import_tensorflow

        import_tensorflow()
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("nstk").setLevel(logging.INFO if verbose else logging.WARNING)


def _complain(error: BaseException, verbose: bool) -> None:
    if verbose:
        traceback.print_exception(error)
    click.echo(str(error) if "\n" in str(error) or ": " in str(error)[:40] else f"error: {error}", err=True)


def main(args: Sequence[str] | None = None) -> None:
    """The `nstk` command: runs one command and ends the process with its exit code."""
    args = list(sys.argv[1:] if args is None else args)
    verbose = "-v" in args or "--verbose" in args
    try:
        code = cli.main(args, prog_name="nstk", standalone_mode=False)
    except NstkError as error:
        _complain(error, verbose)
        code = error.exit_code
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.ClickException as error:
        error.show()
        code = 2
    except (KeyboardInterrupt, click.exceptions.Abort):
        click.echo("interrupted", err=True)
        code = EXIT_INTERRUPTED
    except BrokenPipeError:  # `nstk schema | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code or 0)
