"""The objective evaluated in tiles: exact, in memory that does not grow with the picture.

The first pass sums each loss's statistic over the tiles. The score has a derivative with respect to these sums, and the second
pass pulls this derivative back through each tile: by the chain rule, the sum of what comes back is the gradient of the whole.
Only one tile's activations are held at a time. Only the picture, its gradient and the content's activations, which lie in a
file, grow with the picture.

The tiles of a pass do not depend on each other. Where TensorFlow has several devices, they take the tiles in turn; and several
processes may have a part of the tiles each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf

from ..api import Evaluation, Features, Goal, Loss, Pictures, Styles
from ..machine.precision import FLOAT32
from .base import Objective, Remember, anew, weighted
from .calling import calling
from .regions import NOWHERE, Limits, Place, score
from .sums import added
from .tile_network import ZERO, TileNetwork
from .tile_part import Part, TilePart, over

ALIGNED = 64
"""How many bytes the widest instructions read at once. TensorFlow's tensors begin at multiples of it."""

T = TypeVar("T")


class TiledObjective(Objective):
    """What one scale of a run makes small, a tile at a time (see `Objective`).

    `remember` keeps what the losses have to know of each painting, by the painting's label, from one picture to the next.
    `limits` says to which regions losses are limited, by label. `parts` have the tiles, if not this process has all of them.
    """

    def __init__(
        self,
        network: TileNetwork,
        pictures: Pictures,
        dtype: str = FLOAT32,
        remember: Remember = anew,
        limits: Mapping[str, Limits] = NOWHERE,
        parts: Sequence[Part] = (),
    ):
        super().__init__(network.losses, dtype)
        self.network, self.targets, self._limits = network, {}, limits
        self._parts = parts or [TilePart(network, network.tiling.tiles(*pictures.content.shape[:2]), limits)]
        content = self._sum(lambda part: part.of_content(pictures.content))
        paintings = Styles.of(pictures.styles)
        styles = {
            label: remember((label, tuple(network.losses.items())), partial(self._of_style, label, picture))
            for label, picture in paintings.items()
        }
        for label, loss in network.losses.items():
            with calling(loss, label, "goal"):
                sums = Styles({name: sums[label] for name, sums in styles.items()}, paintings.shares)
                limited = limits.get(label)
                goal = limited.goal(loss, content[label], sums) if limited else loss.goal(content[label], sums)
            self.targets[label] = Goal(None, goal)  # the maps lie with the tiles

    def _of_style(self, painting: str, picture: np.ndarray) -> dict[str, Any]:
        """What the losses have to know of a painting."""

        def of(label: str, place: Place, features: Features) -> Any:
            loss, limited = self.network.losses[label], self._limits.get(label)
            return limited.of_style(loss, painting, features, place) if limited else loss.of_style(features)

        return over(self.network, self.network.tiling.tiles(*picture.shape[:2]), picture, "of_style", of)

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
        for pulled in self._of_each(lambda part: part.pulled_back(pixels, upstream)):
            for rows, columns, own in pulled:
                gradient[:, rows, columns] += own
        return evaluation, tf.experimental.dlpack.from_dlpack(gradient.__dlpack__())  # to convert it would copy it twice

    def _scored(self, statistics: Mapping[str, Any], losses: Mapping[str, Loss]) -> Evaluation:
        own = self.network.losses
        return weighted(losses, lambda label, _: score(own[label], statistics[label], self.targets[label].sums))

    def _statistics(self, pixels: tf.Tensor) -> dict[str, Any]:
        """Each loss's statistic, summed over the tiles: the first pass."""
        return self._sum(lambda part: part.statistics(pixels))

    def _sum(self, of: Callable[[Part], dict[str, Any]]) -> dict[str, Any]:
        """Each loss's sums over all parts, added in their order, on which the last digit depends."""
        total: dict[str, Any] = {}
        for sums in self._of_each(of):
            total = {label: added(total.get(label), sums[label]) for label in self.losses}
        return total

    def _of_each(self, of: Callable[[Part], T]) -> list[T]:
        """What `of` makes of each part; all parts work at the same time."""
        if len(self._parts) == 1:
            return [of(self._parts[0])]
        with ThreadPoolExecutor(len(self._parts)) as pool:
            return [*pool.map(of, self._parts)]


def zeros(shape: tuple[int, ...]) -> np.ndarray:
    """An array of float32 that can become a tensor without a copy: it begins where TensorFlow wants a tensor to begin."""
    size = 4 * math.prod(shape)
    memory = np.zeros(size + ALIGNED, np.uint8)
    first = -memory.ctypes.data % ALIGNED
    return memory[first : first + size].view(np.float32).reshape(shape)
