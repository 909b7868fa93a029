"""Losses that are limited to regions of the picture: each position counts by a weight.

Gatys, Ecker, Bethge, Hertzmann and Shechtman, "Controlling perceptual factors in neural style transfer", CVPR 2017, compare the
Gram matrices of activations times a soft map, so that each region of the picture has a painting of its own. nstk differs in
that it asks nothing of a loss but to be a sum over positions (`StatisticLoss.pointwise`): with the weight r of each position,

    the sum over positions of s(F)    becomes    the sum over positions of r s(F)

Positions of equal weights are gathered, handed to the loss as if they were a picture, and what the loss makes of them is
multiplied by their weight. So that there are few different weights, they are rounded to `STEPS` of a step.

The weight of a position of a layer is the mean over the square of pixels that it stands for, as average pooling carries it.
Squares are counted from the first pixel, so a tile, which begins at a multiple of every stride, has the weights of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from ..api import Features, Goal, Loss, StatisticLoss, Styles, total
from ..errors import RunError
from .features import Seen

STEPS = 8
"""In how many steps a weight goes from 0 to 1."""

MOST_CLASSES = 24
"""How many different sets of weights there may be. Where more regions overlap softly, weights are rounded more coarsely."""

WHITE = 255
"""The weight 1 in a map of regions."""

Place = tuple[int, int]
"""The row and the column of pixels at which a part of a picture begins."""


class Regions:
    """The weights of a picture's positions in some regions, and which positions have the same ones.

    `maps` is height x width x regions, uint8, 0..255. `strides` are those of the layers that will be looked at.
    """

    def __init__(self, maps: np.ndarray, strides: Mapping[str, int]):
        self.strides = strides
        self.shares = maps.reshape(-1, maps.shape[2]).mean(axis=0) / WHITE
        """The share of the picture that each region takes."""
        pooled = {stride: _pooled(maps, stride) for stride in sorted({*strides.values()})}
        for steps in (STEPS, STEPS // 2, STEPS // 4, 1):
            levels = {stride: _levels(map_, steps) for stride, map_ in pooled.items()}
            classes = np.unique(np.concatenate([_different(it) for it in levels.values()]), axis=0)
            classes = classes[classes.any(axis=1)]
            if len(classes) <= MOST_CLASSES:
                break
        self.weights = (classes / steps).astype(np.float32)
        """The weights of each class of positions, `[classes, regions]`. Positions that are in no region have no class."""
        self._classes = {stride: _numbered(it, classes) for stride, it in levels.items()}

    def at(self, layer: str, height: int, width: int, place: Place) -> np.ndarray:
        """The classes of a layer's positions, height x width, from a place of the picture on; -1 where there is none."""
        stride = self.strides[layer]
        row, column = (pixel // stride for pixel in place)
        return self._classes[stride][row : row + height, column : column + width]


class Placed(NamedTuple):
    """A loss's maps of the content, with the weights of the positions. It stands where a loss without regions has its maps."""

    maps: Any
    """What `StatisticLoss.maps` returns."""
    order: dict[str, tf.Tensor]
    """For each size of a map, the indices of its positions, class after class."""
    ends: dict[str, tf.Tensor]
    """For each size of a map, where each class begins and ends in this order."""
    classes: tf.Tensor
    """The weights of each class of positions, `[classes, regions]`."""
    numbers: dict[str, tf.Tensor]
    """For each size of a map, the class of each position, `[height, width]`, uint8; behind all others, if it has none."""

    def weights(self, map_: tf.Tensor, region: int) -> tf.Tensor:
        """The weights of a map's positions in a region, `[1, height, width, 1]`; made anew, for they take much memory."""
        of_classes = tf.cast(tf.pad(self.classes[:, region], [[0, 1]]), map_.dtype)
        return tf.gather(of_classes, tf.cast(self.numbers[_size(map_)], tf.int32))[tf.newaxis, ..., tf.newaxis]


class Split(NamedTuple):
    """What a loss compares with, for each region. It stands where a loss without regions has what `goal` returns."""

    goals: list[Any]
    factors: list[tf.Tensor]
    """By how much the score in each region counts."""


@dataclass(frozen=True, eq=False)
class Limits:
    """The regions to which one loss is limited, at one octave of a scale."""

    inside: Regions | None
    """None where the loss counts everywhere, and only a part of a painting counts."""
    labels: Sequence[Sequence[str]]
    """The labels of the paintings that the loss compares each region with."""
    factors: Sequence[float]
    """By how much the score in each region counts."""
    masks: Mapping[str, Regions] = field(default_factory=dict)
    """The part of a painting that counts, by its label, where it is not all of the painting."""

    @property
    def form(self) -> tuple[int, ...]:
        """What a compiled pass depends on: how many classes of positions and how many regions there are; empty for none."""
        return self.inside.weights.shape if self.inside else ()

    def placed(self, content: Features, maps: Any, place: Place = (0, 0)) -> Any:
        """The loss's maps of the content with their weights, for a part of the picture that begins at `place`."""
        return _placed(self.inside, content, maps, place) if self.inside else maps

    def of_style(self, loss: StatisticLoss, label: str, style: Features, place: Place = (0, 0)) -> Any:
        """What the loss has to know of a painting, or of a part of it: of what its mask lets through."""
        if label not in self.masks:
            return loss.of_style(style)
        placed = _placed(self.masks[label], style, None, place)
        return weighted_sums(lambda features, _: loss.of_style(features), style, placed)[0]

    def goal(self, loss: StatisticLoss, content: Any, styles: Styles[Any]) -> Any:
        """What the loss compares each region with."""
        if self.inside is None:
            return loss.goal(content, styles)

        def of(labels: Sequence[str]) -> Any:
            return loss.goal(content, Styles({label: styles[label] for label in labels}, styles.shares))

        return Split([*map(of, self.labels)], [tf.constant(factor, tf.float32) for factor in self.factors])


NOWHERE: Mapping[str, Limits] = MappingProxyType({})
"""No loss is limited to regions."""


def statistic(loss: StatisticLoss, features: Features, maps: Any) -> Any:
    """The loss's statistic; for each region, where it is limited to regions."""
    return weighted_sums(loss.statistic, features, maps) if isinstance(maps, Placed) else loss.statistic(features, maps)


def standing_in(loss: StatisticLoss, features: Features, maps: Placed, layer: str, pulls: Sequence[Any]) -> Any:
    """Something in place of the statistic of a limited loss that has its derivative with respect to one layer, and no value.

    Where a derivative is all that is asked for, the sums need not be computed again. `pulls` is the derivative with respect to
    them.
    """

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def nothing(map_: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        def gradient(_: tf.Tensor) -> tf.Tensor:
            return pulled_back(loss.statistic, {**features, layer: map_}, maps, pulls, [layer])[0]

        return tf.zeros([]), gradient

    return nothing(features[layer])


def score(loss: StatisticLoss, statistic: Any, goal: Any) -> tf.Tensor:
    """The loss, from its statistic of the whole picture."""
    if not isinstance(goal, Split):
        return loss.score(statistic, goal)
    each = zip(goal.factors, statistic, goal.goals, strict=True)
    return total(factor * loss.score(sums, compared) for factor, sums, compared in each)


def value(loss: Loss, features: Features, target: Any) -> tf.Tensor:
    """The loss of a picture that is evaluated as a whole."""
    if isinstance(loss, StatisticLoss) and isinstance(target, Goal) and isinstance(target.maps, Placed):
        return score(loss, statistic(loss, features, target.maps), target.sums)
    return loss(features, target)


def weighted_sums(function: Callable[[Features, Any], Any], features: Features, placed: Placed) -> list[Any]:
    """What `function` sums over positions, each times its weight: a structure of tensors for each region.

    The derivative with respect to a position is that without weights, times the position's weight. So no gradient has to find
    its way back through the gathering.
    """
    layers, like = [*features], list[Any]()

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def summed(*maps: tf.Tensor) -> tuple[list[tf.Tensor], Callable[..., list[tf.Tensor]]]:
        seen = dict(zip(layers, maps, strict=True))
        like[:] = _sums(function, seen, placed)

        def gradient(*pulled: tf.Tensor) -> list[tf.Tensor]:
            return pulled_back(function, seen, placed, tf.nest.pack_sequence_as(like, pulled), layers)

        return tf.nest.flatten(like), gradient

    made: list[Any] = tf.nest.pack_sequence_as(like, summed(*features.values()))
    return made


def pulled_back(
    function: Callable[[Features, Any], Any], features: Features, placed: Placed, pulls: Sequence[Any], layers: Sequence[str]
) -> list[tf.Tensor]:
    """The derivative with respect to some layers, from the derivative with respect to what is summed in each region."""

    maps = [features[layer] for layer in layers]

    def of(region: int) -> list[tf.Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(maps)
            made = function(Seen(features), placed.maps)
        pulled = tape.gradient(made, maps, pulls[region], tf.UnconnectedGradients.ZERO)
        return [placed.weights(map_, region) * pull for map_, pull in zip(maps, pulled, strict=True)]

    return [total(each) for each in zip(*map(of, range(len(pulls))), strict=True)]


def _sums(function: Callable[[Features, Any], Any], features: Features, placed: Placed) -> list[Any]:
    """The sums over the positions of each class, times the weights of the class, for each region."""
    count, regions = placed.classes.shape

    def of(index: Any) -> Any:
        """The sums over the positions of one class."""
        maps = tf.nest.map_structure(lambda map_: None if map_ is None else _gathered(map_, placed, index), placed.maps)
        return function(Seen({layer: _gathered(map_, placed, index) for layer, map_ in features.items()}), maps)

    def added(index: Any, *before: Any) -> Any:
        found = of(index)
        return index + 1, *(
            tf.nest.map_structure(partial(_plus, placed.classes[index, region]), sums, found)
            for region, sums in enumerate(before)
        )

    first = of(0)
    begun = [tf.nest.map_structure(partial(_plus, placed.classes[0, region], 0), first) for region in range(regions)]
    if count == 1:
        return begun
    _, *sums = tf.while_loop(lambda index, *_: index < count, added, (tf.constant(1), *begun), parallel_iterations=1)
    return [*sums]


def _plus(weight: tf.Tensor, sum_: Any, part: tf.Tensor) -> tf.Tensor:
    return sum_ + tf.cast(weight, part.dtype) * part


def _size(map_: Any) -> str:
    return "{}x{}".format(*map_.shape[1:3])


def _gathered(map_: tf.Tensor, placed: Placed, index: Any) -> tf.Tensor:
    """The positions of one class of a map `[1, height, width, ...]`, as `[1, positions, 1, ...]`."""
    size = _size(map_)
    if size not in placed.order:
        raise RunError(f"a map of {size} positions belongs to none of the layers that the loss reads")
    begin, end = placed.ends[size][index], placed.ends[size][index + 1]
    flat = tf.reshape(map_, [-1, *map_.shape[3:]])
    return tf.gather(flat, placed.order[size][begin:end])[tf.newaxis, :, tf.newaxis]


def _placed(regions: Regions, features: Features, maps: Any, place: Place) -> Placed:
    order: dict[str, tf.Tensor] = {}
    ends: dict[str, tf.Tensor] = {}
    numbers: dict[str, tf.Tensor] = {}
    for layer, map_ in features.items():
        if _size(map_) not in order:
            classes = regions.at(layer, map_.shape[1], map_.shape[2], place)
            flat = classes.reshape(-1)
            sorted_ = np.argsort(flat, kind="stable")[np.count_nonzero(flat < 0) :].astype(np.int32)
            order[_size(map_)] = tf.constant(sorted_)
            ends[_size(map_)] = tf.constant(np.searchsorted(flat[sorted_], np.arange(len(regions.weights) + 1)), tf.int32)
            numbers[_size(map_)] = tf.constant(np.where(classes < 0, len(regions.weights), classes).astype(np.uint8))
    return Placed(maps, order, ends, tf.constant(regions.weights), numbers)


def _pooled(maps: np.ndarray, stride: int) -> np.ndarray:
    """The means over squares of pixels, which are smaller at the last row and column where squares do not fill the picture."""
    if stride == 1:
        return maps.astype(np.float32) / WHITE
    height, width = maps.shape[:2]
    sums = np.add.reduceat(maps.astype(np.float32), np.arange(0, height, stride), axis=0)
    sums = np.add.reduceat(sums, np.arange(0, width, stride), axis=1)
    rows, columns = (np.minimum(stride, length - np.arange(0, length, stride)) for length in (height, width))
    pooled: np.ndarray = sums / (WHITE * rows[:, None, None] * columns[None, :, None]).astype(np.float32)
    return pooled


def _levels(pooled: np.ndarray, steps: int) -> np.ndarray:
    """The weights in steps. A region that is smaller than a position keeps the position that holds most of it."""
    levels: np.ndarray = np.rint(pooled * steps).astype(np.uint8)
    for region in range(pooled.shape[2]):
        if not levels[..., region].any() and pooled[..., region].any():
            levels[..., region].flat[pooled[..., region].argmax()] = 1
    return levels


def _different(levels: np.ndarray) -> np.ndarray:
    """The different sets of weights that positions have."""
    _, first = np.unique(_codes(levels), return_index=True)
    different: np.ndarray = levels.reshape(-1, levels.shape[2])[first]
    return different


def _numbered(levels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The number of each position's class; -1 where there is none."""
    numbers = {int(code): index for index, code in enumerate(_codes(classes))}
    codes, places = np.unique(_codes(levels), return_inverse=True)
    found = np.array([numbers.get(int(code), -1) for code in codes], np.int8)
    numbered: np.ndarray = found[places].reshape(levels.shape[:2])
    return numbered


def _codes(sets: np.ndarray) -> np.ndarray:
    """A number for each set of weights, which no other set has."""
    codes = np.zeros(sets.shape[:-1], np.int64)
    for region in range(sets.shape[-1]):
        codes = codes * (STEPS + 1) + sets[..., region]
    return codes
