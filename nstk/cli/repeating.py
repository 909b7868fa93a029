"""The commands about pictures that say how they were made: to paint one again, and to compare two."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UserError
from ..files import shown
from .group import EXIT_FAILED, is_trusting, plugin_option, trust_option, verbose_option, warn_broken
from .live import live_options
from .override import is_recipe
from .painting import paint
from .streams import displayed
from .words import start_tensorflow

if TYPE_CHECKING:
    from ..checkpoints.repeat import Repeat


@click.command()
@click.argument("picture", metavar="PICTURE")
@click.argument("changes", nargs=-1, metavar="[KEY=VALUE ...]")
@click.option("-o", "--output", metavar="PICTURE", help="Where the picture goes, a file or a folder (default: out/NAME.png).")
@click.option("--inputs", metavar="FOLDER", help="Where photograph and painting are looked for, by their hashes.")
@plugin_option
@trust_option
@click.option("--force", is_flag=True, help="Replace out/NAME.png, whatever it is of, and files that are read-only.")
@live_options
@verbose_option
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but the picture's path.")
@displayed()
def rerun(picture: str, changes: Sequence[str], quiet: bool, **options: Any) -> int:
    """Paint a picture of nstk's again, by what its file says.

    The picture is the same on the same machine, down to the bytes of its file. The photograph and the painting are looked for
    where they were, beside the picture, and then by their hashes in the folder that --inputs names. A plugin that the picture
    names is code, and is loaded only with --trust.

    \b
    nstk rerun out/louvre.png -o again.png
    nstk rerun stranger.png --inputs pictures/
    nstk rerun out/louvre.png losses.gram.weight=3 size=800 -o larger.png
    """
    import nstk

    again = _repeated(picture, changes, **{key: options.pop(key) for key in ("output", "inputs", "plugins")})
    if not quiet:
        warn_broken(again.recipe.registry)
    start_tensorflow()
    with nstk.Session() as session:
        return paint(again.recipe, lambda **how: session.run(again.recipe, course=again.course, **how), quiet=quiet, **options)


def _repeated(picture: str, changes: Sequence[str], output: str | None, inputs: str | None, plugins: Sequence[str]) -> Repeat:
    from ..checkpoints.repeat import repeat

    for word in changes:
        if is_recipe(word):
            raise UserError(f"`{word}` is not an override: a picture is painted again by its own recipe; write key=value")
    trust, folder = is_trusting(click.get_current_context()), Path(inputs) if inputs else None
    return repeat(Path(picture), changes, output=output, inputs=folder, plugins=plugins, trust=trust)


@click.command()
@click.argument("one", metavar="PICTURE")
@click.argument("other", metavar="PICTURE")
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of lines.")
@verbose_option
def diff(one: str, other: str, as_json: bool) -> int:
    """Say what differs between two pictures of nstk's.

    It tells of recipe, inputs, plugins' code, versions, steps that were done, and pixels. The exit code is 0 if nothing
    differs, and 1 otherwise.

    \b
    nstk diff out/louvre.png out/louvre.1.png
    """
    from ..checkpoints.differences import differences

    found = differences(Path(one), Path(other))
    if as_json:
        click.echo(json.dumps({key: {it.what: [it.one, it.other] for it in rows} for key, rows in found.items()}, indent=2))
    else:
        for heading, rows in found.items():
            for it in rows:
                click.echo(f"{heading}: {it}")
        if not any(found.values()):
            click.echo(f"{shown(Path(one))} and {shown(Path(other))} are the same picture, made in the same way")
    return EXIT_FAILED if any(found.values()) else 0
