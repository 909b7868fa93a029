"""The objective evaluated in tiles: exact, in memory that does not grow with the picture.

The first pass sums each loss's statistic over the tiles. The score has a derivative with respect to these sums, and the second
pass pulls this derivative back through each tile: by the chain rule, the sum of what comes back is the gradient of the whole.
Only one tile's activations are held at a time. Only the picture, its gradient and the content's activations, which lie in a
file, grow with the picture.

The tiles of a pass do not depend on each other. Where TensorFlow has several devices, they take the tiles in turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from ..api import Evaluation, Features, Goal, Loss, Pictures, Styles
from ..machine.precision import FLOAT32
from .base import Objective, Remember, anew, weighted
from .calling import calling
from .features import batch
from .regions import NOWHERE, Limits, Place, score
from .spill import Shelf
from .sums import added, summed
from .tile_network import ZERO, TileNetwork
from .tiles import Tile

ALIGNED = 64
"""How many bytes the widest instructions read at once. TensorFlow's tensors begin at multiples of it."""


class TiledObjective(Objective):
    """What one scale of a run makes small, a tile at a time (see `Objective`).

    `remember` keeps what the losses have to know of each painting, by the painting's label, from one picture to the next.
    `limits` says to which regions losses are limited, by label.
    """

    def __init__(
        self,
        network: TileNetwork,
        pictures: Pictures,
        dtype: str = FLOAT32,
        remember: Remember = anew,
        limits: Mapping[str, Limits] = NOWHERE,
    ):
        super().__init__(network.losses, dtype)
        self.network, self.targets, self._limits = network, {}, limits
        self._tiles = network.tiling.tiles(*pictures.content.shape[:2])
        self._devices = [it.name for it in tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")]
        self._shelf = Shelf()
        self._maps: list[Any] = []
        content = self._summed(pictures.content, "of_content", self._of_content, self._put_away)
        paintings = Styles.of(pictures.styles)
        styles = {
            label: remember(
                (label, tuple(network.losses.items())),
                partial(self._summed, picture, "of_style", partial(self._of_style, label)),
            )
            for label, picture in paintings.items()
        }
        for label, loss in network.losses.items():
            with calling(loss, label, "goal"):
                sums = Styles({name: sums[label] for name, sums in styles.items()}, paintings.shares)
                limited = limits.get(label)
                goal = limited.goal(loss, content[label], sums) if limited else loss.goal(content[label], sums)
            self.targets[label] = Goal(None, goal)  # the maps lie on the shelf, tile by tile

    def _of_content(self, label: str, place: Place, features: Features) -> Any:
        return self.network.losses[label].of_content(features)

    def _of_style(self, painting: str, label: str, place: Place, features: Features) -> Any:
        loss, limited = self.network.losses[label], self._limits.get(label)
        return limited.of_style(loss, painting, features, place) if limited else loss.of_style(features)

    def _summed(
        self,
        picture: np.ndarray,
        method: str,
        of: Callable[[str, Place, Features], Any],
        also: Callable[[Tile, Features], None] = lambda tile, features: None,
    ) -> dict[str, Any]:
        """Each loss's sums over a reference picture, which `of` makes with the loss's `method`."""
        total: dict[str, Any] = {}
        for tile in self.network.tiling.tiles(*picture.shape[:2]):
            features = self.network.features(tile, batch(picture[tile.rows.seen, tile.columns.seen]))
            for label, loss in self.network.losses.items():
                with calling(loss, label, method):
                    own, owned = partial(of, label, tile.first), self.network.owned(tile, loss, features)
                    total[label] = added(total.get(label), summed(own, tile, loss.halo, owned))
            also(tile, features)
            del features, owned  # otherwise they would be held while the next tile's activations are computed
        return total

    def _put_away(self, tile: Tile, features: Features) -> None:
        """Keep the losses' maps of the content for one tile."""
        maps = {}
        for label, loss in self.network.losses.items():
            with calling(loss, label, "maps"):
                content = self.network.owned(tile, loss, features)
                made, limited = loss.maps(content), self._limits.get(label)
                maps[label] = limited.placed(content, made, tile.first) if limited else made
        self._maps.append(self._shelf.put(maps))

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
        for tile, pulled in self._each(
            pixels, lambda tile, crop, maps: self.network.of(tile).pulled_back(crop, maps, upstream)
        ):
            gradient[:, tile.rows.seen, tile.columns.seen] += pulled
        return evaluation, tf.experimental.dlpack.from_dlpack(gradient.__dlpack__())  # to convert it would copy it twice

    def _scored(self, statistics: Mapping[str, Any], losses: Mapping[str, Loss]) -> Evaluation:
        own = self.network.losses
        return weighted(losses, lambda label, _: score(own[label], statistics[label], self.targets[label].sums))

    def _statistics(self, pixels: tf.Tensor) -> dict[str, Any]:
        """Each loss's statistic, summed over the tiles: the first pass."""
        total: dict[str, Any] = {}
        for _, sums in self._each(pixels, lambda tile, crop, maps: self.network.of(tile).statistics(crop, maps)):
            total = {label: added(total.get(label), sums[label]) for label in self.losses}
        return total

    def _each(self, pixels: tf.Tensor, work: Callable[[Tile, tf.Tensor, Any], Any]) -> Iterator[tuple[Tile, Any]]:
        """What `work` makes of each tile, and of the pixels and maps that belong to the tile.

        The results come in the order of the tiles, because sums of floating-point numbers depend on their order.
        """

        def on(index: int) -> Any:
            tile = self._tiles[index]
            with tf.device(self._devices[index % len(self._devices)]):
                return work(tile, pixels[:, tile.rows.seen, tile.columns.seen], self._shelf.take(self._maps[index]))

        if len(self._devices) == 1:
            yield from zip(self._tiles, map(on, range(len(self._tiles))), strict=True)
        else:
            with ThreadPoolExecutor(len(self._devices)) as pool:
                yield from zip(self._tiles, pool.map(on, range(len(self._tiles))), strict=True)


def zeros(shape: tuple[int, ...]) -> np.ndarray:
    """An array of float32 that can become a tensor without a copy: it begins where TensorFlow wants a tensor to begin."""
    size = 4 * math.prod(shape)
    memory = np.zeros(size + ALIGNED, np.uint8)
    first = -memory.ctypes.data % ALIGNED
    return memory[first : first + size].view(np.float32).reshape(shape)
