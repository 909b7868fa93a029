"""Gradient descent with momentum, held against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from nstk.plugins.optimizers.sgd import Sgd
from tests.plugins.optimizers.samples import START, WANTED, begin


@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_has_momentum(nesterov):
    image, stepper = begin(Sgd(learning_rate=0.1, momentum=0.8, nesterov=nesterov))
    picture, momentum = START, np.zeros_like(START)
    for _ in range(8):
        stepper.step()
        move = -0.1 * (picture - WANTED)
        momentum = 0.8 * momentum + move
        picture = np.clip(picture + (0.8 * momentum + move if nesterov else momentum), 0, 255)
    np.testing.assert_allclose(image[0], picture, atol=1e-2)
