"""Style loss: how far the activations, seen along some directions, have to be moved to be distributed as the painting's.

For the activations of a layer (M positions x N channels) and K directions theta of length 1, with the sorted projections
p = sort(F theta) of the picture and s of the painting:

    W = 1/K sum over directions of 1/M sum (p - s)^2               L = sum over layers of w W, normalised

Heitz, Vanhoey, Chambon and Belcour, "A Sliced Wasserstein Loss for Neural Texture Synthesis", CVPR 2021. A Gram matrix knows
only the mean products of channels. Along all directions together, W is 0 for equal distributions alone. nstk differs from the
paper in four things:

- Directions are drawn once and for all, orthonormal where they can be, and at most `directions` of them. The paper draws N new
  ones at each step, so that the loss changes between two of its evaluations, which no line search can follow.
- Nothing is sorted. The projections are counted below some edges, which are sums over positions (see `_slices`), and exact in
  tiles. With T_b the share of them below edge e_b, g_b half of how far apart the edges beside it are, S_b the painting's share
  and Q its quantile function, so that Q(S_b) = e_b and Q is linear between,

      1/M sum (p - s)^2  becomes  sum over edges of 2 g_b (integral of Q(t) - e_b for t from S_b to T_b)

  The gradient of a projection at an edge is 2/M (e_b - Q(T_b)), as that of the sorted one is 2/M (p - s), and linear between
  two edges: they are an eighth of their value apart, or less.
- A painting of another size is compared by its quantiles, and of several paintings, all positions are put together, each
  painting counting alike.
- `formula: relative` weighs layers alike.

`formula` chooses the normalisation: `relative` W / (mean square of the painting's projections), where 1 is a picture without
activations; `mean` W itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import nstk
from nstk.plugins.losses._slices import counts_below, directions, edges, reach
from nstk.plugins.losses._statistics import StyleStatistic

TINY = 1e-12
"""A lower bound that keeps `relative` finite for a layer of the painting that never fires."""

LEAST_DIRECTIONS = 16
"""How many directions a layer of few channels is seen along, unless `directions` is smaller."""


class Sliced(StyleStatistic):
    """How far the picture's activations, seen along some directions, are from being distributed as the style's."""

    name = "sliced"

    layers: nstk.Layers = nstk.Field(
        [f"block{block}_conv{conv}" for block in range(1, 5) for conv in range(1, 3 if block < 3 else 5)],
        description="Layers to compare: a list (equal weights that sum to 1) or layer: weight.",
    )
    formula: Literal["relative", "mean"] = nstk.Field(
        "relative", description="Normalisation of the distance: relative (divided by the style's own mean square) or mean."
    )
    directions: int = nstk.Field(
        64,
        ge=1,
        le=1024,
        description="Along how many directions a layer is seen at most: as many as it has channels, or 16 if these are fewer.",
    )

    def statistic(self, features: nstk.Features, maps: Any = None) -> Any:
        """By layer, how many positions lie below each edge, `[directions, edges]`."""

        def of(activations: Any) -> Any:
            channels = int(activations.shape[-1])
            return counts_below(activations, directions(channels, min(self.directions, max(channels, LEAST_DIRECTIONS))))

        return {layer: of(features[layer]) for layer in self.layers}

    def goal(self, content: Any, styles: Mapping[str, Any]) -> Any:
        """By layer, the style's shares below each edge, and the mean square of its projections."""
        import tensorflow as tf

        def of(layer: str) -> dict[str, Any]:
            share = nstk.blend(styles, lambda style: share_below(style[layer]))
            middles = tf.constant((edges()[1:] + edges()[:-1]) / 2)
            size = tf.reduce_mean(tf.reduce_sum((share[:, 1:] - share[:, :-1]) * tf.square(middles), axis=1))
            return {"share": share, "size": tf.maximum(size, TINY)}

        return {layer: of(layer) for layer in self.layers}

    def score(self, statistic: Any, goal: Any) -> Any:
        return nstk.total(weight * self._distance(statistic[layer], goal[layer]) for layer, weight in self.layers.items())

    def _distance(self, below: Any, goal: Mapping[str, Any]) -> Any:
        import tensorflow as tf

        moved = transport(share_below(below), goal["share"])
        return tf.cast(moved / goal["size"] if self.formula == "relative" else moved, tf.float32)


def share_below(below: Any) -> Any:
    """The share of the positions that lies below each edge, in float64: large values are far apart."""
    import tensorflow as tf

    below = tf.cast(below, tf.float64)
    return below / tf.stop_gradient(below[:, -1:])


def transport(share: Any, wanted: Any) -> Any:
    """The mean over directions of the squared distance of two distributions, from their shares below the edges.

    It is the squared Wasserstein distance from the painting's distribution, where what lies between two edges is spread evenly,
    less its least value: 0 where the shares are equal. Its gradient is continuous in them.
    """
    import tensorflow as tf

    values, widths = tf.constant(edges()), tf.constant(reach())
    last = wanted.shape[1] - 1
    pieces = (wanted[:, 1:] - wanted[:, :-1]) * (values[1:] + values[:-1]) / 2
    sums = tf.pad(tf.cumsum(pieces, axis=1), [[0, 0], [1, 0]])

    @tf.custom_gradient
    def distance(share: Any) -> tuple[Any, Callable[[Any], Any]]:
        above = tf.searchsorted(wanted, share)
        first, second = tf.maximum(above - 1, 0), tf.minimum(above, last)
        begin, end, sum_ = (tf.gather(it, at, batch_dims=1) for it, at in ((wanted, first), (wanted, second), (sums, first)))
        low, high = tf.gather(values, first), tf.gather(values, second)
        beyond = share - begin
        quantile = low + (high - low) * tf.math.divide_no_nan(beyond, end - begin)
        integral = nstk.total([sum_ - sums, beyond * (low + quantile) / 2, -values * (share - wanted)])
        count = float(share.shape[0])
        moved = tf.reduce_sum(2 * widths * integral) / count
        return moved, lambda upstream: upstream * 2 * widths * (quantile - values) / count

    return distance(share)


@nstk.hookimpl
def nstk_losses() -> list[type[nstk.Loss]]:
    return [Sliced]
