"""The curvature of an objective in each band of a picture's frequencies.

With s the last moves of the pixels and y the changes of their gradient, a band has about the curvature |y| / |s|. Under a
parametrization, pixels = A u, the unknowns u have there the curvature |A y| / |A^-1 s|. A need not be inverted: this is
|y| / |s| times what A, applied twice, multiplies white noise in the band by. H0 = A D A, with D the inverse of them,
follows the parametrization where A treats places or colours differently. Where A only scales frequencies, D takes it back: a
method that knows the curvature does not depend on the scale of its unknowns. A warning says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import nstk

log = logging.getLogger("nstk")

BANDS = 16
MEMORY = 0.8
"""By which factor the sums that the bands have learnt decay with each step."""
RANGE = 1e4
"""How many times flatter than the most curved band a band may be. The lowest bands have few coefficients, and much noise."""

UNDONE = (
    "the parametrization only scales frequencies, and the optimizer `lbfgs` with `scaling: bands` learns by itself what each "
    "frequency needs: only the first move follows the parametrization; with `scaling: scalar`, all moves do"
)


class Bands:
    """The objective's curvature in each band of frequencies, learnt on the way. All directions and colours share one value."""

    def __init__(self, problem: nstk.Problem, before: Bands | None):
        import numpy as np
        import tensorflow as tf

        _, self.height, self.width, _ = problem.image.shape
        frequency = np.hypot(np.fft.fftfreq(self.height)[:, None], np.fft.rfftfreq(self.width)[None, :])
        self.lowest = 1 / max(self.height, self.width)
        step = np.log(np.sqrt(0.5) / self.lowest) / (BANDS - 1)  # bands are equally wide in octaves
        place = np.clip(np.log(np.maximum(frequency, 1e-9) / self.lowest) / step, 0, BANDS - 1)
        self.place = tf.constant(place, tf.float32)  # 2.25 lies a quarter between the third band and the fourth
        self.centres = np.log(self.lowest) + step * np.arange(BANDS)
        self.twice = np.full(frequency.shape[1], 2, np.float32)  # the other half are conjugates
        self.twice[0] = 1
        if self.width % 2 == 0:
            self.twice[-1] = 1
        self.moved, self.changed = tf.Variable(tf.zeros(BANDS)), tf.Variable(tf.zeros(BANDS))  # sums of |s|^2, |y|^2
        self.flatness = tf.Variable(tf.ones(BANDS))  # the inverse of the curvature
        self.known = tf.Variable(False)
        self.gain = self._gain(problem, warn=before is None)
        """The logarithm of what the parametrization's operator, applied twice, multiplies each band by; None for `pixels`."""
        if before is not None:
            self._inherit(before)

    @property
    def variables(self) -> list[Any]:
        return [self.moved, self.changed, self.flatness, self.known]

    def forget(self) -> None:
        """Drop all that was learnt."""
        import tensorflow as tf

        for variable in self.variables:
            variable.assign(tf.ones_like(variable) if variable is self.flatness else tf.zeros_like(variable))

    def _inherit(self, before: Bands) -> None:
        """Begin with the curvature of the scale before, at the same frequencies of the picture.

        The more pixels there are, the less each weighs: a loss that is a mean has its curvature spread over the pixels.
        """
        import numpy as np

        pixels = self.height * self.width / (before.height * before.width)
        shift = np.log(self.lowest) - np.log(before.lowest)
        known = np.log(np.maximum(before.flatness.numpy(), 1e-30))
        if self.gain is not None and before.gain is not None:  # the curvature is the pixels', the gain the parametrization's
            known = known + before.gain.numpy()
        flatness = np.exp(np.interp(self.centres, before.centres + shift, known)) * pixels
        self.flatness.assign(flatness if self.gain is None else flatness * np.exp(-self.gain.numpy()))
        self.known.assign(before.known)

    def flatten(self, gradient: Any) -> Any:
        """The gradient with each band divided by the band's curvature."""
        import tensorflow as tf

        scale = tf.cast(self._scale(), tf.complex64)
        size = [self.height, self.width]
        planes = [tf.signal.irfft2d(tf.signal.rfft2d(plane) * scale, size) for plane in _planes(gradient)]
        return tf.stack(planes, axis=-1)[None]

    def _scale(self) -> Any:
        """The flatness at each frequency, interpolated between the bands."""
        import tensorflow as tf

        logs = tf.math.log(self.flatness)
        below = tf.minimum(tf.cast(self.place, tf.int32), BANDS - 2)
        slopes = tf.gather(logs[1:] - logs[:-1], below)
        return tf.exp(tf.gather(logs, below) + (self.place - tf.cast(below, tf.float32)) * slopes)

    def _power(self, picture: Any) -> Any:
        """The power at each frequency, summed over all colours and both halves of the spectrum."""
        import tensorflow as tf

        power = tf.zeros_like(self.place)
        for plane in _planes(picture):
            spectrum = tf.signal.rfft2d(plane)
            power += tf.square(tf.math.real(spectrum)) + tf.square(tf.math.imag(spectrum))
        return power * self.twice

    def _by_band(self, power: Any) -> Any:
        import tensorflow as tf

        return tf.math.unsorted_segment_sum(power, tf.cast(tf.round(self.place), tf.int32), BANDS)

    def learn(self, move: Any, change: Any, shaped: Any, product: Any) -> None:
        """Take a move, the change of the gradient along it, and the inner product of both into account.

        `shaped` is the change as the unknowns see it: what the parametrization's operator makes of `change`.
        """
        import tensorflow as tf

        power = self._power(change)
        self.moved.assign(MEMORY * self.moved + self._by_band(self._power(move)))
        self.changed.assign(MEMORY * self.changed + self._by_band(power))
        curvature = tf.sqrt(self.changed / tf.maximum(self.moved, 1e-30))
        logs = tf.math.log(tf.maximum(curvature, tf.reduce_max(curvature) / RANGE))
        padded = tf.concat([logs[:1], logs, logs[-1:]], 0)
        smooth = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
        if self.gain is not None:
            smooth, power = smooth + self.gain, self._power(shaped)
        self.flatness.assign(tf.exp(-smooth))
        # Along the last move the curvature shall be right as a whole: y H0 y = s y, as the scalar's formula has it.
        flattened = tf.reduce_sum(power * self._scale()) / (self.height * self.width)
        self.flatness.assign(self.flatness * product / flattened)
        self.known.assign(True)

    def _gain(self, problem: nstk.Problem, *, warn: bool) -> Any:
        """Measure the gain of a parametrization's operator on white noise, always the same.

        A band without a coefficient gets what the bands around it have. Where the gain is all that the operator does, `warn`.
        """
        import numpy as np
        import tensorflow as tf

        shape, picture = problem.shape, problem.image.read_value()
        if shape(picture) is picture:  # the unknowns are the pixels, and a large picture needs no noise of its size
            return None
        noise = tf.constant(np.random.default_rng(0).standard_normal([1, self.height, self.width, 3], np.float32))
        once = shape(noise)
        was, became = (self._by_band(self._power(picture)).numpy() for picture in (noise, shape(once)))
        there = (was > 0) & (became > 0) & np.isfinite(became)
        if not there.any():
            return None
        bands = np.arange(BANDS)
        gain = np.interp(bands, bands[there], np.log(became[there] / was[there]) / 2)
        if warn and _is_filter(shape, noise, once):
            log.warning("%s", UNDONE)
        return tf.constant(gain, tf.float32)


def _planes(picture: Any) -> Iterator[Any]:
    """The colours of a picture, one by one. What is made of all colours at once may be as large as the picture."""
    return (picture[0, :, :, channel] for channel in range(picture.shape[-1]))


def _is_filter(shape: Callable[[Any], Any], noise: Any, shaped: Any) -> bool:
    """Whether an operator treats all places and all colours alike. `shaped` is what the operator makes of `noise`."""
    import numpy as np
    import tensorflow as tf

    def elsewhere(picture: Any) -> Any:
        _, height, width, _ = picture.shape
        return tf.roll(picture, [height // 3, width // 3, 1], [1, 2, 3])

    return bool(np.allclose(shape(elsewhere(noise)), elsewhere(shaped), rtol=1e-2, atol=1e-3 * np.abs(shaped).max()))
