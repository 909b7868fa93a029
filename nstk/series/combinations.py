"""Which values of the axes come together in a picture, and what each picture is called."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import UserError
from .axes import Axis, Value

MOST = 10_000
"""How many pictures a series may have."""

SHEET = "sheet"
"""The name of the sheet that shows them all."""

LONGEST = 150
"""How many characters a picture's name may have: file systems take 255 bytes, and files beside it have longer names."""


@dataclass(frozen=True)
class Combination:
    """A value for each key, and the name of the picture."""

    name: str
    values: tuple[tuple[str, Value], ...]
    """Each key with its value, in the order of the axes."""

    @property
    def overrides(self) -> list[str]:
        return [f"{key}={value.text}" for key, value in self.values]


def combined(axes: Sequence[Axis], *, zipped: bool = False, sample: int | None = None, seed: int = 0) -> list[Combination]:
    """Every value of each axis with every value of the others, the last axis fastest.

    With `zipped`, the first values of all axes come together, then the second ones. With `sample`, so many of all combinations,
    drawn at random from the `seed`, in their order. Raises `UserError`, also where two pictures would have one name.
    """
    if not axes:
        raise UserError("nothing varies: add `--vary KEY=VALUE,VALUE`, such as --vary losses.content.weight=1,2,4")
    keys = [it.key for it in axes]
    for key in keys:
        if keys.count(key) > 1:
            raise UserError(f"`{key}` varies twice: write all its values after one `{key}=`")
    made = _zipped(axes) if zipped else _drawn(axes, sample, seed)
    short = _short(keys)
    named = [
        Combination(
            "_".join(
                it.name if axis.of_pictures else f"{short[axis.key]}-{it.name}" for axis, it in zip(axes, values, strict=True)
            ),
            tuple(zip(keys, values, strict=True)),
        )
        for values in made
    ]
    _check(named)
    return named


def _zipped(axes: Sequence[Axis]) -> list[tuple[Value, ...]]:
    counts = {it.key: len(it.values) for it in axes}
    if len({*counts.values()}) > 1:
        said = ", ".join(f"`{key}` has {count}" for key, count in counts.items())
        raise UserError(f"`--zip` takes as many values of each key, but {said}")
    return [*zip(*(it.values for it in axes), strict=True)]


def _drawn(axes: Sequence[Axis], sample: int | None, seed: int) -> list[tuple[Value, ...]]:
    sizes = [len(it.values) for it in axes]
    count = math.prod(sizes)
    if min(count, sample or count) > MOST:
        raise UserError(f"{count} pictures are more than a series may have ({MOST}): leave values out, or take `--sample 100`")
    if sample is None or sample >= count:
        return [*itertools.product(*(it.values for it in axes))]
    return [_at(axes, sizes, index) for index in sorted(random.Random(seed).sample(range(count), sample))]


def _at(axes: Sequence[Axis], sizes: Sequence[int], index: int) -> tuple[Value, ...]:
    """One of all combinations, by its number."""
    places = []
    for size in reversed(sizes):
        index, place = divmod(index, size)
        places.append(place)
    return tuple(axis.values[place] for axis, place in zip(axes, reversed(places), strict=True))


def _short(keys: Sequence[str]) -> dict[str, str]:
    """The end of each dotted key that no other key has: `weight` for `losses.gram.weight`, `gram.weight` beside `tv.weight`."""
    made = {}
    for key in keys:
        parts = key.split(".")
        ends = (".".join(parts[-count:]) for count in range(1, len(parts) + 1))
        made[key] = next(end for end in ends if end == key or not any(f".{it}".endswith(f".{end}") for it in keys if it != key))
    return made


def _check(named: Sequence[Combination]) -> None:
    """Raise `UserError` where two pictures have one name, also on a file system that does not tell letters by their case."""
    seen: dict[str, Combination] = {}
    for it in named:
        if it.name.casefold() == SHEET:
            raise UserError(f"no picture of a series can be called `{it.name}`, for the sheet is: rename the file")
        other = seen.setdefault(it.name.casefold(), it)
        if other is not it:
            both = " and ".join(", ".join(f"{key}={value.text}" for key, value in one.values) for one in (other, it))
            raise UserError(f"two pictures would be called `{it.name}`: {both}; rename a file, or leave one of them out")
        if len(it.name) > LONGEST:
            raise UserError(
                f"the picture's name `{it.name[:60]}...` would be longer than {LONGEST} characters: vary fewer keys"
            )
