"""What differs between two pictures: in their recipes, inputs, versions and steps, as their files say, and in their pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..files import shown
from ..pictures import read_picture
from .made import Made
from .provenance import flat

ABSENT = "not there"


class Difference(NamedTuple):
    """A thing that is one way in one picture and another way in the other."""

    what: str
    one: Any
    other: Any

    def __str__(self) -> str:
        return f"{self.what}: {self.one} -> {self.other}"


def differences(one: Path, other: Path) -> dict[str, list[Difference]]:
    """What differs, by `recipe`, `inputs`, `code`, `versions`, `steps` and `pixels`. Raises `UserError` as `Made.of` does."""
    made = [Made.of(path) for path in (one, other)]
    sides: dict[str, list[dict[str, Any]]] = {
        "recipe": [_settings(it, shown(path)) for it, path in zip(made, (one, other), strict=True)],
        "inputs": [{where: f"{file.path} ({file.sha256[:16]})" for where, file in it.inputs.items()} for it in made],
        "code": [{it.where: f"{it.use} ({(it.sha256 or 'given in Python')[:16]})" for it in each.plugins} for each in made],
        "versions": [{**it.versions, "device": it.device, "precision": it.precision} for it in made],
        "steps": [{f"{stage.width} x {stage.height}": stage.done for stage in it.scales} for it in made],
    }
    same_inputs = {
        where for where, it in made[0].inputs.items() if where in made[1].inputs and it.sha256 == made[1].inputs[where].sha256
    }
    for side in sides["inputs"]:  # the same file in another place makes no other picture
        for where in same_inputs:
            del side[where]
    return {key: [*_differing(*both)] for key, both in sides.items()} | {"pixels": [*_pixels(one, other)]}


def _settings(made: Made, name: str) -> dict[str, Any]:
    """The recipe's values by dotted keys, without the files that it names and without what does not change a picture."""
    files = {it.path for it in made.inputs.values()}
    told = {key: value for key, value in flat(made.plain(name)) if key.partition(".")[0] not in ("output", "plugins")}
    return {key: value for key, value in told.items() if not isinstance(value, str) or value not in files}


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Difference]:
    for what in [*one, *(key for key in other if key not in one)]:
        if one.get(what, ABSENT) != other.get(what, ABSENT):
            yield Difference(what, one.get(what, ABSENT), other.get(what, ABSENT))


def _pixels(one: Path, other: Path) -> Iterator[Difference]:
    """How far the pixels are apart, in levels of 0..255; or the two sizes, where they differ."""
    import numpy as np

    pictures = [read_picture(path) for path in (one, other)]
    sizes = [f"{it.shape[1]} x {it.shape[0]}" for it in pictures]
    if sizes[0] != sizes[1]:
        yield Difference("size", *sizes)
        return
    apart = np.abs(pictures[0] - pictures[1])
    if apart.any():
        share = 100 * float((apart.max(axis=2) > 0).mean())
        told = f"{apart.mean():.2f} levels apart on average, {apart.max():.0f} at most, in {share:.3g} % of the pixels"
        yield Difference("levels of 0..255", shown(one), f"{shown(other)} ({told})")
