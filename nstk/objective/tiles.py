"""How a picture is cut into tiles whose statistics, summed, are those of the whole.

A tile owns a rectangle of pixels, and of each layer the positions above it. So that these are what they are in the whole
picture, the network sees a margin around them, as wide as the deepest layer looks. Rectangles begin at multiples of the
largest stride, where every pooling of the whole begins a window too. At the picture's true border there is no margin: there
the network pads as it pads the whole.

The layers above need less and less of the margin, so a network that can (`Backbone.taps`) cuts it down after each pooling.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ..api import IMAGE, Backbone, Layer, Loss, StatisticLoss
from ..errors import UserError


class Span(NamedTuple):
    """A tile along one axis, pixels."""

    at: int
    """The first pixel of the picture that the network sees."""
    length: int
    """How much the network sees."""
    before: int
    """How much of it, at the beginning, is margin."""
    size: int
    """How much the tile owns."""

    @property
    def seen(self) -> slice:
        """What the network sees, in the picture."""
        return slice(self.at, self.at + self.length)

    @property
    def after(self) -> int:
        """How much of what the network sees, at the end, is margin; 0 where the picture ends."""
        return self.length - self.before - self.size

    def owned(self, reach: Reach, halo: int) -> slice:
        """The tile's positions in a layer, and `halo` more, which are the next tile's first."""
        first = min(self.before, reach.margin) // reach.stride
        return slice(first, first + self.size // reach.stride + halo if self.after else None)

    def trimmed(self, reach: Reach, before: Reach) -> slice:
        """What is left of a layer whose margin was that of the layer `before` it."""
        kept = min(self.before, reach.margin)
        first = (min(self.before, before.margin) - kept) // reach.stride
        return slice(first, first + (kept + self.size + reach.margin) // reach.stride if self.after > reach.margin else None)


class Reach(NamedTuple):
    """A layer of a network that sees a tile."""

    stride: int
    margin: int
    """How much margin is left around what the tile owns, pixels."""


class Tile(NamedTuple):
    """A rectangle of a picture."""

    rows: Span
    columns: Span

    @property
    def shape(self) -> Tile:
        """The tile as if it began at 0: tiles of one shape are computed by the same graph."""
        return Tile(self.rows._replace(at=0), self.columns._replace(at=0))


@dataclass(frozen=True)
class Tiling:
    """How to cut pictures of any size for the losses of one objective."""

    edge: int
    """About how long the rectangles are that tiles own, pixels."""
    stride: int
    """Rectangles begin at its multiples, and margins are multiples of it."""
    least: int
    """A tile owns at least so many rows and columns: a position of each layer, or as many as tiles share."""
    layers: Mapping[str, Reach]
    """What the layers need, in the network's order, `"image"` first."""
    taps: bool

    @classmethod
    def of(cls, backbone: Backbone, losses: Mapping[str, Loss], edge: int) -> Tiling:
        """Raises `UserError` for a loss or a network that cannot be split."""
        if reason := unsplittable(backbone, losses):
            raise UserError(reason)
        halos: dict[str, int] = {}
        for loss in losses.values():
            if isinstance(loss, StatisticLoss):
                halos |= {name: max(loss.halo, halos.get(name, 0)) for name in loss.reads()}
        layers = [Layer(IMAGE, 3, 1, 1), *backbone.layers]
        layers = layers[: 1 + max(index for index, layer in enumerate(layers) if layer.name in halos)]
        stride = math.lcm(*(layer.stride for layer in layers))
        reaches: dict[str, Reach] = {}
        margin = 0
        for index, layer in enumerate(layers):
            if index == 0 or (backbone.taps and layer.stride > layers[index - 1].stride):
                above = [it for it in layers[index:] if it.name in halos]
                margin = _rounded_up(max(_looks(it) + halos[it.name] * it.stride for it in above) - _looks(layer), stride)
            reaches[layer.name] = Reach(layer.stride, margin)
        least = max(max(1, halo) * reaches[name].stride for name, halo in halos.items())
        return cls(edge, stride, least, reaches, backbone.taps)

    @property
    def margin(self) -> int:
        """How much more than a tile the network sees on each side, pixels."""
        return self.layers[IMAGE].margin

    def tiles(self, height: int, width: int) -> list[Tile]:
        """The tiles of a picture, row by row."""
        return [Tile(rows, columns) for rows in self._spans(height) for columns in self._spans(width)]

    def _spans(self, length: int) -> Iterator[Span]:
        """Spans of equal size, but for the last."""
        size = _rounded_up(-(-length // -(-length // self.edge)), self.stride)
        starts = [*range(0, length, size)]
        if len(starts) > 1 and length - starts[-1] < self.least:
            starts.pop()
        for start, end in zip(starts, [*starts[1:], length], strict=True):
            first, beyond = max(0, start - self.margin), min(length, end + self.margin)
            yield Span(first, beyond - first, start - first, end - start)


def unsplittable(backbone: Backbone, losses: Mapping[str, Loss]) -> str:
    """Why pictures cannot be evaluated in tiles, naming the first loss or the network; empty if they can."""
    for label, loss in losses.items():
        if not isinstance(loss, StatisticLoss):
            return f"loss `{label}` cannot be split into tiles: it is no sum over positions (`nstk.StatisticLoss`)"
    return "" if backbone.local else f"backbone `{backbone.name}` cannot be split into tiles: it sees the picture as a whole"


def _looks(layer: Layer) -> int:
    """How far an activation sees beyond the pixels that are its own, to each side."""
    return -(-(layer.receptive_field - layer.stride) // 2)


def _rounded_up(length: int, stride: int) -> int:
    return stride * -(-length // stride)
