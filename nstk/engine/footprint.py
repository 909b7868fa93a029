"""How much memory a scale takes, and whether it is painted whole or in tiles: a model of the network.

Activations are counted from the backbone's table of layers. What a step holds at its peak is a multiple of the activations; the
factor was measured for VGG-19 on a processor. The picture's copies and the optimizer's state are counted one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..api import IMAGE, Backbone, Loss, Optimizer, Scale, StatisticLoss
from ..objective.octaves import Octave
from ..objective.tiles import Tile, Tiling, unsplittable
from ..recipe.model import Recipe
from ..recipe.validate import made_of
from .inputs import octaves_of

PICTURE = 3 * 4
"""How many bytes a pixel of a picture takes in float32."""


COPIES = 3
"""How many pictures a step holds beside those of the optimizer: the picture, the last good one and the gradient."""


PASSING = 2
"""How many pictures an optimizer makes and drops between two evaluations, when no activations are held. TensorFlow uses one
piece of memory for these pictures and for the activations, and keeps as much as the larger of the two took."""


BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}


WHOLE = {"float32": 2.1, "bfloat16": 2.45, "float16": 2.1}
"""How much a step on the whole picture holds at its peak, in units of the activations at all layers. Gradients and products
come on top of the activations."""


TILE = 1.6
"""The same for a pass over a tile, which drops, layer by layer, what it needs no more."""


HELD = {"float32": 750_000_000, "bfloat16": 700_000_000, "float16": 500_000_000}
"""How many bytes a run with VGG-19 adds to what the process held before, whatever the picture's size: graphs, kernels and, on a
processor, the kernels' transforms."""


GRAPHS = 63_000_000
"""How many bytes the graphs add by which tiles of one shape are computed. Tiles in the middle of a picture have another shape
than those at its edges and in its corners."""


LEAST = 64
"""The edge in pixels of the smallest tiles that are tried where memory runs out."""


EDGES = range(128, 2049, 16)
"""The edges in pixels from which tiles are chosen. Smaller tiles are nearly all margin, and larger ones save nothing."""


CLASSES = 4 + 1 + 1
"""How many bytes a position of a map takes where a loss is limited to regions: its place in the order of the classes of equal
weights, and twice its class."""


PAINTED = 4 + PICTURE
"""How many bytes a pixel takes where only a region is painted: the region and the photograph."""


NEARLY = 1.02
"""How many times as much as the least that is possible a layout may need where no tiles fit. In very small tiles a step takes
several times as long, and where the picture's copies take most of the memory, they save hardly any."""


GOOD = 512
"""The edge in pixels of tiles that are worth giving up a part of the optimizer's state for. A step in tiles of this size takes
about twice as long as a step on the whole picture."""


@dataclass(frozen=True)
class Layout:
    """How a scale is painted: as a whole or in tiles, and in how much memory."""

    edge: int | None
    """The edge of a tile, in pixels; None for the whole picture."""
    optimizer: Optimizer
    """The recipe's optimizer, with a smaller state where memory is short."""
    needs: int
    """How many bytes the scale adds to what the process held before."""
    room: int
    """How many bytes the scale may take."""
    octaves: tuple[Octave, ...]
    """The octaves at which the losses are computed, the finest first."""
    graphs: int = 0
    """How many of these bytes are graphs of tiles, of this scale or of a finer one."""

    @property
    def fits(self) -> bool:
        return self.needs <= self.room

    @property
    def split(self) -> dict[str, Loss]:
        """The losses that are computed in tiles, by label."""
        return {label: loss for octave in self.octaves if self.edge_at(octave) for label, loss in octave.losses.items()}

    def edge_at(self, octave: Octave) -> int | None:
        """The edge of a tile at one octave; None for the whole octave, which is one that is no larger than a tile."""
        return self.edge if octave is self.octaves[0] or octave.longest > (self.edge or octave.longest) else None

    def changed(self, optimizer: Optimizer) -> dict[str, Any]:
        """The keys of the recipe's optimizer whose values are others here, because memory is short."""
        keys = {key for key in type(optimizer).model_fields if getattr(self.optimizer, key) != getattr(optimizer, key)}
        return self.optimizer.model_dump(mode="json", include=keys)

    def as_before(self, edge: int | None, changed: Mapping[str, Any], optimizer: Optimizer) -> Layout:
        """This layout as it was at an earlier time: in tiles of this edge, and with these keys of the recipe's optimizer.

        Keys that the optimizer does not have are left out: the recipe may name another one now.
        """
        known = {key: value for key, value in changed.items() if key in type(optimizer).model_fields}
        made = made_of(type(optimizer), {**optimizer.model_dump(), **known}) if known else optimizer
        return replace(self, edge=edge, optimizer=made)

    def halved(self) -> Layout | None:
        """This layout in tiles of half the size; None where they would be smaller than the smallest that are tried."""
        edge = (self.edge or self.octaves[0].longest) // 2
        return replace(self, edge=edge) if edge >= LEAST else None


class Footprint:
    """The memory of one recipe's steps, in bytes."""

    def __init__(self, recipe: Recipe, dtype: str):
        self.recipe, self.backbone, self.optimizer = recipe, recipe.backbone, recipe.optimizer
        self.bytes = BYTES[dtype]
        """How many bytes an activation takes."""
        self._octaves: dict[tuple[int, int], tuple[Octave, ...]] = {}
        self.copies, self.held, self.at_once = COPIES + (recipe.average > 0), HELD[dtype], WHOLE[dtype]

    def state(self, scale: Scale, optimizer: Optimizer) -> int:
        """The bytes of all that is as large as the picture, however the picture is evaluated."""
        pictures = PICTURE * (self.copies + optimizer.pictures(scale.steps))
        return round(scale.width * scale.height * (pictures + _regions(self.recipe)))

    def octaves(self, scale: Scale) -> tuple[Octave, ...]:
        """The octaves of a scale."""
        size = scale.width, scale.height
        if size not in self._octaves:
            self._octaves[size] = octaves_of(self.recipe, *size)
        return self._octaves[size]

    def _planned(self, scale: Scale, edge: int | None, optimizer: Optimizer, room: int, finer: int) -> Layout:
        """A layout, with what it needs."""
        layout = Layout(edge, optimizer, 0, room, self.octaves(scale))
        graphs = max(finer, self._graphs(layout))
        passing = self._passing(scale, self._evaluation(layout))
        return replace(layout, needs=self.held + graphs + self.state(scale, optimizer) + passing, graphs=graphs)

    def _passing(self, scale: Scale, evaluation: int) -> int:
        """The bytes that are held for a while: those of the activations, or of the pictures between two evaluations."""
        return max(evaluation, PASSING * scale.width * scale.height * PICTURE)

    def layout(self, scale: Scale, tiles: str | int, room: int, finer: int = 0) -> Layout:
        """How to paint a scale in `room` bytes, as the recipe's `tiles` (`auto`, `off` or an edge) says.

        `finer` is how many bytes the graphs of the scales after it take. TensorFlow does not give back what a scale has taken
        for pictures and activations, so these graphs come on top of it.
        """
        octaves = self.octaves(scale)
        whole = self._planned(scale, None, self.optimizer, room, finer)
        if isinstance(tiles, int):
            return self._planned(scale, tiles, self.optimizer, room, finer) if tiles < octaves[0].longest else whole
        if tiles == "off" or whole.fits or unsplittable(self.backbone, octaves[0].losses):
            return whole
        return self._in_tiles(scale, room, finer)

    def _in_tiles(self, scale: Scale, room: int, finer: int) -> Layout:
        """The layout in the largest tiles that fit; where none do, in the largest that need hardly more than the smallest.

        The optimizer's state is cut first, so that tiles of `GOOD` pixels fit.
        """
        octaves = self.octaves(scale)
        least = max((it.longest for it in octaves if unsplittable(self.backbone, it.losses)), default=EDGES[0])
        good = self._planned(scale, max(GOOD, least), self.optimizer, room, finer)
        left = room - good.needs + self.state(scale, self.optimizer)
        pictures = left // (scale.width * scale.height * PICTURE) - self.copies
        optimizer = self.optimizer.within(max(0, pictures))
        edges = [edge for edge in EDGES if least <= edge < octaves[0].longest] or [least]
        layouts = [self._planned(scale, edge, optimizer, room, finer) for edge in reversed(edges)]
        most = room if any(it.fits for it in layouts) else round(NEARLY * min(it.needs for it in layouts))
        return next(layout for layout in layouts if layout.needs <= most)

    def _evaluation(self, layout: Layout) -> int:
        """The bytes of an evaluation: those of the octave that takes the most, for one is done after the other."""
        return max(self._at_octave(octave, layout.edge_at(octave)) for octave in layout.octaves)

    def _at_octave(self, octave: Octave, edge: int | None) -> int:
        """The bytes of an evaluation at one octave: of all of it, or of a pass over the largest of its tiles."""
        activations = _activations(self.backbone, octave.losses) * self.bytes
        if edge is None:
            return round(octave.width * octave.height * self.at_once * activations)
        return round(max(tile.rows.length * tile.columns.length for tile in self._tiles(octave, edge)) * TILE * activations)

    def _graphs(self, layout: Layout) -> int:
        """The bytes of the graphs by which tiles are computed."""
        edges = [(octave, layout.edge_at(octave)) for octave in layout.octaves]
        return GRAPHS * sum(len({tile.shape for tile in self._tiles(octave, edge)}) for octave, edge in edges if edge)

    def _tiles(self, octave: Octave, edge: int) -> list[Tile]:
        return Tiling.of(self.backbone, octave.losses, edge).tiles(octave.height, octave.width)


def _regions(recipe: Recipe) -> float:
    """How many bytes a pixel takes for what losses have to know of regions."""
    painted = recipe.paint is not None or recipe.faces == "keep"
    parted = painted or any(it.where for it in recipe.paintings.values())
    strides = {IMAGE: 1, **{layer.name: layer.stride for layer in recipe.backbone.layers}}
    maps = 0.0
    for loss in recipe.active_losses.values():
        if isinstance(loss, StatisticLoss) and loss.pointwise and (loss.where or (parted and loss.sees_style)):
            maps += sum(1 / stride**2 for stride in {strides[layer] for layer in loss.reads()})
    return CLASSES * maps + PAINTED * painted


def _activations(backbone: Backbone, losses: Mapping[str, Loss]) -> float:
    """How many numbers a pixel has in all layers up to the deepest that is read."""
    read = {name for loss in losses.values() for name in loss.reads()}
    deepest = max((index for index, layer in enumerate(backbone.layers) if layer.name in read), default=-1)
    return sum(layer.channels / layer.stride**2 for layer in backbone.layers[: deepest + 1])
