"""Initializers: the picture that the first step starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .definition import Definition

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Pictures:
    """The recipe's pictures at one scale, each height x width x 3, float32, 0..255. The arrays are read-only."""

    content: np.ndarray
    styles: Mapping[str, np.ndarray]


class Initializer(Definition):
    """Makes the picture that the first step starts from."""

    def __call__(self, pictures: Pictures, rng: np.random.Generator) -> np.ndarray:
        """A new array of the shape of `pictures.content`, 0..255. `rng` is seeded with the recipe's `seed`."""
        raise NotImplementedError
