"""The octaves at which losses are computed: the picture made smaller by 1, 2, 4 and so on, and what is read of it there.

No octave is made so small that a network sees nothing in it. At the coarse scales of a pyramid, what a recipe reads at such an
octave is read at the smallest one that is left. It counts there as it would have counted, so that a weight means the same at
each scale.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ..api import Loss
from ..errors import UserError
from ..pictures import MIN_SIDE

LEAST = 128
"""The least long edge of a picture that is made smaller, in pixels. Half of it is hardly more than one activation of a deep
layer sees."""

Size = tuple[int, int]
"""Width and height in pixels."""


class Octave(NamedTuple):
    """One octave of a picture that is painted."""

    divisor: int
    """By how much the picture is made smaller."""
    width: int
    height: int
    losses: Mapping[str, Loss]
    """The losses that are computed here, by label. Each reads what is to be read of this octave, and knows of no other."""

    @property
    def longest(self) -> int:
        return max(self.width, self.height)


def octaves_at(losses: Mapping[str, Loss], painted: Size, paintings: Sequence[Size], least: int = LEAST) -> tuple[Octave, ...]:
    """The octaves of a picture and of the paintings beside it, the finest first. `least` is the least long edge of one.

    Raises `UserError` for a loss whose octaves do not go with its layers.
    """
    read: dict[int, dict[str, Loss]] = {}
    for label, loss in losses.items():
        for message, _ in misfits(loss):
            raise UserError(f"loss `{label}`: {message}")
        for divisor, part in _parts(loss, painted, paintings, least).items():
            read.setdefault(divisor, {})[label] = part
    return tuple(Octave(divisor, *smaller(painted, divisor), read[divisor]) for divisor in sorted(read))


def nearest(octave: int, painted: Size, paintings: Sequence[Size], least: int = LEAST) -> int:
    """The octave that takes the place of this one: the coarsest, up to this one, in which a network sees enough."""

    def too_small(divisor: int) -> bool:
        short = min(min(smaller(size, divisor)) for size in (painted, *paintings))
        return max(smaller(painted, divisor)) < least or short < MIN_SIDE

    while octave > 1 and too_small(octave):
        octave //= 2
    return octave


def smaller(size: Size, divisor: int) -> Size:
    """The size of a picture that is made smaller. What is left over at an edge counts as a pixel."""
    return -(-size[0] // divisor), -(-size[1] // divisor)


def misfits(loss: Loss) -> Iterator[tuple[str, str]]:
    """What is wrong with a loss's octaves beside its layers: a sentence for each fault, and the word that it is about."""
    if not isinstance(loss.octaves, Mapping):
        return
    layers = getattr(loss, "layers", None)
    if not isinstance(layers, Mapping):
        yield "`octaves` names layers, but the loss has no key `layers`: write a list, such as `[1, 2]`", "octaves"
        return
    named = dict.fromkeys(layer for each in loss.octaves.values() for layer in each)
    for layer in named:
        if layer not in layers:
            yield f"`octaves` names `{layer}`, which is not among the loss's layers: {', '.join(layers)}", layer
    for layer in layers:
        if layer not in named:
            yield f"`octaves` names no octave at which `{layer}` is read", "octaves"


def _parts(loss: Loss, painted: Size, paintings: Sequence[Size], least: int) -> dict[int, Loss]:
    """What is computed of a loss, by octave."""
    if loss.octaves == (1,):
        return {1: loss}
    if not isinstance(loss.octaves, Mapping):
        counts = Counter(nearest(octave, painted, paintings, least) for octave in loss.octaves)
        return {octave: _times(loss, count) for octave, count in counts.items()}
    reads: dict[int, Counter[str]] = {}
    for octave, named in loss.octaves.items():
        if named:
            reads.setdefault(nearest(octave, painted, paintings, least), Counter()).update(named)
    weights: Mapping[str, float] = loss.layers  # type: ignore[attr-defined]  # `misfits` refuses a loss without it
    return {
        octave: _changed(loss, layers={layer: counts[layer] * weight for layer, weight in weights.items() if counts[layer]})
        for octave, counts in reads.items()
    }


def _times(loss: Loss, count: int) -> Loss:
    """The loss at one octave, as often as it is to be read there. At a scale, its weight is one number."""
    weight = loss.weight
    return _changed(loss, weight=count * weight if isinstance(weight, float) else weight)


def _changed(loss: Loss, **changes: object) -> Loss:
    """The loss at one octave, with other values of some keys, and what it computes from its keys computed anew."""
    changed = loss.model_copy(update={"octaves": (1,), **changes})
    changed.model_post_init(None)
    return changed
