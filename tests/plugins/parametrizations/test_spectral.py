"""The spectral parametrization: a power of 0 changes nothing, and what the default optimizer takes back is said."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nstk.plugins.optimizers.lbfgs import Lbfgs
from nstk.plugins.parametrizations.pixels import Pixels
from nstk.plugins.parametrizations.spectral import Spectral
from tests.plugins.optimizers.samples import begin


def test_without_a_power_it_is_pixels():
    change = tf.ones([1, 5, 6, 3])
    assert Spectral(power=0).operator(5, 6)(change) is Pixels().operator(5, 6)(change)


@pytest.mark.parametrize(("scaling", "power", "warns"), [("bands", 0.5, True), ("scalar", 0.5, False), ("bands", 0, False)])
def test_what_bands_take_back_is_said(scaling, power, warns, caplog):
    begin(Lbfgs(scaling=scaling), parametrization=Spectral(power=power), start=np.full((16, 20, 3), 128.0))
    assert ["only the first move follows the parametrization" in text for text in caplog.messages] == [True] * warns
