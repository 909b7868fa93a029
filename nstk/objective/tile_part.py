"""Some of a picture's tiles: the content's maps of each, and the two passes over them. All of them, or what one process has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, NamedTuple, Protocol

import numpy as np
import tensorflow as tf

from ..api import Features
from .calling import calling
from .features import batch
from .regions import NOWHERE, Limits, Place
from .spill import Shelf
from .sums import added, summed
from .tile_network import TileNetwork
from .tiles import Tile


class Pulled(NamedTuple):
    """A part of a picture's gradient, which is to be added."""

    rows: slice
    columns: slice
    gradient: Any
    """`[1, height, width, 3]`."""


class Part(Protocol):
    """Some tiles of a picture, in this process or in another one."""

    def of_content(self, content: np.ndarray) -> dict[str, Any]:
        """Look at the photograph, and keep what is compared position by position. Returns each loss's sums over these tiles."""

    def statistics(self, pixels: tf.Tensor) -> dict[str, Any]:
        """Each loss's statistic of a picture `[1, height, width, 3]`, summed over these tiles."""

    def pulled_back(self, pixels: tf.Tensor, upstream: Mapping[str, Any]) -> Iterator[Pulled]:
        """What comes back through these tiles of the derivative with respect to the statistics, for the same picture."""


class TilePart:
    """Some tiles of a picture, in this process. `limits` says to which regions losses are limited, by label."""

    def __init__(self, network: TileNetwork, tiles: Sequence[Tile], limits: Mapping[str, Limits] = NOWHERE):
        self.network, self._tiles, self._limits = network, tiles, limits
        self._devices = [it.name for it in tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")]
        self._shelf = Shelf()
        self._maps: list[Any] = []

    def of_content(self, content: np.ndarray) -> dict[str, Any]:
        def of(label: str, place: Place, features: Features) -> Any:
            return self.network.losses[label].of_content(features)

        return over(self.network, self._tiles, content, "of_content", of, self._put_away)

    def _put_away(self, tile: Tile, features: Features) -> None:
        """Keep the losses' maps of the content for one tile."""
        maps = {}
        for label, loss in self.network.losses.items():
            with calling(loss, label, "maps"):
                content = self.network.owned(tile, loss, features)
                made, limited = loss.maps(content), self._limits.get(label)
                maps[label] = limited.placed(content, made, tile.first) if limited else made
        self._maps.append(self._shelf.put(maps))

    def statistics(self, pixels: tf.Tensor) -> dict[str, Any]:
        total: dict[str, Any] = {}
        for _, sums in self._each(pixels, lambda tile, crop, maps: self.network.of(tile).statistics(crop, maps)):
            total = {label: added(total.get(label), sums[label]) for label in self.network.losses}
        return total

    def pulled_back(self, pixels: tf.Tensor, upstream: Mapping[str, Any]) -> Iterator[Pulled]:
        for tile, pulled in self._each(
            pixels, lambda tile, crop, maps: self.network.of(tile).pulled_back(crop, maps, upstream)
        ):
            yield Pulled(tile.rows.seen, tile.columns.seen, pulled)

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
            return
        # Each device has a thread of its own: two at once would take twice its memory, and TensorFlow mixes up the shapes of
        # what two threads copy to one device.
        with ExitStack() as stack:
            threads = [ThreadPoolExecutor(1) for _ in self._devices]
            for thread in threads:
                stack.callback(thread.shutdown, cancel_futures=True)
            made = [threads[index % len(threads)].submit(on, index) for index in range(len(self._tiles))]
            yield from zip(self._tiles, (it.result() for it in made), strict=True)


def over(
    network: TileNetwork,
    tiles: Sequence[Tile],
    picture: np.ndarray,
    method: str,
    of: Callable[[str, Place, Features], Any],
    also: Callable[[Tile, Features], None] = lambda tile, features: None,
) -> dict[str, Any]:
    """Each loss's sums over tiles of a reference picture, which `of` makes with the loss's `method`."""
    total: dict[str, Any] = {}
    for tile in tiles:
        features = network.features(tile, batch(picture[tile.rows.seen, tile.columns.seen]))
        for label, loss in network.losses.items():
            with calling(loss, label, method):
                owned = network.owned(tile, loss, features)
                sums = summed(lambda it, label=label, first=tile.first: of(label, first, it), tile, loss.halo, owned)
                total[label] = added(total.get(label), sums)
        also(tile, features)
        del features, owned  # otherwise they would be held while the next tile's activations are computed
    return total
