"""Spectral parametrization: low frequencies of the picture move more readily than high ones.

The unknowns are a picture whose Fourier coefficient at frequency f (cycles a pixel) is multiplied by f^-power. Photographs
have about such a spectrum with power 1, and Olah, Mordvintsev and Schubert ("Feature Visualization", Distill 2017) paint in it
for that reason. nstk differs from them in two things: the operator is scaled to a geometric mean of 1, so that a learning rate
keeps about its meaning, and the picture itself is kept and clipped, not the coefficients.

The optimizer `lbfgs` with `scaling: bands` learns by itself what each frequency needs, so there only the first move is
spectral. A warning says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import nstk


class Spectral(nstk.Parametrization):
    """Frequencies are scaled by f^-power: broad changes come first."""

    name = "spectral"

    power: float = nstk.Field(
        0.5, ge=-1, le=2, description="How much more readily low frequencies move; 0 is `pixels`, below 0 it is the reverse."
    )

    def operator(self, height: int, width: int) -> Callable[[Any], Any]:
        import numpy as np
        import tensorflow as tf

        if not self.power:
            return lambda change: change  # as `pixels`, without the rounding of two transforms
        frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
        frequency = np.maximum(frequency, 1 / max(height, width))  # the picture's mean has frequency 0
        scale = frequency**-self.power
        scale /= np.exp(np.log(scale).mean())

        def filtered(change: Any) -> Any:
            planes = tf.signal.rfft2d(tf.transpose(change, [0, 3, 1, 2]))
            planes = tf.signal.irfft2d(planes * tf.constant(scale.astype(np.complex64)), [height, width])
            return tf.transpose(planes, [0, 2, 3, 1])

        return filtered


@nstk.hookimpl
def nstk_parametrizations() -> list[type[nstk.Parametrization]]:
    return [Spectral]
