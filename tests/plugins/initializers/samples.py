"""Pictures to start from."""

from __future__ import annotations

import numpy as np

from nstk import testing

PICTURES = testing.pictures((40, 60))
CONTENT = PICTURES.content


def start(initializer, seed=0, pictures=PICTURES):
    return np.asarray(initializer(pictures, np.random.default_rng(seed)))
