"""Style loss: how far the mean and the spread of the picture's activations are from the painting's.

For the activations of a layer (M positions x N channels) with the means mu, and for the painting's with the means nu:

    D = sum (mu - nu)^2                                            over channels
    S = sum (sigma - tau)^2                                        sigma, tau: standard deviations over positions
    S = sum (Sigma - T)^2                                          Sigma, T: covariances of channels (`second: covariance`)

    L = sum over layers of w (D + S), each of D and S normalised

Li, Wang, Liu and Hou, "Demystifying Neural Style Transfer", IJCAI 2017, have D + S with standard deviations ("BN statistics
matching"), divided by N. Galerne, Raad, Lezama and Morel, "Scaling Painting Style Transfer" (SPST), EGSR 2024, add both to the
loss of Gram matrices, because a Gram matrix alone does not tell a strong mean from a wide spread. nstk differs from both in two
things: the standard deviation is rounded off at 0 so that it has a gradient there, and `formula: relative` weighs layers alike.

`formula` chooses the normalisation: `relative` D / sum nu^2 and S / sum tau^2 (or T^2); `mean` D / N and S / N (or N^2).
`absolute` takes no squares: sum |mu - nu| / N and sum |sigma - tau| / N (or sum |Sigma - T| / N^2). With covariances it is the
moment loss of Kolkin, Salavon and Shakhnarovich, "Style Transfer by Relaxed Optimal Transport and Self-Similarity" (STROTSS),
CVPR 2019, who divide the covariances by M - 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import nstk
from nstk.plugins.losses._moments import blended, channel_sums, covariance
from nstk.plugins.losses._products import gram_matrix
from nstk.plugins.losses._statistics import StyleStatistic

TINY = 1e-12
"""A lower bound that keeps `relative` finite for a layer of the painting that never fires."""

FLAT = 1e-6
"""The least variance that a standard deviation is taken of, as a share of the mean square: below, float32 has only noise."""


class Moments(StyleStatistic):
    """Distance between the means, and between the spreads, of the picture's activations and of the style's."""

    name = "moments"

    second: Literal["deviation", "covariance"] = nstk.Field(
        "deviation",
        description="What is compared beside the means: the standard deviation of each channel, or all covariances.",
    )
    formula: Literal["relative", "mean", "absolute"] = nstk.Field(
        "relative",
        description="Normalisation of the distances: relative (each squared one divided by the style's own squared norm), mean "
        "(of the squares) or absolute (the mean of the absolute differences).",
    )

    def statistic(self, features: nstk.Features, maps: Any = None) -> Any:
        """The sums and the squares of the channels (or their Gram matrix), and the number of positions, by layer."""
        import tensorflow as tf

        def sums(activations: Any) -> dict[str, Any]:
            if self.second == "covariance":
                return {**channel_sums(activations), "squares": gram_matrix(activations)}
            squares = tf.reduce_sum(tf.square(tf.cast(activations, tf.float32)), axis=[0, 1, 2])
            return {**channel_sums(activations), "squares": squares}

        return {layer: sums(features[layer]) for layer in self.layers}

    def goal(self, content: Any, styles: Mapping[str, Any]) -> Any:
        """By layer, the style's means and second moments. Several styles are blended, moment by moment."""
        import tensorflow as tf

        def of(layer: str) -> list[Any]:
            return self._moments(blended(styles, layer, "sum"), blended(styles, layer, "squares"), tf.ones(()))

        return {layer: of(layer) for layer in self.layers}

    def score(self, statistic: Any, goal: Any) -> Any:
        moments = {
            layer: self._moments(*(sums[part] for part in ("sum", "squares", "positions"))) for layer, sums in statistic.items()
        }
        return nstk.total(
            weight * nstk.total(self._distance(*pair) for pair in zip(moments[layer], goal[layer], strict=True))
            for layer, weight in self.layers.items()
        )

    def _moments(self, sum_: Any, squares: Any, positions: Any) -> list[Any]:
        """The means, and the standard deviations or covariances."""
        import tensorflow as tf

        mean, square = sum_ / positions, squares / positions
        if self.second == "covariance":
            return [mean, covariance(mean, square)]
        least = FLAT * square + TINY
        return [mean, tf.sqrt(tf.maximum(square - tf.square(mean), 0.0) + least)]

    def _distance(self, moment: Any, wanted: Any) -> Any:
        import tensorflow as tf

        if self.formula == "absolute":
            return tf.reduce_mean(tf.abs(moment - wanted))
        distance = tf.reduce_sum(tf.math.squared_difference(moment, wanted))
        if self.formula == "mean":
            return distance / float(wanted.shape.num_elements())
        return distance / tf.maximum(tf.reduce_sum(tf.square(wanted)), TINY)


@nstk.hookimpl
def nstk_losses() -> list[type[nstk.Loss]]:
    return [Moments]
