"""Checks the regions of a recipe: their files, the losses that they limit, and whether anything is inside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from .. import pictures
from ..api import Loss, Pictures, Region, StatisticLoss
from ..errors import NstkError
from .checks import Findings
from .crop import cut, matching
from .model import active
from .paintings import STYLE, named
from .paths import file_fields, input_files
from .region_maps import LOOK, region_map
from .settings import Settings

ABLE = "`gram`, `moments`, `wasserstein` and `sliced` can"

Size = tuple[int, int]


class Named(NamedTuple):
    """A region that a recipe names."""

    place: tuple[str, ...]
    region: Region
    picture: str
    """The picture that it is a part of: the photograph, or a painting that it is the mask of."""
    what: str
    """What the picture is, in words."""


def check_regions(found: Findings, settings: Settings, losses: Mapping[str, Loss], aspect: Size | None) -> list[str]:
    """Refuse regions that cannot be used. Returns the places of those that lie nowhere and leave enough to do all the same.

    `aspect` is the result's width and height where the recipe gives both.
    """
    _check_losses(found, settings, active(losses))
    regions = [*_regions(settings, active(losses))]
    before = len(found.mistakes)
    for it in regions:
        _check_files(found, it, aspect)
    if len(found.mistakes) > before or not settings.content:
        return []
    maps = _Maps(settings, aspect)
    empty = [it for it in regions if not _lies(found, it, maps)]
    return _absent(found, settings, active(losses), empty) if len(found.mistakes) == before else []


def unable(loss: Loss) -> str:
    """Why a loss cannot be limited to a region; empty if it can."""
    if not isinstance(loss, StatisticLoss):
        return "it is no sum over positions (`nstk.StatisticLoss`)"
    return "" if loss.pointwise else "it joins neighbouring positions"


def _check_losses(found: Findings, settings: Settings, losses: Mapping[str, Loss]) -> None:
    """Refuse regions for losses that are no sums over single positions."""
    for label, loss in losses.items():
        if not (why := unable(loss)):
            continue
        if loss.where:
            message = f"loss `{label}` cannot be limited to a region: {why}"
            found.mistake(message, found.mark("losses", label, "where"), "leave `where` out")
        for name, painting in settings.style.items() if loss.sees_style else ():
            for key in ("where", "mask"):
                if getattr(painting, key) and painting.weight:
                    place = named((STYLE, name, key))
                    message = f"`{place}`: loss `{label}` compares with whole paintings only, for {why}"
                    found.mistake(message, found.mark(STYLE, name, key), f"leave the loss out; {ABLE}")


def _regions(settings: Settings, losses: Mapping[str, Loss]) -> Iterator[Named]:
    photograph = "the photograph"
    if settings.paint:
        yield Named(("paint",), settings.paint, settings.content, photograph)
    for label, painting in settings.style.items():
        if painting.where and painting.weight:
            yield Named((STYLE, label, "where"), painting.where, settings.content, photograph)
        if painting.mask and painting.weight:
            yield Named((STYLE, label, "mask"), painting.mask, painting.picture, "the painting")
    for label, loss in losses.items():
        if loss.where:
            yield Named(("losses", label, "where"), loss.where, settings.content, photograph)


def _drawn(region: Region) -> dict[str, Path]:
    """The pictures in which a region is drawn."""
    fields = {name for name, marker in file_fields(type(region)) if marker.picture}
    return {name: path for name, path in input_files([("", region)]).items() if name.partition(".")[0] in fields}


def _check_files(found: Findings, it: Named, aspect: Size | None) -> None:
    """Refuse a picture in which a region is drawn that has not the aspect of what it is a region of."""
    if not it.picture:
        return
    whole = pictures.check_picture(it.picture)
    for path in _drawn(it.region).values():
        size = pictures.check_picture(path)
        if not pictures.fits(size, whole) and not (aspect and it.what == "the photograph" and pictures.fits(size, aspect)):
            file, of = pictures.Original.of(path).name, pictures.Original.of(it.picture).name
            other = f"{it.what} {of}" if not of.startswith("the ") else of
            message = f"`{named(it.place)}`: {file} is {size[0]} x {size[1]} pixels, and {other} is {whole[0]} x {whole[1]}"
            found.mistake(message, found.mark(*it.place), "draw the region on a copy of the picture: it has to have its aspect")


class _Maps:
    """The maps of regions in small pictures. Each picture is made small once, and each region is looked for once."""

    def __init__(self, settings: Settings, aspect: Size | None):
        self.settings, self.aspect = settings, aspect
        self._made: dict[tuple[str, str], Any] = {}

    def of(self, it: Named) -> Any:
        key = it.picture, repr((type(it.region), it.region))
        if key not in self._made:
            shown_ = self._small(it.picture, it.what == "the photograph")
            self._made[key] = region_map(it.region, shown_, max(shown_.content.shape[:2]) / self.settings.size)
        return self._made[key]

    def _small(self, path: str, photograph: bool) -> Pictures:
        original = pictures.Original.of(path)
        aspect = self.aspect if photograph else None
        part = cut(original.read(), aspect, self.settings.crop)
        size = pictures.fit(*part.size, min(LOOK, max(part.size)))
        small = pictures.resize(pictures.filled(part.colours, part.alpha), *size)
        small.setflags(write=False)
        return Pictures(small, {}, partial(matching, aspect=aspect or original.size, crop=self.settings.crop))


def _lies(found: Findings, it: Named, maps: _Maps) -> bool:
    """Whether anything is inside a region. What its plugin refuses is reported."""
    try:
        return bool(maps.of(it).max() > 0)
    except NstkError as error:
        found.mistake(f"`{named(it.place)}`: {error}", found.mark(*it.place))
        return True


def _absent(found: Findings, settings: Settings, losses: Mapping[str, Loss], empty: list[Named]) -> list[str]:
    """Refuse empty regions where somebody drew them or where nothing would be left to do. Returns the places of the others."""
    places = {it.place for it in empty}
    used = {label: painting for label, painting in settings.style.items() if painting.weight}
    nothing = bool(used) and all((STYLE, label, "where") in places for label in used)
    idle = bool(losses) and all(("losses", label, "where") in places for label in losses)
    for it in empty:
        why, hint = _why(it)
        if it.place == ("paint",):
            found.mistake(f"`paint` leaves nothing to paint: {why}", found.mark(*it.place), hint)
        elif _drawn(it.region) or it.place[2] == "mask":
            found.mistake(f"`{named(it.place)}` is empty: {why}", found.mark(*it.place), hint)
        elif nothing and it.place[0] == STYLE:
            found.mistake(f"`{named(it.place)}` leaves no place for a painting: {why}", found.mark(*it.place), hint)
        elif idle:
            found.mistake(f"`{named(it.place)}` leaves nothing for any loss to do: {why}", found.mark(*it.place), hint)
    return [f"`{named(it.place)}`: {_why(it)[0]}" for it in empty]


def _why(it: Named) -> tuple[str, str]:
    """Why a region is empty, and what to do."""
    of = f"in {pictures.Original.of(it.picture).name}"
    if files := _drawn(it.region):
        names = " and ".join(pictures.Original.of(path).name for path in files.values())
        if it.region.invert or it.region.grow < 0:
            return f"nothing is left of {names} once it is inverted or made narrower", "look at `invert` and `grow`"
        return f"{names} is black everywhere", "white is inside"
    if it.region.invert:
        return f"`{it.region.name}` is everywhere {of}, and the rest of it is nothing", "leave `invert` out"
    return f"no `{it.region.name}` was found {of}", "`nstk mask` shows what is found; a map can be drawn, too"
