"""Whether a recipe's pictures can be read and painted at its size, and the result be written where it is to be."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import images
from .errors import PictureError, UserError
from .findings import Findings
from .recipe import LABELLED, SIDECARS, SLOTS, Settings, input_files
from .scales import MAX_EDGE, long_edge, out_of_bounds, shares
from .source import exists, located, possible, real, same_file, shown


def picture_sizes(found: Findings, settings: Settings) -> dict[str, tuple[int, int]]:
    """Read the pictures: width and height of each in pixels, but for one that cannot be read."""
    sizes = {}
    for key in ("content", "style"):
        if file := getattr(settings, key):  # else reported already
            try:
                sizes[key] = images.check_picture(Path(shown(Path(file))))
            except PictureError as error:
                found.problem(str(error), found.mark(key))
    return sizes


def long_edge_of(found: Findings, settings: Settings, content: tuple[int, int] | None) -> int:
    """The long edge of the result in pixels; one to go on with where `size` and the content give none."""
    default, size = int(Settings.model_fields["size"].default), settings.size
    if content is None:
        return size if isinstance(size, int) else default
    edge = long_edge(size, *content)
    if wrong := out_of_bounds(edge):
        hint = f"the long edge for `{size}`: the content is {content[0]} x {content[1]} pixels"
        found.problem(f"`size` {wrong}", found.mark("size"), hint)
    return max(default, min(edge, MAX_EDGE)) if wrong else edge


def long_edges(found: Findings, settings: Settings, size: int) -> list[int]:
    """The long edge of each scale, pixels; just the `size` where `pyramid` or `steps` do not fit it, which is reported."""
    edges = [size]
    try:
        edges = settings.pyramid.long_edges(size) if settings.pyramid else edges
    except ValueError as error:
        found.problem(str(error), found.mark("pyramid"))
        return edges
    try:
        shares(settings.steps, len(edges))
    except ValueError as error:
        found.problem(str(error), found.written("steps") or found.mark("pyramid"))
    return edges


def check_pictures(found: Findings, settings: Settings, sizes: Mapping[str, tuple[int, int]], edges: Sequence[int]) -> None:
    """See that the pictures have a position left in the deepest layers at the smallest scale."""
    for key, size in sizes.items():
        scale = settings.style_scale if key == "style" else 1.0
        fitted = images.fit(*size, max(1, round(edges[0] * scale)))
        if min(fitted) < images.MIN_SIDE:
            least = f"at least {images.MIN_SIDE} x {images.MIN_SIDE} are needed"
            where = " at the first scale" if len(edges) > 1 else ""
            message = f"the {key} picture would be {fitted[0]} x {fitted[1]} pixels{where}: {least}"
            larger = "a larger `pyramid.start`, or fewer `levels`" if where else "a larger `size`"
            hint = f"give it {larger}" + (" or a larger `style_scale`" if scale < 1 else "")
            cause = ("style_scale",) if scale < 1 else ("pyramid",) if where else ("size",)
            found.problem(message, found.written(*cause) or found.written("size") or found.mark(key), hint)


def output(found: Findings, settings: Settings, name: str) -> Path | None:
    """The picture's file, absolute: as the recipe says, or out/NAME.png in the working directory; None if it cannot be."""
    text, mark = settings.output.path, found.mark("output", "path")
    path = located(text, mark.folder) if text else Path.cwd() / "out" / f"{name}.png"
    try:
        images.check_output(Path(shown(path)), settings.output.quality)
    except UserError as error:
        found.problem(str(error), mark)
        return None
    if not all(map(possible, written(path))):
        found.problem(f"no file can have the name {text or shown(path)}", mark, "choose another `output`")
        return None
    path = real(path)
    if not images.holds(path, settings.output.depth):
        message = f"{path.suffix} pictures hold 8 bits a channel, not {settings.output.depth}"
        found.problem(message, found.mark("output", "depth"), "write `depth: 8`, or name a .png or .tif")
    if path.is_dir():
        found.problem(f"{shown(path)} is a folder: name a file in it", mark)
        return None
    parent = next(folder for folder in path.parents if exists(folder))
    if parent.is_dir() and os.access(parent, os.W_OK):
        return path
    what = "cannot be written to" if parent.is_dir() else "is a file, not a folder"
    found.problem(f"{shown(parent)} {what}", mark, "choose another `output`")
    return None


def check_overwriting(found: Findings, path: Path, settings: Settings, slots: dict[str, Any]) -> None:
    """Nothing that the run reads may be what it writes, and what it writes unasked stays in the picture's folder."""
    definitions = [("", settings), *((key, slots[key]) for key in SLOTS if slots[key])]
    definitions += [(f"{key}.{label}", made) for key in LABELLED for label, made in slots[key].items()]
    mark = found.mark("output", "path")
    for target in written(path):
        if real(target).parent != path.parent:
            message = f"the run would write through {shown(target)}, a link out of the output's folder, to {real(target)}"
            found.problem(message, mark, "remove it, or choose another `output`")
    for where, file in input_files(definitions).items():
        for target in written(path):
            if same_file(file, target):
                message = f"the run would write {shown(target)} over the recipe's `{where}`"
                found.problem(message, mark, "choose another `output`")


def written(path: Path) -> list[Path]:
    """What a run writes: the picture, and what lies beside it."""
    return [path, *(path.with_name(path.stem + suffix) for suffix in SIDECARS)]
