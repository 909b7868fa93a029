"""How much memory a scale takes, and whether it is painted whole or in tiles: a model of the network.

Activations are counted from the backbone's table of layers. What a step holds at its peak is a multiple of them, measured for
VGG-19 on a processor; the picture's copies and the optimizer's state are counted one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..api import Backbone, Loss, Optimizer, Scale
from ..objective.tiles import Tiling, unsplittable
from ..recipe.model import Recipe

PICTURE = 3 * 4
"""Bytes a pixel of a picture in float32."""


COPIES = 3
"""Pictures that a step holds beside those of the optimizer: the picture, the last good one, the gradient."""


PASSING = 2
"""Pictures that an optimizer makes and drops between two evaluations, when no activations are held: TensorFlow has the same
memory for both, and keeps what the larger one took."""


BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}


WHOLE, TILE = 2.1, 1.6
"""What a step on the whole, and a pass over a tile, hold at their peak, in units of the activations at all layers: gradients
and products come on top. A tile's pass lets go of what it needs no more, layer by layer."""


HELD = {"float32": 1_000_000_000, "bfloat16": 500_000_000, "float16": 500_000_000}
"""What a run holds whatever the picture's size, beside what the process holds before: graphs, kernels, and in float32 their
transforms (VGG-19's)."""


LEAST = 64
"""The smallest tiles that are tried where memory runs out, pixels."""


EDGES = range(128, 2049, 16)
"""Tiles that are chosen: smaller ones are nearly all margin, larger ones save nothing."""


GOOD = 512
"""Tiles that are worth a part of the optimizer's state: a step in them takes about twice as long as on the whole."""


@dataclass(frozen=True)
class Layout:
    """How a scale is painted: as a whole or in tiles, and in how much memory."""

    edge: int | None
    """The edge of a tile, pixels; None for the whole picture."""
    optimizer: Optimizer
    """The recipe's, or what it becomes where memory is short."""
    needs: int
    """Bytes beside what the process holds before."""
    room: int
    """Bytes that it may take."""

    @property
    def fits(self) -> bool:
        return self.needs <= self.room

    def halved(self, scale: Scale) -> Layout | None:
        """This layout in tiles of half the size; None where they would be smaller than the smallest that are tried."""
        edge = (self.edge or max(scale.width, scale.height)) // 2
        return replace(self, edge=edge) if edge >= LEAST else None


class Footprint:
    """The memory of one recipe's steps, in bytes."""

    def __init__(self, recipe: Recipe, dtype: str):
        self.backbone, self.optimizer = recipe.backbone, recipe.optimizer
        self.losses = recipe.active_losses
        self.activations = _activations(self.backbone, self.losses) * BYTES[dtype]
        """Bytes a pixel of all layers up to the deepest that is read."""
        self.copies, self.held = COPIES + (recipe.average > 0), HELD[dtype]

    def state(self, scale: Scale, optimizer: Optimizer) -> int:
        """What is as large as the picture, however it is evaluated."""
        return scale.width * scale.height * PICTURE * (self.copies + optimizer.pictures(scale.steps))

    def whole(self, scale: Scale) -> int:
        """A step on the whole picture."""
        return self._in_all(scale, self.optimizer, round(scale.width * scale.height * WHOLE * self.activations))

    def tiled(self, scale: Scale, edge: int, optimizer: Optimizer) -> int:
        """A step in tiles."""
        return self._in_all(scale, optimizer, self._pass_over(edge, scale))

    def _in_all(self, scale: Scale, optimizer: Optimizer, evaluation: int) -> int:
        return self.held + self.state(scale, optimizer) + self._passing(scale, evaluation)

    def _passing(self, scale: Scale, evaluation: int) -> int:
        """What is held for a while: activations, or pictures in between."""
        return max(evaluation, PASSING * scale.width * scale.height * PICTURE)

    def layout(self, scale: Scale, tiles: str | int, room: int) -> Layout:
        """How to paint a scale with so many bytes: as `tiles` (`auto`, `off` or an edge) says."""
        whole = Layout(None, self.optimizer, self.whole(scale), room)
        longest = max(scale.width, scale.height)
        if isinstance(tiles, int):
            return Layout(tiles, self.optimizer, self.tiled(scale, tiles, self.optimizer), room) if tiles < longest else whole
        if tiles == "off" or whole.fits or unsplittable(self.backbone, self.losses):
            return whole
        return self._in_tiles(scale, room)

    def _in_tiles(self, scale: Scale, room: int) -> Layout:
        """The largest tiles that fit, once the optimizer's state has left room for good ones."""
        left = room - self.held - self._passing(scale, self._pass_over(GOOD, scale))
        pictures = left // (scale.width * scale.height * PICTURE) - self.copies
        optimizer = self.optimizer.within(max(0, pictures))
        edges = [edge for edge in EDGES if edge < max(scale.width, scale.height)]
        layouts = [Layout(edge, optimizer, self.tiled(scale, edge, optimizer), room) for edge in edges or EDGES[:1]]
        return next((layout for layout in reversed(layouts) if layout.fits), layouts[0])

    def _pass_over(self, edge: int, scale: Scale) -> int:
        """The largest of the tiles."""
        tiles = Tiling.of(self.backbone, self.losses, edge).tiles(scale.height, scale.width)
        return round(max(tile.rows.length * tile.columns.length for tile in tiles) * TILE * self.activations)


def _activations(backbone: Backbone, losses: Mapping[str, Loss]) -> float:
    """Numbers a pixel of all layers up to the deepest that is read."""
    read = {name for loss in losses.values() for name in loss.reads()}
    deepest = max((index for index, layer in enumerate(backbone.layers) if layer.name in read), default=-1)
    return sum(layer.channels / layer.stride**2 for layer in backbone.layers[: deepest + 1])
