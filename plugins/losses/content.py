"""Content loss: how far the picture's activations are from the photograph's.

Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016, equation 1:

    L = 1/2 sum (F - P)^2        F, P: activations of the picture and of the content, M positions x N channels

`formula` chooses the normalisation of the squared distance D = sum (F - P)^2: `relative` D / sum P^2; `gatys` D / 2; `course`
D / (4 N M), the deeplearning.ai course; `mean` D / (N M); `scaled` D / (sum |F - P| + 1e-8), which is what
crowsonkb/style-transfer-pytorch had in 2021.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import nstk
from nstk.plugins.losses._scaled import scaled, sums_of


class Content(nstk.StatisticLoss):
    """Squared distance between the activations of the picture and those of the content."""

    name = "content"
    takes_low_precision = True

    layers: nstk.Layers = nstk.Field(
        {"block4_conv2": 1.0}, description="Layers to compare: a list (equal weights that sum to 1) or layer: weight."
    )
    formula: Literal["relative", "gatys", "course", "mean", "scaled"] = nstk.Field(
        "relative",
        description="Normalisation of the squared distance: relative (divided by the content's own squared norm), gatys (half "
        "the sum), course (a quarter of the mean), mean, or scaled (divided by the sum of the absolute differences).",
    )

    def reads(self) -> Sequence[str]:
        return tuple(self.layers)

    def maps(self, content: nstk.Features) -> Any:
        return {layer: content[layer] for layer in self.layers}

    def of_content(self, content: nstk.Features) -> Any:
        return {layer: nstk.size_of(content[layer]) for layer in self.layers}

    def goal(self, content: Any, styles: Mapping[str, Any]) -> Any:
        return content

    def statistic(self, features: nstk.Features, maps: Any) -> Any:
        import tensorflow as tf

        def sums(one: Any, other: Any) -> Any:
            if self.formula == "scaled":
                return sums_of(tf.cast(one, tf.float32) - tf.cast(other, tf.float32))
            return nstk.squared_difference(one, other)

        return {layer: sums(features[layer], maps[layer]) for layer in self.layers}

    def score(self, statistic: Any, goal: Any) -> Any:
        def distance(layer: str) -> Any:
            if self.formula == "scaled":
                return scaled(statistic[layer])
            return nstk.normalised(statistic[layer], goal[layer], self.formula)

        return nstk.total(weight * distance(layer) for layer, weight in self.layers.items())


@nstk.hookimpl
def nstk_losses() -> list[type[nstk.Loss]]:
    return [Content]
