"""Which loss is limited to which regions, at one scale of a run: what `where`, `mask` and `paint` of a recipe come to.

Each painting has its region, and paintings of one region are blended there. Where regions overlap, each gives way in
proportion. A painting without a region takes what the others leave; where none has a region, all of the picture. A part that
no painting takes has the losses alone that see no painting. Regions of paintings end where the picture is not painted.

The score of a loss that compares with paintings is that of a picture as large as the region, so it is weighed by the share of
the picture that the region takes. Then a pixel is moved as much as if the region were all of the picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..api import IMAGE, Backbone, Loss, Pictures, Region, StatisticLoss
from ..objective.features import batch
from ..objective.in_octaves import averaged
from ..objective.octaves import Octave
from ..objective.regions import WHITE, Limits, Regions
from ..recipe.model import Recipe
from .faces import face
from .inputs import mask_of, pictures_of, region_of


@dataclass(frozen=True)
class Group:
    """Paintings that are blended in one region."""

    labels: Sequence[str]
    weight: float
    map: np.ndarray | None
    """Height x width, 0..1; None for all of the picture."""


@dataclass(frozen=True)
class Maps:
    """The regions of a recipe at one size: soft maps, height x width, float32, 0..1."""

    groups: Sequence[Group]
    losses: Mapping[str, np.ndarray]
    """The regions of losses, by label."""
    masks: Mapping[str, np.ndarray]
    """The parts of paintings that count, by label."""
    paint: np.ndarray | None
    """The region that is painted; None for all of the picture."""

    def smaller(self, divisor: int) -> Maps:
        """The same regions at an octave."""

        def small(map_: np.ndarray) -> np.ndarray:
            made: np.ndarray = averaged(batch(map_[..., np.newaxis]), divisor).numpy()[0, ..., 0]
            return made

        if divisor == 1:
            return self
        groups = [Group(it.labels, it.weight, None if it.map is None else small(it.map)) for it in self.groups]
        losses, masks = ({label: small(it) for label, it in maps.items()} for maps in (self.losses, self.masks))
        return Maps(groups, losses, masks, None if self.paint is None else small(self.paint))


def maps_of(recipe: Recipe, made: Pictures) -> Maps:
    """The recipe's regions for the pictures of a scale."""
    known: list[tuple[Region, np.ndarray]] = []

    def drawn(region: Region) -> np.ndarray:
        for other, map_ in known:
            if other == region and type(other) is type(region):
                return map_
        known.append((region, region_of(recipe, region, made)))
        return known[-1][1]

    where = {label: drawn(it.where) for label, it in recipe.paintings.items() if it.where}
    losses = {label: drawn(loss.where) for label, loss in recipe.active_losses.items() if loss.where}
    masks = {label: mask_of(recipe, it.mask, made.styles[label]) for label, it in recipe.paintings.items() if it.mask}
    paint = drawn(recipe.paint) if recipe.paint else None
    if recipe.faces == "keep":
        paint = (1 if paint is None else paint) * (1 - drawn(face(recipe)))
    paint = None if paint is None or paint.min() == 1 else paint
    return Maps(_groups(recipe, where, paint), losses, masks, paint)


def shares_of_paintings(recipe: Recipe, width: int, height: int) -> dict[str, float]:
    """How much each painting counts, by its label: its weight times the part of the picture that it takes. They sum to 1."""
    groups = maps_of(recipe, pictures_of(recipe, width, height)).groups
    counts = {
        label: recipe.paintings[label].weight * (1.0 if group.map is None else float(group.map.mean()))
        for group in groups
        for label in group.labels
    }
    return {label: count / sum(counts.values()) for label, count in counts.items()}


def limited(octave: Octave, backbone: Backbone, maps: Maps) -> tuple[Octave, dict[str, Limits]]:
    """The limits of the losses at one octave, by label, and the octave without losses whose region lies nowhere."""
    limits: dict[str, Limits] = {}
    losses = dict(octave.losses)
    for label, loss in octave.losses.items():
        groups = _seen(loss, maps, label)
        if groups is None:
            continue
        if limit := _limits(loss, backbone, groups, maps.masks):
            limits[label] = limit
        else:
            del losses[label]
    return octave._replace(losses=losses), limits


def _groups(recipe: Recipe, where: Mapping[str, np.ndarray], paint: np.ndarray | None) -> list[Group]:
    """The paintings by their regions, which overlap nowhere."""
    regions: list[tuple[np.ndarray | None, list[str]]] = []
    for label in recipe.paintings:
        map_ = where.get(label)
        same = next((labels for other, labels in regions if other is map_), None)
        if same is None:
            regions.append((map_, [label]))
        else:
            same.append(label)
    claimed = sum((map_ for map_, _ in regions if map_ is not None), np.zeros(1, np.float32))

    def share(map_: np.ndarray | None) -> np.ndarray | None:
        if len(regions) == 1 and map_ is None:
            return paint
        free = np.maximum(1 - claimed, 0) if map_ is None else map_ / np.maximum(claimed, 1)
        return free if paint is None else free * paint

    return [Group(labels, sum(recipe.paintings[label].weight for label in labels), share(map_)) for map_, labels in regions]


def _seen(loss: Loss, maps: Maps, label: str) -> list[Group] | None:
    """The regions in which a loss counts; None for a loss that is not limited."""
    where = maps.losses.get(label)
    if not (isinstance(loss, StatisticLoss) and loss.pointwise):
        return None
    if not loss.sees_style:
        everything = [name for group in maps.groups for name in group.labels]
        return None if where is None or where.min() == 1 else [Group(everything, 1.0, where)]
    groups = [Group(it.labels, it.weight, _both(it.map, where)) for it in maps.groups]
    white = len(groups) == 1 and (groups[0].map is None or groups[0].map.min() == 1)
    return None if white and not maps.masks else groups


def _both(one: np.ndarray | None, other: np.ndarray | None) -> np.ndarray | None:
    return other if one is None else one if other is None else one * other


def _limits(loss: Loss, backbone: Backbone, groups: Sequence[Group], masks: Mapping[str, np.ndarray]) -> Limits | None:
    """The limits of one loss; None where its regions are empty."""
    strides = {IMAGE: 1, **{layer.name: layer.stride for layer in backbone.layers}}
    strides = {layer: strides[layer] for layer in loss.reads()}
    seen = _regions_of(masks, strides) if loss.sees_style else {}
    whole = next((group for group in groups if group.map is None), None)
    if whole:
        return Limits(None, [whole.labels], [1.0], seen)
    drawn = [(group, _bytes(group.map)) for group in groups if group.map is not None]
    drawn = [(group, map_) for group, map_ in drawn if map_.any()]
    if not drawn:
        return None
    inside = Regions(np.stack([map_ for _, map_ in drawn], axis=2), strides)
    weights = np.array([group.weight for group, _ in drawn])
    factors = inside.shares * weights * inside.shares.sum() / (inside.shares * weights).sum() if loss.sees_style else np.ones(1)
    labels = [group.labels for group, _ in drawn]
    return Limits(inside, labels, [*map(float, factors)], seen)


def _regions_of(masks: Mapping[str, np.ndarray], strides: Mapping[str, int]) -> dict[str, Regions]:
    return {label: Regions(_bytes(map_)[..., np.newaxis], strides) for label, map_ in masks.items() if map_.min() < 1}


def _bytes(map_: np.ndarray) -> np.ndarray:
    made: np.ndarray = np.rint(WHITE * map_).astype(np.uint8)
    return made
