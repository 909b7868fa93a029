"""The commands that paint many pictures from one recipe, and the one that lays them out on a sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UserError
from ..files import shown
from .group import EXIT_FAILED, EXIT_INTERRUPTED, is_trusting, plugin_option, trust_option, verbose_option, warn_broken
from .ongoing import ongoing
from .streams import displayed, tell
from .words import split, start_tensorflow, to_paint
from .workers import asked, workers_options

if TYPE_CHECKING:
    from ..cluster.connection import Cluster
    from ..series.axes import Axis
    from ..series.paint import Painted, Progress, State
    from ..series.planned import Planned

LISTED = 20
"""How many pictures are listed before they are painted; of more, their number is told."""


def _shared(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of both commands that paint a series."""
    options: list[Callable[..., Any]] = [
        click.option("--vary", "varied", metavar="KEY=VALUE,...", multiple=True, help="A key and its values, or a pattern."),
        click.option("--zip", "zipped", is_flag=True, help="Take the first values together, then the second ones, and so on."),
        click.option("--sample", type=click.IntRange(min=1), metavar="N", help="Take N of all combinations, at random."),
        click.option("-o", "--output", metavar="FOLDER", default="out", show_default=True, help="Where the pictures go."),
        click.option("--dry-run", is_flag=True, help="Tell what would be painted and what it would take."),
        click.option("--no-scores", is_flag=True, help="Leave the scores out of the sheet, which take seconds a picture."),
        click.option("--force", is_flag=True, help="Replace what is in a picture's place, whatever it is."),
        workers_options,
        plugin_option,
        trust_option,
        verbose_option,
        click.option("-q", "--quiet", is_flag=True, help="Say nothing but where the sheet is, and what failed."),
        displayed(),
    ]
    for option in reversed(options):
        function = option(function)
    return function


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="RECIPE [KEY=VALUE ...]")
@_shared
def sweep(words: Sequence[str], varied: Sequence[str], **options: Any) -> int:
    """Paint a recipe once for each combination of values.

    Pictures are named by what varies. What is there already is skipped, an unfinished picture goes on, and a sheet shows all of
    them. The exit code is 1 if a picture failed; the others are painted.

    \b
    nstk sweep louvre --vary losses.content.weight=0.5,1,2 -o out/weights
    nstk sweep louvre --vary 'style=paintings/*.jpg' --vary balance=30,50,70 size=256
    nstk sweep louvre --vary seed=1,2,3,4 --vary style_scale=0.5,1,2 --sample 6
    """
    from ..series.axes import axis

    name, overrides = split(words)
    return _series(name, overrides, [axis(it) for it in varied], **options)


@click.command()
@click.argument("words", nargs=-1, metavar="[RECIPE] [KEY=VALUE ...]")
@click.option("--content", "contents", metavar="PICTURES", multiple=True, help="Photographs: files, a folder, or a pattern.")
@click.option("--style", "styles", metavar="PICTURES", multiple=True, help="Paintings: files, a folder, or a pattern.")
@_shared
def batch(words: Sequence[str], contents: Sequence[str], styles: Sequence[str], varied: Sequence[str], **options: Any) -> int:
    """Paint many photographs in the manner of one or more paintings.

    Each photograph is painted in each manner, or, with --zip, the first in the first, the second in the second. Pictures are
    called PHOTOGRAPH_PAINTING. What is there already is skipped, and an unfinished picture goes on.

    \b
    nstk batch --content photos/ --style starry.jpg -o out/holidays
    nstk batch louvre --content 'photos/*.jpg' --style paintings/ -o out/all
    nstk batch --content a.jpg --content b.jpg --style paintings/ --sample 10 size=800
    """
    from ..series.axes import axis, pictures

    if not contents and not styles:
        raise UserError("a batch is of photographs or of paintings: add `--content FOLDER` or `--style FOLDER`")
    several = {key: pictures(key, given) for key, given in (("content", contents), ("style", styles)) if given}
    name, overrides = split(words)
    to_paint(words, {key: [it.values[0].name] for key, it in several.items()})  # says what is missing
    return _series(name, overrides, [*several.values(), *(axis(it) for it in varied)], **options)


def _series(
    name: str | None,
    overrides: Sequence[str],
    axes: Sequence[Axis],
    *,
    zipped: bool,
    sample: int | None,
    output: str,
    dry_run: bool,
    no_scores: bool,
    force: bool,
    workers: int | None,
    scheduler: str,
    scheduler_file: str,
    plugins: Sequence[str],
    quiet: bool,
) -> int:
    from ..series.combinations import combined
    from ..series.planned import planned

    if zipped and sample:
        raise UserError("`--zip` and `--sample` cannot both be: say which pictures are to be painted")
    cluster = asked(workers, scheduler, scheduler_file)
    trust = is_trusting(click.get_current_context())
    series = planned(name, overrides, combined(axes, zipped=zipped, sample=sample), Path(output), plugins=plugins, trust=trust)
    if not quiet:
        warn_broken(series[0].recipe.registry)
    start_tensorflow()
    from ..series import paint

    before = paint.states(series, force=force)
    if not quiet or dry_run:
        _announce(series, before)
    cluster = _workers([it for it in series if before[it.name] != "there"], cluster, quiet)
    if dry_run:
        return 0
    choices: dict[str, Any] = {"plugins": plugins, "trust": trust, "force": force}
    with _bar(quiet) as tell_progress:
        done = paint.paint(series, **choices, tell=tell_progress, before=before, cluster=cluster)
    return _concluded(done, Path(output), scores=not no_scores)


def _workers(left: Sequence[Planned], asked: Cluster | None, quiet: bool) -> Cluster | None:
    """Who paints, if not this process: who was asked for, or as many workers as this machine carries. Tells what it takes."""
    from ..cluster.connection import Cluster, carried, installed
    from ..machine import device
    from ..series.forecast import forecast

    if not left:
        return None
    if quiet and (asked or not installed()):
        return asked
    with ongoing() as say:
        say("timing a small step")
        expected = forecast(left)
    cluster = asked
    if not asked and installed() and len(left) > 1 and (count := carried(expected.bytes, len(left))) > 1:
        cluster = Cluster(count)
    if not quiet:
        pictures = f"{len(left)} {'picture' if len(left) == 1 else 'pictures'}"
        click.echo(f"{pictures}: {expected.by(cluster.workers if cluster else 1)}", err=True)
        if cluster:
            click.echo(f"painted by {cluster}", err=True)
        elif len(left) > 1:
            click.echo(f"painted one after the other: {device.cores()} cores are best spent on one picture", err=True)
    return cluster


def _announce(series: Sequence[Planned], states: Mapping[str, State]) -> None:
    """Tell which pictures there will be, and what is known of them."""
    from ..series.paint import WORDS

    if len(series) <= LISTED:
        for it in series:
            click.echo(f"{it.name}: {WORDS[states[it.name]]}", err=True)
    else:
        counts = ((sum(state == it for state in states.values()), words) for it, words in WORDS.items())
        click.echo(", ".join(f"{count} {words}" for count, words in counts if count), err=True)


def _concluded(done: Sequence[Painted], folder: Path, *, scores: bool) -> int:
    """Write the sheet, and tell what failed. Returns the exit code."""
    from ..series.paint import failures

    lost = [*failures(done)]
    interrupted = any(it.outcome == "interrupted" for it in done)
    if not interrupted and len(lost) < len(done):
        _write_sheet(folder, scores=scores)
    for line in lost:
        click.echo(f"failed: {line}", err=True)
    if interrupted:
        click.echo("interrupted: the same command goes on", err=True)
        return EXIT_INTERRUPTED
    return EXIT_FAILED if lost else 0


@contextmanager
def _bar(quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """Inside, a function that shows how far a series is: a bar over all in a terminal, elsewhere a line for each picture."""
    import sys

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress as Bar, TextColumn, TimeRemainingColumn

    console = Console(file=sys.stderr)

    shares: dict[str, float] = {}
    ended: set[str] = set()

    def say(it: Progress) -> None:
        shares[it.name] = it.share
        if it.done and it.done.outcome != "interrupted":
            ended.add(it.name)
            if not quiet:
                click.echo(f"{len(ended)}/{it.count} {shown(it.done.path)}: {it.done.outcome}", err=True)

    if quiet or not console.is_terminal:
        yield say
        return
    columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def move(it: Progress) -> None:
            say(it)
            bar.update(task, description=it.name, total=it.count, completed=sum(shares.values()))

        yield move


@click.command()
@click.argument("folder", metavar="FOLDER")
@click.option("--no-scores", is_flag=True, help="Leave the scores out, which take seconds a picture.")
@verbose_option
@displayed()
def sheet(folder: str, no_scores: bool) -> None:
    """Lay out a folder of results as a table.

    The table is written into the folder as sheet.html and sheet.png. Each picture stands with what it has of the keys that
    vary, with its seconds and its scores (LP, GE, CF, see `nstk score`). On the page, a picture leads to its file, and there
    is a link to its recipe.

    \b
    nstk sheet out/weights
    """
    _write_sheet(Path(folder), scores=not no_scores)


def _write_sheet(folder: Path, *, scores: bool) -> None:
    from ..series.table import table

    made = table(folder)
    if scores:
        start_tensorflow()
    from ..series.sheet import write_sheet

    with ongoing() as say:
        for path in write_sheet(made, scores=scores, say=say):
            tell(shown(path))
