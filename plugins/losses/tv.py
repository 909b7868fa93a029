"""Total variation: how much neighbouring pixels differ, to keep the picture from growing noise.

Rudin, Osher and Fatemi, "Nonlinear total variation based noise removal algorithms", 1992, in the squared form that Mahendran
and Vedaldi ("Understanding Deep Image Representations by Inverting Them", CVPR 2015, equation 3, beta = 2) use for pictures:

    D = sum (x[i+1, j] - x[i, j])^2 + (x[i, j+1] - x[i, j])^2        x: pixels, 0..255

It is the squared distance between the picture and itself moved by a pixel, so `formula` has the content loss's normalisations:
`relative` D / the content's own D (1 is as rough as the photograph); `gatys` D / 2; `course` D / (4 x elements), `mean`
D / elements.

A difference belongs to two pixels, so parts of a picture have to share a row or column for their statistics to add up (`halo`).
"""

from __future__ import annotations

from typing import Any

import nstk
from nstk.plugins.losses._distance import DISTANCE, Formula, distance

LEVEL = 1.0
"""A photograph without any differences counts as one whose neighbours differ by a level, for `relative` divides by it."""


class TotalVariation(nstk.StatisticLoss):
    """Squared differences of neighbouring pixels: smooths the picture."""

    name = "tv"
    halo = 1

    formula: Formula = nstk.Field("relative", description=DISTANCE)

    def target(self, refs: nstk.References) -> Any:
        import tensorflow as tf

        content = refs.content[nstk.IMAGE]
        return {"norm": self._roughness(content), "elements": tf.cast(tf.size(content), tf.float32)}

    def statistic(self, features: nstk.Features, target: Any) -> Any:
        return {"distance": self._roughness(features[nstk.IMAGE]), **target}

    def _roughness(self, image: Any) -> Any:
        import tensorflow as tf

        down, right = image[:, 1:] - image[:, :-1], image[:, :, 1:] - image[:, :, :-1]
        return tf.reduce_sum(tf.square(down)) + tf.reduce_sum(tf.square(right))

    def score(self, statistic: Any, target: Any) -> Any:
        return distance(statistic, self.formula, least=LEVEL)


@nstk.hookimpl
def nstk_losses() -> list[type[nstk.Loss]]:
    return [TotalVariation]
