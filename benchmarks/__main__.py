"""The command. It runs the parts one after another, and prints and keeps the figures of each as soon as they are there."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from nstk.errors import NstkError
from nstk.recipe.shipped import shipped

from . import article, control, live, loss, machine, many, peer, quality, session, size, startup, step
from .processes import Failed
from .report import Record, Report, table
from .setting import Quality, Setting

PARTS: dict[str, Callable[[Setting, Record], None]] = {
    "step": step.measure,
    "peer": peer.measure,
    "loss": loss.measure,
    "control": control.measure,
    "article": article.measure,
    "startup": startup.measure,
    "session": session.measure,
    "many": many.measure,
    "live": live.measure,
    "size": size.measure,
    "quality": quality.measure,
}
UNASKED = [name for name in PARTS if name != "quality"]
"""The parts of a run that names none. `quality` takes a day on two cores, and measures pictures, not speed."""


def _parts(_context: click.Context, _option: click.Parameter, words: str) -> list[str]:
    names = [name.strip() for name in words.split(",") if name.strip()]
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise click.BadParameter(f"no part `{unknown[0]}`; the parts are {', '.join(PARTS)}")
    return names


def _sizes(_context: click.Context, _option: click.Parameter, words: str) -> list[int]:
    numbers = [word.strip() for word in words.split(",")]
    if not all(word.isdecimal() and 128 <= int(word) <= 8192 for word in numbers):
        raise click.BadParameter(f"`{words}` must be long edges of 128 to 8192 pixels, such as 512,2048")
    return [int(word) for word in numbers]


def _names(_context: click.Context, _option: click.Parameter, words: str) -> list[str]:
    names = [name.strip() for name in words.split(",") if name.strip()]
    for name in names:
        if name not in shipped():
            raise click.BadParameter(f"no recipe `{name}` comes with nstk; there are {', '.join(shipped())}")
    return names


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--only", default=",".join(UNASKED), callback=_parts, metavar="PART,...", help=f"Run these of {', '.join(PARTS)}."
)
@click.option("--quick", is_flag=True, help="Tiny pictures and few steps: shows that all of it runs, measures nothing.")
@click.option("--json", "path", default="out/benchmark.json", show_default=True, type=Path, help="Where all numbers go.")
@click.option("--peer-python", type=Path, help="A Python with neural-style 0.5.7 and torch; else one is made in .bench/.")
@click.option("--pairs", type=Path, help="quality: a folder with `contents` and `styles`; else the free pictures.")
@click.option("--count", type=click.IntRange(min=1), help="quality: how many pairs; else 24, or one for each painting.")
@click.option("--sizes", default="512", show_default=True, callback=_sizes, help="quality: long edges; judged at the first.")
@click.option(
    "--recipes", default="", callback=_names, metavar="NAME,...", help="quality: these; else the default and all looks."
)
@click.option("--pictures", default="out/quality", show_default=True, type=Path, help="quality: where the pictures are kept.")
@click.option("--markdown", is_flag=True, help="Print the tables as Markdown.")
def main(only: list[str], quick: bool, path: Path, peer_python: Path | None, markdown: bool, **painted: Any) -> None:
    """Measure nstk on this machine: ratios first, beside what is to be reached; every number goes into a JSON file."""
    console = Console(width=None if sys.stdout.isatty() else 128)

    def say(text: str) -> None:
        console.print(text, style="dim", highlight=False, markup=False)

    say("looking at the machine")
    here = machine.describe()
    setting = Setting(quick, here, say, peer_python, Quality(folder=painted.pop("pictures"), **painted))
    began = datetime.now(timezone.utc).isoformat(timespec="seconds")
    report = Report(path, {"began": began, "quick": quick, "machine": here})
    say(machine.sentence(here))
    for name in only:
        record, start = report.part(name), time.perf_counter()
        try:
            PARTS[name](setting, record)
        except (Failed, NstkError) as error:
            record.raw["failed"] = str(error)
            say(f"{name}: {error}")
        record.raw["seconds"] = time.perf_counter() - start
        record.keep()
        console.print(table(record.figures, name, markdown))
    console.print(table(report.figures, "all", markdown))
    say(f"{machine.sentence(here)}\nall numbers: {path}" + "\nquick: these figures mean nothing" * quick)
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
