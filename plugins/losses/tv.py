"""Total variation: how much neighbouring pixels differ. To make it small keeps noise from growing in the picture.

Rudin, Osher and Fatemi, "Nonlinear total variation based noise removal algorithms", 1992, in the squared form that Mahendran
and Vedaldi ("Understanding Deep Image Representations by Inverting Them", CVPR 2015, equation 3, beta = 2) use for pictures:

    D = sum (x[i+1, j] - x[i, j])^2 + (x[i, j+1] - x[i, j])^2        x: pixels, 0..255

D is the squared distance between the picture and itself moved by a pixel, so `formula` has the content loss's normalisations:
`relative` D / the content's own D (1 is as rough as the photograph); `gatys` D / 2; `course` D / (4 x elements), `mean`
D / elements.

A difference belongs to two pixels, so parts of a picture have to share a row or column for their statistics to add up (`halo`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import nstk

LEVEL = 1.0
"""`relative` divides by at least the differences of a photograph whose neighbours differ by so many levels, because a flat
photograph has no differences of its own."""


class TotalVariation(nstk.StatisticLoss):
    """Squared differences of neighbouring pixels: smooths the picture."""

    name = "tv"
    halo = 1

    formula: nstk.Formula = "relative"

    def of_content(self, content: nstk.Features) -> Any:
        import tensorflow as tf

        image = content[nstk.IMAGE]
        return {"norm": roughness(image), "elements": tf.cast(tf.size(image), tf.float32)}

    def goal(self, content: Any, styles: Mapping[str, Any]) -> Any:
        return content

    def statistic(self, features: nstk.Features, maps: Any) -> Any:
        return roughness(features[nstk.IMAGE])

    def score(self, statistic: Any, goal: Any) -> Any:
        return nstk.normalised(statistic, goal, self.formula, least=LEVEL)


def roughness(image: Any) -> Any:
    """The sum of the squared differences of neighbouring pixels.

    The gradient is written out, because TensorFlow's own gradient of a slice goes one number at a time.
    """
    import tensorflow as tf

    @tf.custom_gradient
    def total(image: Any) -> tuple[Any, Any]:
        down, right = image[:, 1:] - image[:, :-1], image[:, :, 1:] - image[:, :, :-1]

        def gradient(upstream: Any) -> Any:
            def shifted(differences: Any, axis: int) -> Any:
                """Each difference, added at its second pixel and taken off at its first."""
                after, before = ([[0, 0] if at != axis else ends for at in range(4)] for ends in ([1, 0], [0, 1]))
                return tf.pad(differences, after) - tf.pad(differences, before)

            return 2 * upstream * (shifted(down, 1) + shifted(right, 2))

        return tf.reduce_sum(tf.square(down)) + tf.reduce_sum(tf.square(right)), gradient

    return total(image)


@nstk.hookimpl
def nstk_losses() -> list[type[nstk.Loss]]:
    return [TotalVariation]
