"""The command that judges pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from .group import verbose_option
from .words import start_tensorflow

if TYPE_CHECKING:
    from ..judging.scores import Score

COLUMNS = ("cf", "ge", "lp", "e", "ssim")


@click.command()
@click.argument("content", metavar="CONTENT")
@click.argument("style", metavar="STYLE")
@click.argument("picture", nargs=-1, required=True, metavar="PICTURE...")
@click.option("--size", type=int, default=400, show_default=True, help="The long edge in pixels at which all are judged.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of a table.")
@verbose_option
def score(content: str, style: str, picture: Sequence[str], size: int, as_json: bool) -> None:
    """Judge painted pictures by five measures.

    \b
    CF    content fidelity    how much of the photograph is there
    GE    global effect       whether colours and textures are the painting's on the whole
    LP    local patterns      whether the painter's marks are there, and how many of them
    E     effectiveness       how close the painting's statistics are
    SSIM  structure           how much of the photograph's light and shade is there

    More is better. The last two rows are copies of the photograph and of the painting: they show what each measure is blind
    for.

    \b
    nstk score photo.jpg painting.jpg out/photo-painting.png
    """
    from ..pictures import check_picture

    for name in (content, style, *picture):
        check_picture(name)
    start_tensorflow()
    from ..judging.scores import score as judge

    scores = judge(content, style, picture, size=size)
    if as_json:
        click.echo(json.dumps([it.to_json() for it in scores], indent=2))
    else:
        click.echo("\n".join(table(scores)))


def table(scores: Sequence[Score]) -> list[str]:
    """The scores as lines, each as wide as the longest name asks."""
    width = max(len(it.picture) for it in scores)
    head = " ".join([" " * width, *(f"{column.upper():>6}" for column in COLUMNS)])
    rows = (" ".join([f"{it.picture:{width}}", *(f"{getattr(it, column):6.3f}" for column in COLUMNS)]) for it in scores)
    return [head, *rows]
