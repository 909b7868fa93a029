"""Style loss: how far the Gaussian of the picture's activations has to be moved to become the painting's (Wasserstein-2).

For the activations of a layer (M positions x N channels) with means mu and covariances Sigma, and for the painting's nu and T:

    W = sum (mu - nu)^2 + tr(Sigma + T - 2 (T^1/2 Sigma T^1/2)^1/2)        L = sum over layers of w W, normalised

W is the squared Wasserstein-2 distance of the two Gaussians (Dowson and Landau, "The Frechet distance between multivariate
normal distributions", 1982; its second term is the squared Bures distance). A Gram matrix compares squares of activations, so
that loud channels drown the others; W is measured in the activations themselves. crowsonkb/style-transfer-pytorch (2022 on)
paints with it. nstk differs from that tool in four things: the `rank`; the trace is the sum of the roots of eigenvalues, not of
a matrix root by iteration; what is added to the diagonals is a share of the painting's variance (`RIDGE`), where the tool adds
1e-4; and `formula: relative` weighs layers alike.

The covariances are compared in the `rank` directions in which the painting varies most, and in all others together by what
variance they have in sum, r and t: (r^1/2 - t^1/2)^2, as if they varied alike. The eigenvalues of all 512 channels of a layer
take a tenth of a second a step on two cores, those of 128 directions a fiftieth of that; and in these directions lie about nine
tenths of a painting's variance.

Unless a recipe says otherwise, the layers that see strokes and bundles of strokes, of blocks 3 and 4, weigh most. Beside equal
weights, more of the painter's marks and more of the photograph are in the picture at once.

`formula` chooses the normalisation: `relative` W / (sum nu^2 + tr T), where 1 is a picture without activations; `mean` W / N.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import nstk
from nstk.plugins.losses._moments import blended, channel_sums, covariance
from nstk.plugins.losses._products import gram_matrix
from nstk.plugins.losses._statistics import StyleStatistic

RIDGE = 1e-3
"""What is added to each variance, as a share of the painting's mean variance. The gradient of a root is infinite at 0."""

TINY = 1e-12
"""A lower bound that keeps everything finite for a layer of the painting that never fires."""


class Wasserstein(StyleStatistic):
    """The squared Wasserstein distance of two Gaussians: of the picture's activations and of the style's."""

    name = "wasserstein"

    layers: nstk.Layers = nstk.Field(
        {"block1_conv1": 0.05, "block2_conv1": 0.1, "block3_conv1": 0.35, "block4_conv1": 0.4, "block5_conv1": 0.1},
        description="Layers to compare: a list (equal weights that sum to 1) or layer: weight.",
    )
    formula: Literal["relative", "mean"] = nstk.Field(
        "relative", description="Normalisation of the distance: relative (divided by the style's own mean square) or mean."
    )
    rank: int = nstk.Field(
        128,
        ge=1,
        description="In how many directions, those in which the style varies most, covariances are compared one by one.",
    )

    def statistic(self, features: nstk.Features, maps: Any = None) -> Any:
        """The sums and the Gram matrix of the channels, and the number of positions, by layer."""
        return {layer: {**channel_sums(features[layer]), "gram": gram_matrix(features[layer])} for layer in self.layers}

    def goal(self, content: Any, styles: Mapping[str, Any]) -> Any:
        """By layer, the style's means, the directions in which it varies most with their variances, and its mean square.

        Of several styles, the raw moments are blended, so the goal is the Gaussian of all their activations.
        """
        import tensorflow as tf

        def of(layer: str) -> dict[str, Any]:
            mean, square = (blended(styles, layer, part) for part in ("sum", "gram"))
            wanted = covariance(mean, square)
            variance = tf.maximum(tf.linalg.trace(wanted), TINY)
            ridge = RIDGE * variance / float(mean.shape[0])
            values, vectors = tf.linalg.eigh(wanted + ridge * tf.eye(mean.shape[0]))
            values, rank = tf.maximum(values, ridge), min(self.rank, int(mean.shape[0]))
            size = tf.reduce_sum(tf.square(mean)) + variance
            main = {"directions": vectors[:, -rank:], "variances": values[-rank:]}
            return {"mean": mean, **main, "rest": tf.reduce_sum(values[:-rank]), "ridge": ridge, "size": size}

        return {layer: of(layer) for layer in self.layers}

    def score(self, statistic: Any, goal: Any) -> Any:
        return nstk.total(weight * self._distance(statistic[layer], goal[layer]) for layer, weight in self.layers.items())

    def _distance(self, sums: Any, goal: Any) -> Any:
        import tensorflow as tf

        mean, square = sums["sum"] / sums["positions"], sums["gram"] / sums["positions"]
        channels = int(mean.shape[0])
        made = covariance(mean, square) + goal["ridge"] * tf.eye(channels)
        moved = tf.reduce_sum(tf.math.squared_difference(mean, goal["mean"]))
        directions, variances = goal["directions"], goal["variances"]
        inner = tf.matmul(directions, tf.matmul(made, directions), transpose_a=True)
        common = overlap(inner, tf.linalg.diag(tf.sqrt(variances)), goal["ridge"])
        kept = tf.linalg.trace(inner)
        spread = kept + tf.reduce_sum(variances) - 2 * common
        if directions.shape[1] < channels:
            rest = tf.maximum(tf.linalg.trace(made) - kept, goal["ridge"])
            spread += tf.square(tf.sqrt(rest) - tf.sqrt(goal["rest"]))
        return (moved + tf.maximum(spread, 0.0)) / (goal["size"] if self.formula == "relative" else float(channels))


def overlap(spread: Any, root: Any, ridge: Any) -> Any:
    """tr (R C R)^1/2 for a covariance C (`spread`) and the root R of another one.

    Eigenvalues are computed in float64: those of a product of covariances reach further than the digits of float32, and of the
    small ones the roots are taken. The gradient with respect to C is R (R C R)^-1/2 R / 2, from the same eigenvalues; those
    that rounding has put below the square of the `ridge` count as that.
    """
    import tensorflow as tf

    @tf.custom_gradient
    def trace(spread: Any) -> tuple[Any, Callable[[Any], Any]]:
        wide = tf.cast(root, tf.float64)
        product = tf.matmul(wide, tf.matmul(tf.cast(spread, tf.float64), wide))
        values, vectors = (tf.cast(it, tf.float32) for it in tf.linalg.eigh((product + tf.transpose(product)) / 2))
        roots = tf.sqrt(tf.maximum(values, tf.square(ridge)))

        def gradient(upstream: Any) -> Any:
            turned = tf.matmul(root, vectors)
            return upstream / 2 * tf.matmul(turned / roots, turned, transpose_b=True)

        return tf.reduce_sum(roots), gradient

    return trace(spread)


@nstk.hookimpl
def nstk_losses() -> list[type[nstk.Loss]]:
    return [Wasserstein]
