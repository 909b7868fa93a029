"""How a recipe will be painted on this machine: its scales, the number type, and how each scale fits into the memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..api import Scale
from ..machine import device, memory
from ..machine.precision import FLOAT32, Choice, choose
from ..objective.features import takes_precision
from ..recipe import scales
from ..recipe.model import Recipe
from .footprint import Footprint, Layout


@dataclass(frozen=True)
class Plan:
    """What is decided before the first step. To make a plan takes no picture, no network and no memory."""

    scales: Sequence[Scale]
    layouts: list[Layout]
    """How each scale is painted, whole or in tiles, as the recipe says and the memory that is free now allows. A resumed run
    replaces the layout of the scale at work by the one that the scale began with."""
    device: str
    """The device in words."""
    choice: Choice
    """The number type of the features, and why."""
    jit: bool
    """Whether XLA compiles the step."""
    footprint: Footprint
    ground: int
    """How many bytes the process held before it painted anything."""

    @classmethod
    def of(cls, recipe: Recipe, ground: int | None = None) -> Plan:
        """The plan for a recipe. Where `ground` is not given, it is what the process holds now."""
        ground = memory.resident() if ground is None else ground
        planned = scales.plan(*recipe.shape, recipe.size, recipe.steps, recipe.pyramid)
        choice = _choice(recipe)
        footprint, room = Footprint(recipe, choice.dtype), device.room(recipe.memory, ground)
        layouts: list[Layout] = []
        for it in reversed(planned):  # a scale has to leave room for the graphs of those after it
            finer = layouts[0].graphs if layouts else 0
            layouts.insert(0, Footprint(recipe.at(it.index), choice.dtype).layout(it, recipe.tiles, room, finer))
        jit = (device.has_gpu() if recipe.jit == "auto" else recipe.jit) and not any(recipe.regions())
        return cls(planned, layouts, device.name(), choice, jit, footprint, ground)

    @classmethod
    def for_picture(cls, recipe: Recipe, width: int, height: int) -> Plan:
        """The plan to evaluate a picture of this size once, in float32."""
        scale, ground = Scale(0, width, height, 1), memory.resident()
        footprint = Footprint(recipe, FLOAT32)
        layout = footprint.layout(scale, recipe.tiles, device.room(recipe.memory, ground))
        return cls([scale], [layout], device.name(), Choice(FLOAT32, "losses are judged in it"), False, footprint, ground)

    def changed(self, before: Recipe, now: Recipe) -> Plan:
        """The plan for a recipe whose weights or optimizer have other values now. Tiles stay what they are."""
        layouts = [
            replace(
                layout.as_before(layout.edge, layout.changed(before.optimizer), now.optimizer),
                octaves=Footprint(now.at(scale.index), self.choice.dtype).octaves(scale),
            )
            for scale, layout in zip(self.scales, self.layouts, strict=True)
        ]
        return replace(self, layouts=layouts)

    def in_pieces(self, scale: Scale) -> int:
        """How many bytes of pictures and activations this scale and those after it take that are painted in tiles."""
        tiled = [layout for layout in self.layouts[scale.index :] if layout.edge and layout.fits]
        return max((layout.needs - self.footprint.held - layout.graphs for layout in tiled), default=0)

    @property
    def precision(self) -> str:
        """The number type in words."""
        return device.products(self.choice.dtype)

    @property
    def most(self) -> Layout:
        """The layout of the scale that takes the most memory."""
        return max(self.layouts, key=lambda layout: layout.needs)

    @property
    def outlook(self) -> str:
        """How much memory the run will hold, and whether it paints in tiles, in words."""
        tiles = f", in tiles of {self.most.edge} pixels" if self.most.edge else ""
        return f"about {memory.in_words(self.ground + self.most.needs)}{tiles}"


def _choice(recipe: Recipe) -> Choice:
    """The number type of the features."""
    choice = choose(recipe.precision, device.machine())
    if takes_precision(recipe.backbone):
        return choice
    return Choice(FLOAT32, f"the backbone `{recipe.backbone.name}` knows no other")
