"""Style loss: how far the Gram matrices of the picture's activations are from the painting's.

Gatys, Ecker and Bethge, CVPR 2016, equations 3 to 5: with the activations F of a layer (M positions x N channels) and the Gram
matrices G = F^T F of the picture and A of the painting,

    E = 1 / (4 N^2 M^2) sum (G - A)^2,    L = sum over layers of w E

nstk differs from the paper in one thing: each Gram matrix is divided by the number of its own positions before the matrices are
compared, so the painting need not have the picture's size. Where the sizes agree, the values are the paper's.

`formula` chooses the normalisation of D = sum (G/M - A/M)^2: `relative` D / sum (A/M)^2, so that a layer counts by its weight
at every size; `gatys` and `course` (the deeplearning.ai course) D / (4 N^2); `mean` D / N^2; `scaled` D / (sum |G/M - A/M| +
1e-8), which is what crowsonkb/style-transfer-pytorch had in 2021.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import nstk
from nstk.plugins.losses._products import gram_matrix
from nstk.plugins.losses._scaled import scaled, sums_of

TINY = 1e-12
"""A lower bound that keeps `relative` finite for a layer of the painting that never fires."""


class Gram(nstk.StatisticLoss):
    """Squared distance between the Gram matrices of the picture and of the style: which features occur together."""

    name = "gram"
    takes_low_precision = True

    layers: nstk.Layers = nstk.Field(
        [f"block{block}_conv1" for block in range(1, 6)],
        description="Layers to compare: a list (equal weights that sum to 1) or layer: weight.",
    )
    formula: Literal["relative", "gatys", "course", "mean", "scaled"] = nstk.Field(
        "relative",
        description="Normalisation of the squared distance of the Gram matrices: relative (divided by the style's own squared "
        "norm), gatys and course (a quarter of the mean over the matrix), mean, or scaled (divided by the sum of the absolute "
        "differences).",
    )

    def reads(self) -> Sequence[str]:
        return tuple(self.layers)

    def statistic(self, features: nstk.Features, maps: Any = None) -> Any:
        """The Gram matrix and the number of positions, by layer."""
        import tensorflow as tf

        def sums(activations: Any) -> dict[str, Any]:
            positions = tf.size(activations) // activations.shape[-1]
            return {"gram": gram_matrix(activations), "positions": tf.cast(positions, tf.float32)}

        return {layer: sums(features[layer]) for layer in self.layers}

    def of_style(self, style: nstk.Features) -> Any:
        return self.statistic(style)

    def goal(self, content: Any, styles: Mapping[str, Any]) -> Any:
        """By layer, the style's Gram matrix per position, `[channels, channels]`, and its squared norm.

        Of several styles, the mean of the matrices is taken.
        """
        import tensorflow as tf

        grams = [self._per_position(style) for style in styles.values()]
        means = {layer: sum(gram[layer] for gram in grams) / len(grams) for layer in self.layers}
        return {layer: {"gram": mean, "norm": tf.reduce_sum(tf.square(mean))} for layer, mean in means.items()}

    def score(self, statistic: Any, goal: Any) -> Any:
        grams = self._per_position(statistic)
        return nstk.total(weight * self._distance(grams[layer], goal[layer]) for layer, weight in self.layers.items())

    def _per_position(self, statistic: Any) -> dict[str, Any]:
        return {layer: sums["gram"] / sums["positions"] for layer, sums in statistic.items()}

    def _distance(self, gram: Any, goal: Mapping[str, Any]) -> Any:
        import tensorflow as tf

        if self.formula == "scaled":
            return scaled(sums_of(gram - goal["gram"]))
        distance = tf.reduce_sum(tf.math.squared_difference(gram, goal["gram"]))
        if self.formula == "relative":
            return distance / tf.maximum(goal["norm"], TINY)
        channels = int(gram.shape[-1])
        return distance / (channels**2 * (1 if self.formula == "mean" else 4))


@nstk.hookimpl
def nstk_losses() -> list[type[nstk.Loss]]:
    return [Gram]
