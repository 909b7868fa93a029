"""The commands that compute: they import TensorFlow once the recipe is known to be good."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import nstk

from ..engine.interrupts import INTERRUPTED
from ..errors import UserError
from .group import EXIT_INTERRUPTED, is_trusting, plugin_option, trust_option, verbose_option, warn_broken
from .live import live_options, onlooking, show_picture
from .streams import displayed, tell
from .words import load, split, start_tensorflow, to_paint
from .workers import asked, spreading, workers_options

if TYPE_CHECKING:
    from ..recipe.model import Recipe

style_option = click.option(
    "--style", metavar="PICTURE", multiple=True, help="The painting: how it is painted. May be given several times."
)


@click.command()
@click.argument("words", nargs=-1, metavar="[RECIPE | PHOTOGRAPH PAINTING] [KEY=VALUE ...]")
@click.option("--content", metavar="PICTURE", help="The photograph: what is painted.")
@style_option
@click.option("-o", "--output", metavar="PICTURE", help="Where the picture goes, a file or a folder (default: out/NAME.png).")
@plugin_option
@trust_option
@click.option("--force", is_flag=True, help="Replace out/NAME.png, whatever it is of, and files that are read-only.")
@click.option("--eager", is_flag=True, help="Run op by op, for breakpoints and prints.")
@workers_options
@live_options
@verbose_option
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but the picture's path.")
@displayed()
def run(
    words: Sequence[str], content: str | None, style: Sequence[str], output: str | None, eager: bool, **options: Any
) -> int:
    """Paint a picture from a recipe, or from two pictures of your own.

    \b
    nstk run photo.jpg painting.jpg             the photograph, then the painting
    nstk run --content photo.jpg --style painting.jpg -o painted.png
    nstk run --content photo.jpg --style painting.jpg --style other.jpg
    nstk run louvre                             a recipe that comes with nstk
    nstk run mine.yaml steps=200 size=800 losses.gram.weight=5 losses.tv=false
    nstk run mine.yaml --steps 200 --size 800   the same, for what has no option

    `nstk describe recipe` lists the keys: size=1920x1080 is a wallpaper, seed=1 another start. A folder (`-o out/`) gets
    NAME.png. With `--workers` or a scheduler, the tiles of one huge picture are spread over processes or machines.
    """
    files = {"content": content, "style": style, "output.path": output}
    name, overrides = to_paint(words, files, {"--eager": "run_eagerly=true" if eager else None})
    return _run(name, overrides, **options)


def _run(name: str | None, overrides: Sequence[str], plugins: Sequence[str], quiet: bool, **options: Any) -> int:
    who = {key: options.pop(key) for key in ("workers", "scheduler", "scheduler_file")}
    cluster, recipe = asked(**who), load(name, overrides, plugins, quiet=quiet)
    if recipe.path is None:
        raise UserError("`output: false` would leave nothing of this run: name a picture with `-o`, or run it from Python")
    start_tensorflow()
    if not cluster:
        return paint(recipe, lambda **how: nstk.run(recipe, **how), quiet=quiet, **options)
    with spreading(cluster, recipe) as (session, tiled):
        return paint(tiled, lambda **how: session.run(tiled, **how), quiet=quiet, **options)


def paint(recipe: Recipe, painted: Callable[..., nstk.Result], *, force: bool, quiet: bool, opened: bool, **page: Any) -> int:
    """Have a picture painted, on a page if one is asked for. Returns the exit code."""
    with onlooking(recipe.path.parent if recipe.path else None, **page) as watch:
        result = painted(force=force, quiet=quiet, **({"watch": watch} if watch else {}))
    tell(result.path)
    if opened:
        show_picture(result.path)
    return EXIT_INTERRUPTED if result.stopped == INTERRUPTED else 0


@click.command()
@click.argument("path", metavar="FOLDER_OR_PICTURE")
@click.option(
    "--force", is_flag=True, help="Go on although the recipe, or what it reads, has changed since, and replace read-only files."
)
@trust_option
@live_options
@verbose_option
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but the picture's path.")
@displayed()
def resume(path: str, force: bool, quiet: bool, **options: Any) -> int:
    """Go on with a run that was interrupted, or broke off.

    \b
    nstk resume out/louvre.png      the picture of the run
    nstk resume out/louvre.run      the folder beside it, which an unfinished run leaves
    """
    from ..checkpoints.unfinished import unfinished

    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    begun = unfinished(path, force=force, trust=is_trusting(click.get_current_context()))
    if not quiet:
        warn_broken(begun.recipe.registry)
    start_tensorflow()
    return paint(begun.recipe, lambda **how: nstk.resume(begun, **how), force=force, quiet=quiet, **options)


@click.command()
@click.argument("words", nargs=-1, metavar="[RECIPE | PHOTOGRAPH PAINTING] [KEY=VALUE ...]")
@click.option("--content", metavar="PICTURE", help="The photograph: what is painted.")
@style_option
@plugin_option
@trust_option
@verbose_option
@displayed()
def estimate(words: Sequence[str], content: str | None, style: Sequence[str], plugins: Sequence[str]) -> int:
    """Tell how much memory and time a run will take.

    From a model of the network and a small step that is timed. The exit code is 1 if it does not fit.

    \b
    nstk estimate louvre
    nstk estimate louvre size=50MP memory=8GB
    nstk estimate --content photo.jpg --style painting.jpg size=2048
    """
    recipe = load(*to_paint(words, {"content": content, "style": style}), plugins)
    start_tensorflow()
    from ..engine.estimate import estimate_in_words

    fits, lines = estimate_in_words(recipe)
    click.echo("\n".join(lines))
    return 0 if fits else 1


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="RECIPE [KEY=VALUE ...]")
@click.option("--picture", required=True, metavar="PICTURE", help="The picture to judge.")
@plugin_option
@trust_option
@verbose_option
@displayed()
def evaluate(words: Sequence[str], picture: str, plugins: Sequence[str]) -> None:
    """Print each loss of a given picture under a recipe, as JSON.

    Nothing is optimised; the losses are computed in float32.
    """
    from ..pictures import check_picture

    name, overrides = split(words)
    recipe = load(name, overrides, plugins)
    check_picture(Path(picture))
    start_tensorflow()
    click.echo(json.dumps(nstk.evaluate(recipe, picture), indent=2))
