"""RMSprop, held against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from nstk.plugins.optimizers.rmsprop import Rmsprop
from tests.plugins.optimizers.samples import START, WANTED, begin


@pytest.mark.parametrize("momentum", [0, 0.8])
def test_rmsprop_divides_by_the_root_mean_square(momentum):
    image, stepper = begin(Rmsprop(learning_rate=0.5, rho=0.9, momentum=momentum, epsilon=1e-8))
    picture, square, move = START, np.zeros_like(START), np.zeros_like(START)
    for _ in range(8):
        stepper.step()
        gradient = picture - WANTED
        square = 0.9 * square + 0.1 * gradient**2
        move = momentum * move + 0.5 * gradient / np.sqrt(square + 1e-8)
        picture = np.clip(picture - move, 0, 255)
    np.testing.assert_allclose(image[0], picture, atol=1e-2)
