"""The command line: one function per command. Nothing here imports TensorFlow but those that compute, and what they call.

Exit codes: 0 done, 1 the run failed, 2 a mistake of the user's (recipe, usage, plugin), 130 interrupted with the picture saved.
"""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import __version__
from .errors import PluginError, UserError
from .interrupts import INTERRUPTED
from .shell import (
    EXIT_INTERRUPTED,
    Group,
    call,
    complain,
    is_trusting,
    is_verbose,
    open_registry,
    plugin_option,
    trust_option,
    verbose_option,
    warn_broken,
)

if TYPE_CHECKING:
    from .recipe import Recipe
    from .registry import Registry


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


@cli.command()
@click.argument("words", nargs=-1, metavar="[RECIPE] [KEY=VALUE ...]")
@click.option("--content", metavar="PICTURE", help="The photograph: what is painted.")
@click.option("--style", metavar="PICTURE", help="The painting: how it is painted.")
@click.option("-o", "--output", metavar="PICTURE", help="Where the picture goes (default: out/NAME.png).")
@plugin_option
@trust_option
@click.option("--eager", is_flag=True, help="Run op by op, for breakpoints and prints.")
@verbose_option
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but the picture's path.")
def run(
    words: Sequence[str],
    content: str | None,
    style: str | None,
    output: str | None,
    plugins: Sequence[str],
    eager: bool,
    quiet: bool,
) -> int:
    """Paint a picture from a recipe, or from two pictures of your own.

    \b
    nstk run louvre
    nstk run louvre steps=200 losses.gram.weight=5 losses.tv=false
    nstk run --content photo.jpg --style painting.jpg -o photo-painted.png
    """
    name, overrides = _to_paint(words, {"content": content, "style": style, "output.path": output})
    overrides += ["run_eagerly=true"] * eager
    recipe = _load(name, overrides, plugins, quiet=quiet)
    _start_tensorflow()
    from . import engine

    result = engine.run(recipe, quiet=quiet)
    click.echo(result.path)
    return EXIT_INTERRUPTED if result.stopped == INTERRUPTED else 0


@cli.command()
@click.argument("path", metavar="FOLDER_OR_PICTURE")
@click.option("--force", is_flag=True, help="Go on although the recipe, or what it reads, has changed since.")
@trust_option
@verbose_option
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but the picture's path.")
def resume(path: str, force: bool, quiet: bool) -> int:
    """Go on with a run that was interrupted, or broke off.

    \b
    nstk resume out/louvre.png      the picture of the run
    nstk resume out/louvre.run      the folder beside it, which an unfinished run leaves
    """
    from .resuming import unfinished

    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    begun = unfinished(path, force=force, trust=is_trusting(click.get_current_context()))
    if not quiet:
        warn_broken(begun.recipe.registry)
    _start_tensorflow()
    from . import engine

    result = engine.resume(begun, force=force, quiet=quiet)
    click.echo(result.path)
    return EXIT_INTERRUPTED if result.stopped == INTERRUPTED else 0


@cli.command()
@click.argument("words", nargs=-1, required=True, metavar="RECIPE... [KEY=VALUE ...]")
@plugin_option
@trust_option
@verbose_option
@click.pass_context
def check(ctx: click.Context, words: Sequence[str], plugins: Sequence[str]) -> int:
    """Check recipes: every mistake, with its line and column.

    KEY=VALUE words apply to all of them.
    """
    names = [word for word in words if _is_recipe(word)]
    overrides = [word for word in words if not _is_recipe(word)]
    if not names:
        raise UserError("name a recipe to check")
    code = 0
    for name in names:
        try:
            recipe = _load(name, overrides, plugins)
        except PluginError:
            raise  # what `-p` names is the same for all of them
        except UserError as error:
            complain(error, is_verbose(ctx))
            code = error.exit_code
        else:
            click.echo(f"{name}: good ({recipe.backbone.name}, {', '.join(recipe.losses)}, {recipe.steps} steps)")
    return code


@cli.command()
@click.argument("words", nargs=-1, required=True, metavar="RECIPE [KEY=VALUE ...]")
@plugin_option
@trust_option
@verbose_option
def show(words: Sequence[str], plugins: Sequence[str]) -> None:
    """Show a recipe with all that it extends and leaves to default.

    What is shown is a recipe itself: YAML that runs.
    """
    name, overrides = _split(words)
    click.echo(_load(name, overrides, plugins).to_yaml(), nl=False)


@cli.command()
@verbose_option
def recipes() -> None:
    """List the recipes that come with nstk."""
    from .loading import shipped

    for name, path in shipped().items():
        lines = path.read_text(encoding="utf-8").splitlines()
        title = next((line[1:].strip() for line in lines if line.startswith("# ") and "yaml-language-server" not in line), "")
        click.echo(f"{name:12} {title}".rstrip())


@cli.command()
@click.argument("name")
@click.argument("dest")
@verbose_option
def cp(name: str, dest: str) -> None:
    """Copy a recipe that comes with nstk, with its pictures.

    DEST is the new recipe's file, or a folder.
    """
    from .copying import copy_recipe

    for path in copy_recipe(name, Path(dest)):
        click.echo(path)


@cli.command("plugins")
@plugin_option
@verbose_option
def list_plugins(plugins: Sequence[str]) -> None:
    """List plugins: name, version, origin, and what each defines.

    Broken ones come last, with the reason.
    """
    from .registry import describe_plugins

    registry = open_registry(plugins)
    registry.commands(cli.commands)
    for name, version, origin, defines in describe_plugins(registry):
        click.echo(f"{name} {version}".rstrip() + f"  ({origin})")
        click.echo(click.wrap_text(defines, 100, "    ", "    ", preserve_paragraphs=True))


@cli.command()
@click.argument("kind", required=False)
@click.argument("name", required=False)
@plugin_option
@verbose_option
def describe(kind: str | None, name: str | None, plugins: Sequence[str]) -> None:
    """Describe what a recipe can use, with every parameter.

    KIND is recipe, loss, initializer, optimizer, callback or backbone.
    """
    from .describing import describe_lines

    click.echo("\n".join(describe_lines(_registry(plugins), kind, name)))


@cli.command()
@click.argument("backbone", default="vgg19")
@plugin_option
@verbose_option
def layers(backbone: str, plugins: Sequence[str]) -> None:
    """List the layers of a backbone.

    Each with its channels, its stride, the pixels that one activation sees, and its name in the papers.
    """
    from .describing import layer_lines

    click.echo("\n".join(layer_lines(_registry(plugins), backbone)))


@cli.command()
@plugin_option
@verbose_option
def schema(plugins: Sequence[str]) -> None:
    """Print a JSON Schema of recipes, for editors.

    \b
    nstk schema > nstk.schema.json
    and as the first line of a recipe:
    # yaml-language-server: $schema=nstk.schema.json
    """
    from .schema import recipe_schema

    click.echo(json.dumps(recipe_schema(_registry(plugins)), indent=2))


@cli.command()
@click.argument("words", nargs=-1, metavar="[RECIPE] [KEY=VALUE ...]")
@click.option("--content", metavar="PICTURE", help="The photograph: what is painted.")
@click.option("--style", metavar="PICTURE", help="The painting: how it is painted.")
@plugin_option
@trust_option
@verbose_option
def estimate(words: Sequence[str], content: str | None, style: str | None, plugins: Sequence[str]) -> int:
    """Tell how much memory and time a run will take.

    From a model of the network and a small step that is timed. The exit code is 1 if it does not fit.

    \b
    nstk estimate louvre
    nstk estimate louvre size=50MP memory=8GB
    nstk estimate --content photo.jpg --style painting.jpg size=2048
    """
    recipe = _load(*_to_paint(words, {"content": content, "style": style}), plugins)
    _start_tensorflow()
    from .estimating import told

    fits, lines = told(recipe)
    click.echo("\n".join(lines))
    return 0 if fits else 1


@cli.command()
@click.argument("words", nargs=-1, required=True, metavar="RECIPE [KEY=VALUE ...]")
@click.option("--picture", required=True, metavar="PICTURE", help="The picture to judge.")
@plugin_option
@trust_option
@verbose_option
def evaluate(words: Sequence[str], picture: str, plugins: Sequence[str]) -> None:
    """Print each loss of a given picture under a recipe, as JSON.

    Nothing is optimised; the losses are computed in float32.
    """
    from .images import check_picture

    name, overrides = _split(words)
    recipe = _load(name, overrides, plugins)
    check_picture(Path(picture))
    _start_tensorflow()
    from . import engine

    click.echo(json.dumps(engine.evaluate(recipe, picture), indent=2))


def _is_recipe(word: str) -> bool:
    from .source import exists

    return "=" not in word or exists(Path(word))


def _split(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """The recipe, if the first word is one, and the overrides."""
    name = words[0] if words and _is_recipe(words[0]) else None
    overrides = list(words if name is None else words[1:])
    for word in overrides:
        if "=" not in word:
            raise UserError(f"`{word}` is not an override: write key=value, such as steps=200")
    return name, overrides


def _to_paint(words: Sequence[str], options: Mapping[str, str | None]) -> tuple[str | None, list[str]]:
    """The recipe, if there is one, and the overrides, with the files that options name."""
    name, overrides = _split(words)
    overrides += [f"{key}={_quoted(value)}" for key, value in options.items() if value is not None]
    if name is None and not {"content", "style"} <= {setting.partition("=")[0] for setting in overrides}:
        raise UserError("nothing to paint: name a recipe (`nstk recipes` lists them), or give --content and --style")
    return name, overrides


def _quoted(value: str) -> str:
    """A file name as an override is read back: `a #1.jpg` or `12` would not survive bare."""
    return value if re.fullmatch(r"[A-Za-z_./][\w./-]*\.[A-Za-z]\w*", value) else json.dumps(value, ensure_ascii=False)


def _load(name: str | None, overrides: Sequence[str], plugins: Sequence[str], *, quiet: bool = False) -> Recipe:
    from .loading import load_recipe

    recipe = load_recipe(name, overrides, plugins=plugins, trust=is_trusting(click.get_current_context()))
    if not quiet:
        warn_broken(recipe.registry)
    return recipe


def _registry(plugins: Sequence[str]) -> Registry:
    registry = open_registry(plugins)
    warn_broken(registry)
    return registry


def _start_tensorflow() -> None:
    """Set up what is said on the way; TensorFlow's notices about itself are shown with `-v` only."""
    verbose = is_verbose(click.get_current_context())
    if not verbose:
        from .quiet import import_tensorflow

        import_tensorflow()
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("nstk").setLevel(logging.INFO if verbose else logging.WARNING)


def main(args: Sequence[str] | None = None) -> None:
    """The `nstk` command: runs one command and ends the process with its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # a file whose name is not UTF-8 is printed as it is
    sys.exit(call(cli, sys.argv[1:] if args is None else args))
