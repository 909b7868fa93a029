"""Features of a picture, and of what it is compared with."""

from __future__ import annotations

import pytest

import nstk
from nstk import testing
from tests.plugins.losses.samples import LAYERS, MADE, PICTURE


@pytest.fixture(scope="module")
def refs():
    """The style has another size than the content."""
    made = nstk.Pictures(MADE.content, {"style": testing.pictures((45, 29), seed=2).styles["style"]})
    return testing.references(made, [*LAYERS, "image"])


@pytest.fixture(scope="module")
def features():
    return testing.features(PICTURE, [*LAYERS, "image"])
