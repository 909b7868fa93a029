"""Style loss: how far the Gram matrices of the picture's activations are from the painting's.

Gatys, Ecker and Bethge, CVPR 2016, equations 3 to 5: with the activations F of a layer (M positions x N channels) and the Gram
matrices G = F^T F of the picture and A of the painting,

    E = 1 / (4 N^2 M^2) sum (G - A)^2,    L = sum over layers of w E

nstk differs from the paper in one thing: each Gram matrix is divided by the number of its own positions before the matrices are
compared, so the painting need not have the picture's size. Where the sizes agree, the values are the paper's.

`formula` chooses the normalisation of D = sum (G/M - A/M)^2: `relative` D / sum (A/M)^2, so that a layer counts by its weight
at every size; `gatys` and `course` (the deeplearning.ai course) D / (4 N^2); `mean` D / N^2; `scaled` D / (sum |G/M - A/M| +
1e-8), which is what crowsonkb/style-transfer-pytorch had in 2021.

Two keys are those of Novak and Nikulin, "Improving the Neural Algorithm of Artistic Style", 2016. With `shift` s, the matrices
are those of F + s (the paper has -1), which also tell where a channel is silent. With `chains`, F^T H with the activations H of
the next layer stands in place of F^T F, so that the loss sees which fine features occur in which coarse ones; N^2 is then the
product of both numbers of channels. Where the paper enlarges H to F's size, F is averaged here over each position of H. That is
the same as to enlarge H by repeating it, and adds up over tiles. Each pair has the mean of its layers' weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ValidationInfo

import nstk
from nstk.plugins.losses._chains import chained, pairs
from nstk.plugins.losses._moments import channel_sums
from nstk.plugins.losses._products import gram_matrix
from nstk.plugins.losses._scaled import scaled, sums_of
from nstk.plugins.losses._statistics import StyleStatistic

TINY = 1e-12
"""A lower bound that keeps `relative` finite for a layer of the painting that never fires."""


def _of_two_layers(chains: bool, info: ValidationInfo) -> bool:
    if chains and len(info.data.get("layers", ())) == 1:
        raise ValueError("compares neighbouring layers: name at least two in `layers`")
    return chains


class Gram(StyleStatistic):
    """Squared distance between the Gram matrices of the picture and of the style: which features occur together."""

    name = "gram"

    formula: Literal["relative", "gatys", "course", "mean", "scaled"] = nstk.Field(
        "relative",
        description="Normalisation of the squared distance of the Gram matrices: relative (divided by the style's own squared "
        "norm), gatys and course (a quarter of the mean over the matrix), mean, or scaled (divided by the sum of the absolute "
        "differences).",
    )

    shift: float = nstk.Field(0.0, description="Added to the activations first; -1 also compares where channels are silent.")
    chains: Annotated[bool, AfterValidator(_of_two_layers)] = nstk.Field(
        False, description="Compare the products of each layer with the next one, not those of a layer with itself."
    )

    @property
    def pointwise(self) -> bool:
        return not self.chains

    def statistic(self, features: nstk.Features, maps: Any = None) -> Any:
        """The Gram matrix and the number of positions, by layer, or by pair of layers; the channels' sums where they count."""
        import tensorflow as tf

        if self.chains:
            return {f"{one} {other}": chained(features[one], features[other]) for one, other in pairs(self.layers)}

        def sums(activations: Any) -> dict[str, Any]:
            positions = tf.size(activations) // activations.shape[-1]
            made = {"gram": gram_matrix(activations), "positions": tf.cast(positions, tf.float32)}
            return {**made, "sums": [channel_sums(activations)["sum"]]} if self.shift else made

        return {layer: sums(features[layer]) for layer in self.layers}

    def goal(self, content: Any, styles: Mapping[str, Any]) -> Any:
        """By layer, the style's Gram matrix per position, `[channels, channels]`, and its squared norm.

        Of several styles, the mean of the matrices is taken, by the styles' shares.
        """
        import tensorflow as tf

        means = nstk.blend(styles, self._per_position)
        return {layer: {"gram": mean, "norm": tf.reduce_sum(tf.square(mean))} for layer, mean in means.items()}

    def score(self, statistic: Any, goal: Any) -> Any:
        grams = self._per_position(statistic)
        return nstk.total(weight * self._distance(grams[layer], goal[layer]) for layer, weight in self._weights().items())

    def _weights(self) -> Mapping[str, float]:
        """The weights of what is compared: of layers, or of pairs of layers."""
        return {" ".join(pair): weight for pair, weight in pairs(self.layers).items()} if self.chains else self.layers

    def _per_position(self, statistic: Any) -> dict[str, Any]:
        """The mean products of channels, by layer: what (F + s)^T (H + s) / M is, in terms of the sums."""

        def mean(sums: Mapping[str, Any]) -> Any:
            gram = sums["gram"] / sums["positions"]
            if not self.shift:
                return gram
            rows, columns = (sums["sums"][at] / sums["positions"] for at in (0, -1))
            return nstk.total([gram, self.shift * (rows[:, None] + columns[None, :]), self.shift**2])

        return {layer: mean(sums) for layer, sums in statistic.items()}

    def _distance(self, gram: Any, goal: Mapping[str, Any]) -> Any:
        import tensorflow as tf

        if self.formula == "scaled":
            return scaled(sums_of(gram - goal["gram"]))
        distance = tf.reduce_sum(tf.math.squared_difference(gram, goal["gram"]))
        if self.formula == "relative":
            return distance / tf.maximum(goal["norm"], TINY)
        return distance / (gram.shape.num_elements() * (1 if self.formula == "mean" else 4))


@nstk.hookimpl
def nstk_losses() -> list[type[nstk.Loss]]:
    return [Gram]
