"""The command about layers: those of a backbone, those that a recipe reads, and a sheet of what each makes of the painting."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import OutputError, UserError
from .group import plugin_option, trust_option, verbose_option
from .ongoing import ongoing
from .streams import displayed
from .words import load, registry, split, start_tensorflow

if TYPE_CHECKING:
    from ..recipe.model import Recipe

SHEET = ".layers.png"
"""The end of a sheet's name, which is that of the recipe's picture otherwise."""


@click.command()
@click.argument("words", nargs=-1, metavar="[BACKBONE | RECIPE [KEY=VALUE ...]]")
@click.option("--sheet", is_flag=True, help="Paint what each layer alone makes of the recipe's painting.")
@click.option("--layers", "chosen", metavar="A,B,...", help="Which layers (default: those read, and each block's first).")
@click.option("--size", type=int, default=192, show_default=True, help="The long edge of each picture in pixels.")
@click.option("-o", "--output", metavar="PICTURE", help="Where the sheet goes (default: out/NAME.layers.png).")
@plugin_option
@trust_option
@verbose_option
@displayed()
def layers(
    words: Sequence[str], sheet: bool, chosen: str | None, size: int, output: str | None, plugins: Sequence[str]
) -> None:
    """List the layers of a backbone, or those that a recipe can read.

    Each with its channels, its stride, the pixels that one activation sees, and its name in the papers. With --sheet, paint a
    small picture out of noise for each layer, by the recipe's style loss at that layer alone: it takes about a minute.

    \b
    nstk layers                                          those of vgg19
    nstk layers cafe                                     with the losses that read them
    nstk layers cafe --sheet
    nstk layers cafe --sheet --layers block3_conv1,block3_conv4 -o strokes.png
    """
    from ..recipe.describe import layer_lines, read_lines

    name, overrides = split(words)
    if not (sheet or overrides or (name and _is_recipe(name))):
        for option, value in {"--layers": chosen, "-o": output}.items():
            if value:
                raise UserError(f"`{option}` is for a sheet: `nstk layers RECIPE --sheet {option} {value}`")
        click.echo("\n".join(layer_lines(registry(plugins), name or "vgg19")))
        return
    if sheet and name is None and not overrides:
        raise UserError("a sheet is of a recipe's painting: `nstk layers RECIPE --sheet`")
    recipe = load(name, overrides, plugins)
    if sheet:
        _paint_sheet(recipe, chosen.split(",") if chosen else [], size, output)
    else:
        click.echo("\n".join(read_lines(recipe)))


def _is_recipe(name: str) -> bool:
    """Whether a name that may be that of a backbone is that of a recipe."""
    from ..files import exists
    from ..recipe.shipped import shipped

    return name in shipped() or exists(Path(name)) or Path(name).suffix in (".yaml", ".yml")


def _paint_sheet(recipe: Recipe, layers: Sequence[str], size: int, output: str | None) -> None:
    """Paint the sheet, and say where it is."""
    from ..files import check_writable, shown
    from ..pictures import check_output, write_picture

    path = _place(recipe, output)
    check_output(path)
    check_writable(path)
    start_tensorflow()
    from ..engine.layer_sheet import layer_sheet

    with ongoing() as say:
        made = layer_sheet(recipe, layers, size=size, say=say)
    write_picture(made, path)
    click.echo(shown(path))


def _place(recipe: Recipe, output: str | None) -> Path:
    """Where the sheet goes: to a file that is not there yet."""
    if output is not None:
        if Path(output).exists():
            raise OutputError(f"{output} exists already: choose another place for the sheet")
        return Path(output)
    first = recipe.sidecar(SHEET) if recipe.path else Path("out") / f"{recipe.name}{SHEET}"
    stem = first.name.removesuffix(SHEET)
    others = (first.with_name(f"{stem}.{number}{SHEET}") for number in itertools.count(1))
    return next(path for path in itertools.chain([first], others) if not path.exists())
