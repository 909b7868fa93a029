"""The objective evaluated in tiles: exact, in memory that does not grow with the picture.

The first pass sums each loss's statistic over the tiles. The score of the sums has a derivative with respect to them, and the
second pass pulls that back through each tile: by the chain rule, the sum of what comes back is the gradient of the whole. Only
one tile's activations are held at a time; the picture, its gradient and the content's activations (in a file) are all that
grows.

The tiles of a pass do not depend on each other. Where TensorFlow has several devices, each takes its turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from ..api import IMAGE, Evaluation, Features, Goal, Loss, Pictures, StatisticLoss
from ..machine.precision import FLOAT32
from ..registry.blame import SCOPE, blaming
from .features import Network, batch, seen
from .spill import Shelf
from .sums import added, summed
from .tiles import Tile, Tiling
from .whole import Objective, weighted

ALIGNED = 64
"""Bytes; what the widest instructions read at once."""


ZERO = tf.UnconnectedGradients.ZERO


Compile = Callable[[Callable[..., Any]], Callable[..., Any]]


class Passes(NamedTuple):
    """What is computed of a tile: compiled for all tiles of one shape."""

    statistics: Callable[[tf.Tensor, Any], dict[str, Any]]
    """From what the network sees, and the tile's maps of the content, to each loss's statistic."""
    pulled_back: Callable[[tf.Tensor, Any, Any], tf.Tensor]
    """From the same, and the derivative with respect to the statistics, to that with respect to the pixels seen."""


class TiledObjective(Objective):
    """What one scale of a run minimises, a tile at a time (see `Objective`)."""

    losses: Mapping[str, StatisticLoss]

    def __init__(
        self,
        net: Network,
        losses: Mapping[str, Loss],
        pictures: Pictures,
        tiling: Tiling,
        dtype: str = FLOAT32,
        compiled: Compile = lambda function: function,
    ):
        self._begin(net, losses, dtype)
        self._tiling, self._compiled = tiling, compiled
        self._tiles = tiling.tiles(*pictures.content.shape[:2])
        self._passes: dict[Tile, Passes] = {}
        layers = [layer for layer in tiling.layers if any(layer in loss.reads() for loss in self.losses.values())]
        self._read = {layer: [label for label, loss in self.losses.items() if layer in loss.reads()] for layer in layers}
        """The layers that are read, in the network's order, and by which losses."""
        self._ends = [layer for layer in layers if layer in (IMAGE, layers[-1]) or not tiling.taps]
        """Where the gradient enters the network; in between it joins what comes from the layers above."""
        self._devices = [it.name for it in tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")]
        self._shelf = Shelf()
        self._maps: list[Any] = []
        content = self._summed(pictures.content, StatisticLoss.of_content, self._put_away)
        styles = {name: self._summed(picture, StatisticLoss.of_style) for name, picture in pictures.styles.items()}
        for label, loss in self.losses.items():
            with blaming(f"loss `{label}`, in goal,", loss):
                goal = loss.goal(content[label], {name: sums[label] for name, sums in styles.items()})
            self.targets[label] = Goal(None, goal)  # the maps are on the shelf

    def _summed(
        self,
        picture: np.ndarray,
        of: Callable[[Any, Features], Any],
        also: Callable[[Tile, Features], None] = lambda tile, features: None,
    ) -> dict[str, Any]:
        """Each loss's sums over a reference picture."""
        total: dict[str, Any] = {}
        for tile in self._tiling.tiles(*picture.shape[:2]):
            features = self._features(tile, batch(picture[tile.rows.seen, tile.columns.seen]))
            for label, loss in self.losses.items():
                with blaming(f"loss `{label}`, in {of.__name__},", loss):
                    own = getattr(loss, of.__name__)
                    total[label] = added(total.get(label), summed(own, tile, loss.halo, self._owned(tile, loss, features)))
            also(tile, features)
            del features  # else they were held while those of the next tile are computed
        return total

    def _put_away(self, tile: Tile, features: Features) -> None:
        """Keep a tile's maps of the content."""
        maps = {}
        for label, loss in self.losses.items():
            with blaming(f"loss `{label}`, in maps,", loss):
                maps[label] = loss.maps(self._owned(tile, loss, features))
        self._maps.append(self._shelf.put(maps))

    def _features(self, tile: Tile, crop: tf.Tensor, fork: Callable[[str, tf.Tensor], tf.Tensor] | None = None) -> Features:
        """The activations around a tile; `fork` may put itself between a layer that is read and the next one."""
        outer, found = self._tiling.layers[IMAGE], {IMAGE: crop}

        def tap(layer: str, map_: tf.Tensor) -> tf.Tensor:
            nonlocal outer
            reach = self._tiling.layers[layer]
            if reach != outer:
                map_ = cut_out(map_, tile.rows.trimmed(reach, outer), tile.columns.trimmed(reach, outer))
                outer = reach
            if layer not in self._read:
                return map_
            found[layer] = map_
            return fork(layer, map_) if fork and layer not in self._ends else map_

        return {**self.net(crop, tap), **found}

    def _owned(self, tile: Tile, loss: StatisticLoss, features: Features) -> Features:
        """The positions that a tile owns, of the activations that a loss reads."""

        def cut(layer: str, map_: tf.Tensor) -> tf.Tensor:
            reach = self._tiling.layers[layer]
            return cut_out(map_, tile.rows.owned(reach, loss.halo), tile.columns.owned(reach, loss.halo))

        return {layer: cut(layer, map_) for layer, map_ in seen(loss, features).items()}

    def _evaluate(self, pixels: tf.Tensor, losses: Mapping[str, Loss]) -> Evaluation:
        return self._scored(self._statistics(pixels), losses)

    def _differentiate(
        self, pixels: tf.Tensor, losses: Mapping[str, Loss], factor: tf.Tensor | None
    ) -> tuple[Evaluation, tf.Tensor | None]:
        statistics = self._statistics(pixels)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(tf.nest.flatten(statistics))
            evaluation = self._scored(statistics, losses)
        upstream = tape.gradient(evaluation.loss, statistics, factor, ZERO)
        gradient = zeros(tuple(pixels.shape))
        for tile, pulled in self._each(pixels, lambda tile, crop, maps: self._of(tile).pulled_back(crop, maps, upstream)):
            gradient[:, tile.rows.seen, tile.columns.seen] += pulled
        return evaluation, tf.experimental.dlpack.from_dlpack(gradient.__dlpack__())  # a conversion would copy it, twice

    def _scored(self, statistics: Mapping[str, Any], losses: Mapping[str, Loss]) -> Evaluation:
        return weighted(losses, lambda label, _: self.losses[label].score(statistics[label], self.targets[label].sums))

    def _statistics(self, pixels: tf.Tensor) -> dict[str, Any]:
        """The first pass."""
        total: dict[str, Any] = {}
        for _, sums in self._each(pixels, lambda tile, crop, maps: self._of(tile).statistics(crop, maps)):
            total = {label: added(total.get(label), sums[label]) for label in self.losses}
        return total

    def _each(self, pixels: tf.Tensor, work: Callable[[Tile, tf.Tensor, Any], Any]) -> Iterator[tuple[Tile, Any]]:
        """What `work` makes of each tile, of the pixels and maps that belong to it; in the order of the tiles, on which
        sums of floating-point numbers depend."""

        def on(index: int) -> Any:
            tile = self._tiles[index]
            with tf.device(self._devices[index % len(self._devices)]):
                return work(tile, pixels[:, tile.rows.seen, tile.columns.seen], self._shelf.take(self._maps[index]))

        if len(self._devices) == 1:
            yield from zip(self._tiles, map(on, range(len(self._tiles))), strict=True)
        else:
            with ThreadPoolExecutor(len(self._devices)) as pool:
                yield from zip(self._tiles, pool.map(on, range(len(self._tiles))), strict=True)

    def _of(self, tile: Tile) -> Passes:
        """The passes of tiles of this shape."""
        shape = tile.shape

        def statistic(label: str, features: Features, maps: Any) -> Any:
            loss = self.losses[label]
            with blaming(f"loss `{label}`", loss), tf.name_scope(SCOPE.format(label)):
                return summed(loss.statistic, shape, loss.halo, self._owned(shape, loss, features), maps[label])

        def statistics(crop: tf.Tensor, maps: Any) -> dict[str, Any]:
            features = self._features(shape, crop)
            return {label: statistic(label, features, maps) for label in self.losses}

        def pulled_back(crop: tf.Tensor, maps: Any, upstream: Any) -> tf.Tensor:
            def pulled(layer: str) -> tf.Tensor:
                """The part that comes back through what the losses read of one layer."""
                with tf.GradientTape(watch_accessed_variables=False) as tape:
                    tape.watch(features[layer])
                    made = {label: statistic(label, features, maps) for label in self._read[layer]}
                return tape.gradient(made, features[layer], {label: upstream[label] for label in made}, ZERO)

            def fork(layer: str, map_: tf.Tensor) -> tf.Tensor:
                def gradient(above: tf.Tensor) -> tf.Tensor:
                    with tf.control_dependencies([above]):  # else the parts of all layers are computed at once, and held
                        return above + pulled(layer)

                return tf.custom_gradient(lambda map_: (tf.identity(map_), gradient))(map_)

            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(crop)
                features = self._features(shape, crop, fork)
            return tape.gradient([features[layer] for layer in self._ends], crop, [pulled(layer) for layer in self._ends])

        if shape not in self._passes:
            self._passes[shape] = Passes(self._compiled(statistics), self._compiled(pulled_back))
        return self._passes[shape]


def zeros(shape: tuple[int, ...]) -> np.ndarray:
    """An array of float32 that can become a tensor without being copied: it begins where TensorFlow wants one to begin."""
    size = 4 * math.prod(shape)
    memory = np.zeros(size + ALIGNED, np.uint8)
    first = -memory.ctypes.data % ALIGNED
    return memory[first : first + size].view(np.float32).reshape(shape)


def cut_out(map_: tf.Tensor, rows: slice, columns: slice) -> tf.Tensor:
    """A rectangle of a map `[1, height, width, channels]`. TensorFlow's own gradient of a slice takes several times as long."""
    height, width = map_.shape[1:3]
    top, bottom, _ = rows.indices(height)
    left, right, _ = columns.indices(width)

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        return tf.pad(upstream, [[0, 0], [top, height - bottom], [left, width - right], [0, 0]])

    return tf.custom_gradient(lambda map_: (map_[:, rows, columns], gradient))(map_)
