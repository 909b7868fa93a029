"""The command that shows a region as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import OutputError, PluginError, UserError
from ..files import check_writable, exists, in_line, same_file, shown, write_whole
from ..hints import spelled
from .group import plugin_option, verbose_option
from .streams import tell
from .words import registry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..api import Region
    from ..registry.registry import Registry


@click.command()
@click.argument("photo", metavar="PHOTO")
@click.argument("region", metavar="REGION")
@click.option(
    "-o", "--output", metavar="PICTURE", help="Where the mask goes, a PNG or a folder (default: out/PHOTO-REGION.png)."
)
@click.option("--grow", type=click.FloatRange(-1000, 1000), help="Make the region wider by so many pixels, or narrower.")
@click.option("--feather", type=click.FloatRange(0, 1000), help="Make its edge soft over so many pixels.")
@click.option("--invert", is_flag=True, help="Take all that is not in the region.")
@plugin_option
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@verbose_option
def mask(
    photo: str,
    region: str,
    output: str | None,
    grow: float | None,
    feather: float | None,
    invert: bool,
    plugins: Sequence[str],
    force: bool,
) -> None:
    """Write a region of a photograph, such as person, as a picture.

    \b
    nstk mask photo.jpg person                      the persons, found by a small network
    nstk mask photo.jpg background -o behind.png    what is behind them
    nstk mask photo.jpg face --grow 20 --feather 30

    The picture is grey, and white where the region is: to be looked at, or painted over. REGION is person, background, face, or
    a region of a plugin that needs no other keys.
    """
    keys = {"grow": grow, "feather": feather, "invert": invert or None}
    made = _region(registry(plugins), region, {key: value for key, value in keys.items() if value is not None})
    path, share = _written(made, photo, output, force=force)
    click.echo(f"{'all but ' * made.invert}{made.name}: {share} of the photograph", err=True)
    tell(path)


def _written(region: Region, photo: str, output: str | None, *, force: bool) -> tuple[str, str]:
    """Write the mask of a region. Returns where it is and how much of the photograph it is, in words."""
    from ..api import Pictures
    from ..pictures import check_picture, read_picture
    from ..recipe.region_maps import region_map

    check_picture(photo)
    path = _place(output, photo, region.name, force=force)
    photograph = read_picture(photo, straight=True)
    photograph.setflags(write=False)
    map_ = region_map(region, Pictures(photograph, {}))
    if (map_ == float(region.invert)).all():
        left = f" after `--grow {region.grow:g}`" if region.grow < 0 else ""
        raise UserError(f"{region.name}: nothing of it is found in {in_line(photo)}{left}, so no mask is written")
    write_whole(path, _png(map_), force=force)
    return shown(path), _share(map_)


def _region(known: Registry, name: str, keys: dict[str, float]) -> Region:
    """The region of a name. Raises `UserError` if there is none, or if it needs keys that this command has not."""
    from pydantic import ValidationError

    name = spelled(name, known.names("region"))
    if not known.owned("region", name.rpartition(":")[2]):
        raise PluginError(f"no region is called `{in_line(name)}`: {known.unknown_hint('region', name)}")
    cls: type[Region] = known.get("region", name)
    if needed := [key for key, it in cls.model_fields.items() if it.is_required()]:
        raise UserError(f"the region `{name}` needs `{needed[0]}`, which only a recipe can say: name it there, under `where`")
    try:
        return cls(**keys)
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(f"the region `{name}`: {' '.join(map(str, first['loc']))}: {first['msg']}") from error


def _place(output: str | None, photo: str, region: str, *, force: bool) -> Path:
    """Where the mask goes. Raises `OutputError` where it cannot go there, or would replace what is not its own."""
    path = Path(output or "out/")
    if output is None or output.endswith("/") or path.is_dir():
        path /= f"{Path(photo).stem}-{region}.png"
    if path.suffix.lower() != ".png":
        raise OutputError(f"{shown(path)}: a mask is a PNG, which keeps every level: name it {path.stem}.png")
    if same_file(path, Path(photo)):
        raise OutputError(f"the mask would be written over the photograph {shown(path)}: give it another name")
    if exists(path) and not force:
        raise OutputError(f"{shown(path)} exists already: `--force` replaces it, `-o` names another place")
    check_writable(path, force=force)
    return path


def _png(map_: NDArray[np.float32]) -> bytes:
    """A map as a grey PNG of 8 bits."""
    from PIL import Image

    from ..pictures import to_uint8

    buffer = BytesIO()
    Image.fromarray(to_uint8(255 * map_)).save(buffer, "PNG")
    return buffer.getvalue()


def _share(map_: NDArray[np.float32]) -> str:
    """How much of a picture a map is, in per cent."""
    percent = 100 * float(map_.mean())
    return f"{percent:.0f} %" if percent >= 1 else f"{percent:.1g} %"
