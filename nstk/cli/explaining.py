"""The command that tells what weighs how much in a recipe: a table with bars, and what stands out."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .group import plugin_option, trust_option, verbose_option
from .ongoing import ongoing
from .streams import displayed
from .words import load, split, start_tensorflow

if TYPE_CHECKING:
    from ..engine.explanation import Explanation
    from ..engine.shares import Share, Shares

BLOCKS = " ▏▎▍▌▋▊▉█"
"""Eighths of a character, from none to all."""

LEAST, MOST = 4, 16
"""How many characters a bar is wide, at least and at most."""

NUMBER = len("100.0 % ")


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="RECIPE [KEY=VALUE ...]")
@click.option("--picture", metavar="PICTURE", help="An earlier result, at which the losses are judged too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of a table.")
@plugin_option
@trust_option
@verbose_option
@displayed()
def explain(words: Sequence[str], picture: str | None, as_json: bool, plugins: Sequence[str]) -> None:
    """Tell what weighs how much in a recipe.

    Each loss, layer and painting has its share of the loss and of the gradient, which moves the picture. Below the table stands
    what is out of the ordinary, and what to do about it. Nothing is painted.

    \b
    nstk explain cafe
    nstk explain cafe losses.tv.weight=5
    nstk explain mine.yaml --picture out/mine.png
    """
    from ..pictures import check_picture

    name, overrides = split(words)
    recipe = load(name, overrides, plugins)
    if picture is not None:
        check_picture(Path(picture))
    start_tensorflow()
    from ..engine.explanation import explain as explained

    with ongoing() as say:
        explanation = explained(recipe, picture, say=say)
    if as_json:
        click.echo(json.dumps(explanation.to_json(), indent=2))
    else:
        width = shutil.get_terminal_size().columns
        click.echo("\n".join([*table(explanation, width, sys.stdout.encoding), "", *in_words(explanation, width)]))


def in_words(explanation: Explanation, width: int) -> Iterator[str]:
    """What stands out, each sentence on lines of its own."""
    for remark in explanation.remarks:
        yield from textwrap.wrap(
            remark, width, initial_indent="- ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )


def table(explanation: Explanation, width: int, encoding: str | None) -> Iterator[str]:
    """The shares as lines: of losses, of the layers below each, and of paintings. Bars take what is left of the `width`."""
    pictures, (first, *_) = explanation.pictures, explanation.pictures
    layers = {label: [*dict.fromkeys(layer for it in pictures for layer in it.layers.get(label, ()))] for label in first.losses}
    names = [*first.losses, *first.paintings, *(f"  {layer}" for of_loss in layers.values() for layer in of_loss)]
    named = max(map(len, names))
    bar_width = max(LEAST, min(MOST, (width - named - 8) // (2 * len(pictures)) - NUMBER - 2))
    column = NUMBER + bar_width

    def row(name: str, weight: str, shares: Sequence[Share | None]) -> str:
        cells = [
            f"{percent(part)} {bar(part, bar_width, encoding)}" if share else ""
            for share in shares
            for part in ((share.share_of_loss, share.share_of_gradient) if share else (0, 0))
        ]
        return "  ".join([f"{name:{named}}{weight:>6}", *(f"{cell:{column}}" for cell in cells)]).rstrip()

    space = " " * (named + 6)
    yield "  ".join([space, *(f"{_shortened(_titled(it), 2 * column + 2):{2 * column + 2}}" for it in pictures)]).rstrip()
    yield "  ".join([f"{'':{named}}weight", *(f"{word:{column}}" for word in ("loss", "gradient") * len(pictures))]).rstrip()
    for label in first.losses:
        yield row(label, f"{explanation.weights[label]:.3g}", [it.losses[label] for it in pictures])
        for layer in layers[label]:
            yield row(f"  {layer}", "", [it.layers.get(label, {}).get(layer) for it in pictures])
    if first.paintings:
        yield ""
        yield "of the style:"
        for label in first.paintings:
            yield row(label, "", [it.paintings[label] for it in pictures])


def percent(share: float) -> str:
    """A share in words of one width: ` 12.5 %`, and `<0.1 %` for one that is not nothing."""
    said = "<0.1" if 0 < share < 0.0005 else "0" if share == 0 else f"{100 * share:.1f}"
    return f"{said:>5} %"


def bar(share: float, width: int, encoding: str | None) -> str:
    """A bar as long as a share of the `width`, in eighths of a character or, where the encoding has no blocks, in `#`."""
    try:
        BLOCKS.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "#" * round(share * width)
    whole, part = divmod(round(8 * share * width), 8)
    return BLOCKS[-1] * whole + BLOCKS[part].strip()


def _titled(shares: Shares) -> str:
    return "{} ({} x {})".format(shares.picture, *shares.size)


def _shortened(title: str, width: int) -> str:
    """A title that fits, without its beginning if need be: the end of a path says more."""
    return title if len(title) <= width else f"...{title[3 - width :]}"
