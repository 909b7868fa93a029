"""The photograph's palette: each painting gets the photograph's mean colour and covariance before the losses see it.

Gatys and others, "Controlling perceptual factors in neural style transfer", CVPR 2017: with the mean m and the
covariance C of the photograph's pixels, n and S of the painting's, each pixel x of the painting becomes

    A (x - n) + m,        with A S A^T = C

Many A do this. nstk takes A = S^-1/2 (S^1/2 C S^1/2)^1/2 S^-1/2, which moves the colours least (Pitie and Kokaram, "The linear
Monge-Kantorovitch linear colour mapping for example-based colour transfer", 2007), where the paper takes C^1/2 S^-1/2. One
squared level is added to each variance, so that a grey painting has a map too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import nstk

if TYPE_CHECKING:
    import numpy as np

RIDGE = 1.0
"""What is added to each variance, in levels squared."""


class Match(nstk.Colours):
    """The painting recoloured to the photograph's mean and covariance, before the losses see it."""

    name = "match"

    def of_style(self, style: np.ndarray, content: np.ndarray) -> np.ndarray:
        import numpy as np

        (mean, covariance), (wanted, theirs) = moments(style), moments(content)
        root, inverse = _power(covariance, 0.5), _power(covariance, -0.5)
        matrix = inverse @ _power(root @ theirs @ root, 0.5) @ inverse
        return ((style - mean) @ matrix.T + wanted).astype(np.float32)


def moments(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean `[3]` and the covariance `[3, 3]` of a picture's colours, with `RIDGE` on the diagonal."""
    import numpy as np

    colours = picture.reshape(-1, 3).astype(np.float64)
    return colours.mean(axis=0), np.cov(colours.T, bias=True) + RIDGE * np.eye(3)


def _power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    """A power of a symmetric matrix whose eigenvalues are positive."""
    import numpy as np

    values, vectors = np.linalg.eigh(matrix)
    made: np.ndarray = (vectors * np.maximum(values, 1e-9) ** exponent) @ vectors.T
    return made


@nstk.hookimpl
def nstk_colours() -> list[type[nstk.Colours]]:
    return [Match]
