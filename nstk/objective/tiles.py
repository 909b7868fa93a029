"""How a picture is cut into tiles whose statistics, summed, are those of the whole.

A tile owns a rectangle of pixels, and in each layer the positions above that rectangle. The network sees a margin around the
rectangle, as wide as the deepest layer looks, so that the activations are those of the whole picture. Rectangles begin at
multiples of the largest stride, where every pooling of the whole picture begins a window too, and of the strides that losses
ask for. At the picture's true border there is no margin: there the network pads as it pads the whole picture.

The higher a layer, the less of the margin it needs. A network that can (`Backbone.taps`) cuts the margin after each pooling.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ..api import IMAGE, Backbone, Layer, Loss, StatisticLoss
from ..errors import UserError


class Span(NamedTuple):
    """A tile along one axis, in pixels."""

    at: int
    """The first pixel of the picture that the network sees."""
    length: int
    """How many pixels the network sees."""
    before: int
    """How many of the pixels that the network sees are margin at the beginning."""
    size: int
    """How many pixels the tile owns."""

    @property
    def seen(self) -> slice:
        """The part of the picture that the network sees."""
        return slice(self.at, self.at + self.length)

    @property
    def after(self) -> int:
        """How many of the pixels that the network sees are margin at the end; 0 where the picture ends."""
        return self.length - self.before - self.size

    def owned(self, reach: Reach, halo: int) -> slice:
        """The tile's positions in a layer, and `halo` more, which are the first positions of the next tile."""
        first = min(self.before, reach.margin) // reach.stride
        return slice(first, first + self.size // reach.stride + halo if self.after else None)

    def trimmed(self, reach: Reach, before: Reach) -> slice:
        """The part of a layer that is kept where the layer still has the margin of the layer `before`."""
        kept = min(self.before, reach.margin)
        first = (min(self.before, before.margin) - kept) // reach.stride
        return slice(first, first + (kept + self.size + reach.margin) // reach.stride if self.after > reach.margin else None)


class Reach(NamedTuple):
    """How far a layer of a network reaches around a tile, in pixels."""

    stride: int
    margin: int
    """How wide a margin is left around what the tile owns, in pixels."""


class Tile(NamedTuple):
    """A rectangle of a picture."""

    rows: Span
    columns: Span

    @property
    def first(self) -> tuple[int, int]:
        """The row and the column of the picture at which begins what the tile owns."""
        return self.rows.at + self.rows.before, self.columns.at + self.columns.before

    @property
    def shape(self) -> Tile:
        """The tile as if it began at 0: tiles of one shape are computed by the same graph."""
        return Tile(self.rows._replace(at=0), self.columns._replace(at=0))


@dataclass(frozen=True)
class Tiling:
    """How to cut pictures of any size for the losses of one objective."""

    edge: int
    """About how long the sides of the rectangles are that tiles own, in pixels."""
    stride: int
    """Rectangles begin at multiples of the stride, and margins are multiples of it, in pixels."""
    least: int
    """How many rows and columns a tile owns at least: one position of each layer, one square of each loss, and as many
    positions as tiles share."""
    layers: Mapping[str, Reach]
    """The reach of each layer, in the network's order, with `"image"` first."""
    taps: bool

    @classmethod
    def of(cls, backbone: Backbone, losses: Mapping[str, Loss], edge: int) -> Tiling:
        """The tiling for tiles of about this edge. Raises `UserError` for a loss or a network that cannot be split."""
        if reason := unsplittable(backbone, losses):
            raise UserError(reason)
        halos: dict[str, int] = {}
        strides: list[int] = []
        for loss in losses.values():
            if isinstance(loss, StatisticLoss):
                halos |= {name: max(loss.halo, halos.get(name, 0)) for name in loss.reads()}
                strides.append(loss.stride)
        layers = [Layer(IMAGE, 3, 1, 1), *backbone.layers]
        layers = layers[: 1 + max(index for index, layer in enumerate(layers) if layer.name in halos)]
        stride = math.lcm(*(layer.stride for layer in layers), *strides)
        reaches: dict[str, Reach] = {}
        margin = 0
        for index, layer in enumerate(layers):
            if index == 0 or (backbone.taps and layer.stride > layers[index - 1].stride):
                above = [it for it in layers[index:] if it.name in halos]
                margin = _rounded_up(max(_looks(it) + halos[it.name] * it.stride for it in above) - _looks(layer), stride)
            reaches[layer.name] = Reach(layer.stride, margin)
        least = max(*(max(1, halo) * reaches[name].stride for name, halo in halos.items()), *strides)
        return cls(edge, stride, least, reaches, backbone.taps)

    @property
    def margin(self) -> int:
        """How many pixels more than a tile the network sees on each side."""
        return self.layers[IMAGE].margin

    def tiles(self, height: int, width: int) -> list[Tile]:
        """The tiles of a picture, row by row."""
        return [Tile(rows, columns) for rows in self._spans(height) for columns in self._spans(width)]

    def _spans(self, length: int) -> Iterator[Span]:
        """The spans that cover a length. All have the same size but the last."""
        size = _rounded_up(-(-length // -(-length // self.edge)), self.stride)
        starts = [*range(0, length, size)]
        if len(starts) > 1 and length - starts[-1] < self.least:
            starts.pop()
        for start, end in zip(starts, [*starts[1:], length], strict=True):
            first, beyond = max(0, start - self.margin), min(length, end + self.margin)
            yield Span(first, beyond - first, start - first, end - start)


def unsplittable(backbone: Backbone, losses: Mapping[str, Loss]) -> str:
    """Why pictures cannot be evaluated in tiles, with the name of the first loss or of the network; empty if they can."""
    for label, loss in losses.items():
        if not isinstance(loss, StatisticLoss):
            return f"loss `{label}` cannot be split into tiles: it is no sum over positions (`nstk.StatisticLoss`)"
    return "" if backbone.local else f"backbone `{backbone.name}` cannot be split into tiles: it sees the picture as a whole"


def _looks(layer: Layer) -> int:
    """How many pixels an activation sees beyond its own ones, to each side."""
    return -(-(layer.receptive_field - layer.stride) // 2)


def _rounded_up(length: int, stride: int) -> int:
    return stride * -(-length // stride)
