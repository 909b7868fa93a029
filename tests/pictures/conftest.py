"""Two small pictures."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.pictures.samples import ORANGE, H, W


@pytest.fixture
def orange():
    return Image.new("RGB", (W, H), ORANGE)


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, (60, 80, 3)).astype(np.uint8)
