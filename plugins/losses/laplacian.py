"""Content loss: how far the picture's edges and small forms are from the photograph's.

Li, Xu, Nie and Liu, "Laplacian-Steered Neural Style Transfer", 2017: the pixels are averaged over squares of `pool` x `pool`,
and the Laplacian of the sum r of red, green and blue is taken,

    D(x)[i, j] = 4 r[i, j] - r[i - 1, j] - r[i + 1, j] - r[i, j - 1] - r[i, j + 1],        L = sum (D(x) - D(c))^2

with x the picture and c the content. The content loss of a deep layer lets contours bend; L holds them where the photograph
has them, and leaves areas free. The paper has `pool` 4 and 16, each by itself or both, which are two losses here. nstk differs
in one thing: D is taken only where a square has all four neighbours, so the frame of the picture is no edge.

`formula` chooses the normalisation: `relative` L / sum D(c)^2; `gatys` L / 2; `course` L / (4 x squares), `mean` L / squares.
The paper's L is `gatys` with twice the weight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import nstk
from nstk.plugins.losses._windows import SHARED, widened

LEVEL = 1.0
"""`relative` divides by at least the Laplacian of a photograph whose squares are off their neighbours' mean by a quarter of so
many levels, because a flat photograph has no edges of its own."""


class Laplacian(nstk.StatisticLoss):
    """Squared distance between the Laplacians of the picture and of the content: keeps contours in their places."""

    name = "laplacian"

    formula: nstk.Formula = "relative"
    pool: int = nstk.Field(
        4, ge=1, le=64, description="The pixels are averaged over squares of so many first: 4, or 16 for large forms."
    )

    @property
    def halo(self) -> int:  # type: ignore[override]
        """Two squares: each Laplacian lies in one part."""
        return SHARED * self.pool

    @property
    def stride(self) -> int:  # type: ignore[override]
        """A square."""
        return self.pool

    def maps(self, content: nstk.Features) -> Any:
        import tensorflow as tf

        return tf.reduce_sum(content[nstk.IMAGE], axis=3, keepdims=True)

    def of_content(self, content: nstk.Features) -> Any:
        return nstk.size_of(self._edges(self.maps(content)))

    def goal(self, content: Any, styles: Mapping[str, Any]) -> Any:
        return content

    def statistic(self, features: nstk.Features, maps: Any) -> Any:
        import tensorflow as tf

        return tf.reduce_sum(tf.square(self._edges(self.maps(features) - maps)))

    def score(self, statistic: Any, goal: Any) -> Any:
        return nstk.normalised(statistic, goal, self.formula, least=LEVEL)

    def _edges(self, grey: Any) -> Any:
        """The Laplacian of a map that is averaged over squares. It is linear: that of a difference is the difference."""
        import tensorflow as tf

        return laplacian(tf.nn.avg_pool2d(grey, self.pool, self.pool, "VALID") if self.pool > 1 else grey)


def laplacian(map_: Any) -> Any:
    """Four times each value less its neighbours, where all four are there. The gradient is the Laplacian of what comes back."""
    import tensorflow as tf

    if min(map_.shape[1:3]) <= SHARED:
        return map_[:, :0]

    def inside(map_: Any) -> Any:
        across = map_[:, 1:-1, :-2] + map_[:, 1:-1, 2:]
        return 4 * map_[:, 1:-1, 1:-1] - (map_[:, :-2, 1:-1] + map_[:, 2:, 1:-1]) - across

    @tf.custom_gradient
    def of(map_: Any) -> tuple[Any, Callable[[Any], Any]]:
        return inside(map_), lambda upstream: inside(widened(upstream))

    return of(map_)


@nstk.hookimpl
def nstk_losses() -> list[type[nstk.Loss]]:
    return [Laplacian]
