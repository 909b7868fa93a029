"""How fast a run is: what its steps and its scales took so far, and what those that are still to come will take.

A step takes as long as its scale has pixels. To set up a scale takes some seconds whatever its size, because a step is traced,
and besides as long as a few steps, because targets are computed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import tensorflow as tf

from ..api import Scale
from ..objective.features import Network

SET_UP = 5.0
"""How many seconds it takes to set up a scale of no size. This is what two cores need, and it counts until one is set up."""

TARGETS = 2.5
"""How many steps take as long as that part of setting up a scale which grows with its size, the first step included."""

LEAST = 0.1
"""The least share of the time until the first step that is taken for the part which grows with the size."""

CLOSING = 2.5
"""How many steps take as long as what comes after the last one: the picture is evaluated twice, and is written."""

FORWARD = 1.5
"""How many times as long as a forward pass a step takes for a pixel, as it was found. A step has a backward pass, too, but
it is compiled and its picture is larger, so that each pass takes less time for a pixel."""

PROBE = 128
"""The long edge in pixels of the picture whose forward pass is timed before there is any step."""

PASSES = 4
"""How many forward passes are timed. The fastest one counts: the first makes things ready."""

RECENT = 5
"""How many steps are looked at for the next ones of the same scale. An older step tells of a machine that was busier, or less
busy, than it is now. For other scales all steps count, because a machine that is busy just now will not be so for ever."""

MARGIN = 1.2
"""How many times as long as the number of pixels says a step on a larger scale is expected to take. At 512 pixels, a pixel was
found to take a third longer than at 256."""


class Pace:
    """What was measured of a run: the seconds of its steps, and of what is done before the first step of a scale."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=RECENT)
        """How many seconds the last steps of the scale at work took."""
        self._pixels = 0
        """How many pixels that scale has; 0 before the first one."""
        self._before = SET_UP
        """How many seconds it took until the first step of that scale was done."""
        self._seconds, self._moved = 0.0, 1
        """How many seconds all steps took, and how many pixels they moved; those of a forward pass before there is a step."""
        self._probed = True

    def probe(self, network: Network, scale: Scale, clock: Callable[[], float]) -> None:
        """Time a forward pass, before there is a step to measure."""
        image = tf.zeros([1, min(scale.height, PROBE), min(scale.width, PROBE), 3])
        times = []
        for _ in range(PASSES):
            began = clock()
            for activations in network(image).values():
                activations.numpy()  # which waits for them
            times.append(clock() - began)
        self._seconds, self._moved = FORWARD * min(times), image.shape[1] * image.shape[2]

    def begun(self, scale: Scale, seconds: float) -> None:
        """Note that the first step of a scale is done, so many seconds after the last step of the scale before."""
        self._before, self._pixels = seconds, scale.width * scale.height
        self._recent.clear()
        if self._probed:  # a forward pass on a busy machine may have taken far too long
            most = max(seconds - SET_UP, LEAST * seconds) / TARGETS
            self._seconds, self._moved = min(self._seconds / self._moved * self._pixels, most), self._pixels

    def moved(self, seconds: float) -> None:
        """Note a further step of the scale."""
        self._recent.append(seconds)
        if self._probed:
            self._seconds, self._moved, self._probed = 0.0, 0, False
        self._seconds, self._moved = self._seconds + seconds, self._moved + self._pixels

    def step(self, scale: Scale) -> float:
        """How many seconds a step will take."""
        pixels = scale.width * scale.height
        if pixels == self._pixels and self._recent:
            return sum(self._recent) / len(self._recent)
        return self._seconds / self._moved * pixels * (MARGIN if pixels > self._pixels > 0 else 1.0)

    def set_up(self, scale: Scale) -> float:
        """How many seconds it will take to set up a scale and to do its first step."""
        grown = TARGETS * self._seconds / self._moved * self._pixels
        return max(0.0, self._before - grown) + TARGETS * self.step(scale)

    def closing(self, scale: Scale) -> float:
        """How many seconds the run will take after its last step, if that is a step of this scale."""
        return CLOSING * self.step(scale)
