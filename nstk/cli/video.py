"""The command that paints a clip."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UserError
from .group import EXIT_INTERRUPTED, is_trusting, plugin_option, trust_option, verbose_option
from .painting import style_option
from .streams import displayed, tell
from .words import start_tensorflow, to_paint

if TYPE_CHECKING:
    from ..clips.paint import ClipProgress, PaintedClip

EVERY = 10.0
"""How many seconds lie between two lines, where there is no terminal."""

MOST_BEFORE = 64
"""To how many frames before a frame can be held: each is kept."""


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of the command."""
    options: list[Callable[..., Any]] = [
        style_option,
        click.option("-o", "--output", metavar="CLIP", help="Where it goes: .mp4, .mov, .mkv, .webm, .gif or .webp."),
        click.option("--preview", metavar="DURATION", help="Paint the beginning only, such as 2s."),
        click.option("--frame-steps", type=click.IntRange(min=1), metavar="N", help="Steps of each frame after the first."),
        click.option(
            "--temporal", type=click.FloatRange(min=0), metavar="WEIGHT", help="How strongly frames are held together."
        ),
        click.option("--long-term", metavar="N,N", default="", help="Hold a frame to those N before it, too, such as 2,4,8."),
        click.option("--force", is_flag=True, help="Replace what is in the clip's place, whatever it is."),
        plugin_option,
        trust_option,
        verbose_option,
        click.option("-q", "--quiet", is_flag=True, help="Say nothing but the clip's path."),
        displayed(),
    ]
    for option in reversed(options):
        function = option(function)
    return function


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="[RECIPE] CLIP [KEY=VALUE ...]")
@_options
def video(words: Sequence[str], style: Sequence[str], output: str | None, quiet: bool, **choices: Any) -> int:
    """Paint a clip, frame after frame, without flicker.

    Each frame begins from the one before, carried along the motion. The sound and the frame rate stay. The same command goes on
    with a clip that was stopped. Needs the extra `video`.

    \b
    nstk video clip.mp4 --style starry.jpg -o out/clip.mp4 --preview 2s
    nstk video mine.yaml clip.mp4 size=768 -o out/clip.mp4
    nstk video clip.mp4 --style starry.jpg -o out/clip.gif size=320
    """
    clip, others = _clip(words)
    name, overrides = to_paint(others, {"content": clip, "style": style})
    overrides = [it for it in overrides if it.partition("=")[0] != "content"]
    asked = _asked(**choices)
    start_tensorflow()
    from ..clips.paint import video as paint

    trust = is_trusting(click.get_current_context())
    with _bar(quiet) as progress:
        done = paint(name, clip, output or f"out/{Path(clip).name}", overrides=overrides, trust=trust, tell=progress, **asked)
    if done.stopped == "interrupted":
        click.echo(f"interrupted after {done.frames} frames: the same command goes on", err=True)
        return EXIT_INTERRUPTED
    if not quiet:
        _conclude(done)
    tell(done.path)
    return 0


def _asked(
    preview: str | None, frame_steps: int | None, temporal: float | None, long_term: str, **others: Any
) -> dict[str, Any]:
    """The choices as `nstk.video` takes them; what was not asked for is left out."""
    found = {"preview": preview and _seconds(preview), "steps": frame_steps, "temporal": temporal}
    return {**others, **{key: value for key, value in found.items() if value is not None}, "long_term": _numbers(long_term)}


def _clip(words: Sequence[str]) -> tuple[str, list[str]]:
    """The word that names the clip, and the others."""
    from ..clips.ffmpeg import SEGMENTS

    named = [word for word in words if "=" not in word and Path(word).suffix.lower() in (*SEGMENTS, ".avi", ".ogv", ".mpg")]
    if len(named) != 1:
        said = "no word names a clip" if not named else f"`{'` and `'.join(named)}` cannot both be the clip"
        raise UserError(f"{said}: write `nstk video clip.mp4 --style painting.jpg`")
    return named[0], [word for word in words if word != named[0]]


def _seconds(duration: str) -> float:
    from ..recipe.durations import checked, seconds_in
    from ..recipe.messages import Unfit

    try:
        return seconds_in(checked(duration))
    except Unfit as error:
        raise UserError(f"`--preview` {error}") from error


def _numbers(text: str) -> list[int]:
    """How many frames before: whole numbers with commas between."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isdecimal() and 2 <= int(word) <= MOST_BEFORE for word in words):
        raise UserError(f"`--long-term {text}`: write whole numbers from 2 to {MOST_BEFORE} with commas between, such as 2,4,8")
    return [*map(int, words)]


@contextmanager
def _bar(quiet: bool) -> Iterator[Callable[[ClipProgress], None]]:
    """Inside, a function that shows how far a clip is: a bar in a terminal, elsewhere a line now and then."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console, said = Console(file=sys.stderr), 0.0

    def line(it: ClipProgress) -> None:
        nonlocal said
        if not quiet and it.share == 1 and (time.monotonic() - said > EVERY or it.frame == it.count):
            said = time.monotonic()
            click.echo(f"frame {it.frame}{f' of {it.count}' if it.count else ''}", err=True)

    if quiet or not console.is_terminal:
        yield line
        return
    columns = TextColumn("frame {task.description}"), BarColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def move(it: ClipProgress) -> None:
            done = it.frame - 1 + it.share
            bar.update(task, description=f"{it.frame} of {it.count or '?'}", total=it.count or None, completed=done)

        yield move


def _conclude(done: PaintedClip) -> None:
    from ..engine.estimate import clock

    if done.stopped == "there":
        click.echo("this clip is there already: `--force` paints it anew", err=True)
    else:
        scenes = f"{done.scenes} scene{'s' * (done.scenes != 1)}"
        click.echo(f"{done.frames} frames in {clock(done.seconds)}, {scenes}", err=True)
