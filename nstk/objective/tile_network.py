"""What the network and the losses make of one tile: the two passes that a picture in tiles is evaluated by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, cast

import tensorflow as tf

from ..api import IMAGE, Features, Loss, StatisticLoss
from ..api.additions import in_turn, unjoined
from ..registry.blame import SCOPE
from .calling import calling
from .features import Network, seen
from .regions import Placed, standing_in, statistic
from .sums import summed
from .tiles import Tile, Tiling

ZERO = tf.UnconnectedGradients.ZERO
Compile = Callable[[Callable[..., Any]], Callable[..., Any]]
Fork = Callable[[str, tf.Tensor], tf.Tensor]


class Passes(NamedTuple):
    """The two functions that are computed of a tile. All tiles of one shape share them."""

    statistics: Callable[[tf.Tensor, Any], dict[str, Any]]
    """Takes the pixels that the network sees and the tile's maps of the content, and returns each loss's statistic."""
    pulled_back: Callable[[tf.Tensor, Any, Any], tf.Tensor]
    """Takes these pixels, these maps and the derivative with respect to the statistics, and returns the derivative with respect
    to the pixels."""


class TileNetwork:
    """What the network and the losses make of a tile. It does not depend on the picture, and serves one after another.

    `compiled` makes graphs of the passes; without it they run operation by operation.
    """

    def __init__(self, net: Network, losses: Mapping[str, Loss], tiling: Tiling, compiled: Compile = lambda function: function):
        self.net, self.tiling = net, tiling
        self.losses = cast("Mapping[str, StatisticLoss]", losses)  # `Tiling.of` refuses others
        self._compiled = compiled
        self.passes: dict[Tile, Passes] = {}
        layers = [layer for layer in tiling.layers if any(layer in loss.reads() for loss in losses.values())]
        self._read = {layer: [label for label, loss in losses.items() if layer in loss.reads()] for layer in layers}
        """The layers that are read, in the network's order, and by which losses."""
        self._ends = [layer for layer in layers if layer in (IMAGE, layers[-1]) or not tiling.taps]
        """The layers at which the gradient enters the network. At the layers between them it joins what comes from above."""

    @property
    def repeatable(self) -> bool:
        """Whether the graphs of the passes may run for another picture (see `Compiled.repeatable`)."""
        made = [compiled for passes in self.passes.values() for compiled in passes]
        return all(getattr(compiled, "repeatable", False) for compiled in made)

    def features(self, tile: Tile, crop: tf.Tensor, fork: Fork | None = None) -> Features:
        """The activations around a tile; `fork` may change what goes from a layer that is read to the next layer."""
        outer, found = self.tiling.layers[IMAGE], {IMAGE: crop}

        def tap(layer: str, map_: tf.Tensor) -> tf.Tensor:
            nonlocal outer
            reach = self.tiling.layers[layer]
            if reach != outer:
                map_ = cut_out(map_, tile.rows.trimmed(reach, outer), tile.columns.trimmed(reach, outer))
                outer = reach
            if layer not in self._read:
                return map_
            found[layer] = map_
            return fork(layer, map_) if fork and layer not in self._ends else map_

        return {**self.net(crop, tap), **found}

    def owned(self, tile: Tile, loss: StatisticLoss, features: Features) -> Features:
        """The activations that a loss reads, at the positions that a tile owns."""

        def cut(layer: str, map_: tf.Tensor) -> tf.Tensor:
            reach = self.tiling.layers[layer]
            return cut_out(map_, tile.rows.owned(reach, loss.halo), tile.columns.owned(reach, loss.halo))

        return {layer: cut(layer, map_) for layer, map_ in seen(loss, features).items()}

    def of(self, tile: Tile) -> Passes:
        """The passes over tiles of this tile's shape."""
        shape = tile.shape
        if shape not in self.passes:
            self.passes[shape] = Passes(
                self._compiled(lambda crop, maps: self._statistics(shape, crop, maps)),
                self._compiled(lambda crop, maps, upstream: self._pulled_back(shape, crop, maps, upstream)),
            )
        return self.passes[shape]

    def _statistic(self, shape: Tile, label: str, features: Features, maps: Any) -> Any:
        loss = self.losses[label]
        with calling(loss, label), tf.name_scope(SCOPE.format(label)):
            return summed(partial(statistic, loss), shape, loss.halo, self.owned(shape, loss, features), maps[label])

    def _standing_in(self, shape: Tile, label: str, features: Features, maps: Any, layer: str, pull: Any) -> Any:
        loss = self.losses[label]
        with calling(loss, label), tf.name_scope(SCOPE.format(label)):
            return standing_in(loss, self.owned(shape, loss, features), maps[label], layer, pull)

    def _statistics(self, shape: Tile, crop: tf.Tensor, maps: Any) -> dict[str, Any]:
        features = self.features(shape, crop)
        return {label: self._statistic(shape, label, features, maps) for label in self.losses}

    def _pulled_back(self, shape: Tile, crop: tf.Tensor, maps: Any, upstream: Any) -> tf.Tensor:
        def pulled(layer: str) -> tf.Tensor:
            """The part of the gradient that comes back through what the losses read of one layer."""
            labels = self._read[layer]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(features[layer])
                made, pulls = {}, {}
                for label, mine in zip(labels, in_turn(features[layer], len(labels)), strict=True):
                    seen, pulls[label] = {**features, layer: mine}, upstream[label]
                    if isinstance(maps[label], Placed):
                        made[label] = self._standing_in(shape, label, seen, maps, layer, pulls[label])
                        pulls[label] = tf.ones([])
                    else:
                        made[label] = self._statistic(shape, label, seen, maps)
            return unjoined(tape.gradient(made, features[layer], pulls, ZERO))

        def fork(layer: str, map_: tf.Tensor) -> tf.Tensor:
            def gradient(above: tf.Tensor) -> tf.Tensor:
                with tf.control_dependencies([above]):  # without it, the parts of all layers are computed and held at once
                    return above + pulled(layer)

            return tf.custom_gradient(lambda map_: (tf.identity(map_), gradient))(map_)

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(crop)
            features = self.features(shape, crop, fork)
        return tape.gradient([features[layer] for layer in self._ends], crop, [pulled(layer) for layer in self._ends])


def cut_out(map_: tf.Tensor, rows: slice, columns: slice) -> tf.Tensor:
    """A rectangle of a map `[1, height, width, channels]`. TensorFlow's gradient of a slice takes several times as long."""
    height, width = map_.shape[1:3]
    top, bottom, _ = rows.indices(height)
    left, right, _ = columns.indices(width)

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        return tf.pad(upstream, [[0, 0], [top, height - bottom], [left, width - right], [0, 0]])

    return tf.custom_gradient(lambda map_: (map_[:, rows, columns], gradient))(map_)
