"""Initializers: the picture that the first step starts from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .definition import Definition

if TYPE_CHECKING:
    import numpy as np


def _whole(picture: np.ndarray) -> np.ndarray:
    return picture


@dataclass(frozen=True)
class Pictures:
    """The recipe's pictures at one scale, each height x width x 3, float32, 0..255. The arrays are read-only."""

    content: np.ndarray
    styles: Mapping[str, np.ndarray]
    """Each painting, by its label. In a run, it is a `Styles` that knows by how much each painting counts."""
    cut: Callable[[np.ndarray], np.ndarray] = _whole
    """Gives the part of another picture, of any size, that has the content's aspect; `crop` says which part."""


class Initializer(Definition):
    """Makes the picture that the first step starts from."""

    def __call__(self, pictures: Pictures, rng: np.random.Generator) -> np.ndarray:
        """A new array of the shape of `pictures.content`, 0..255. `rng` is seeded with the recipe's `seed`."""
        raise NotImplementedError

    def finer(self, pictures: Pictures, coarser: np.ndarray, size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
        """The picture that a finer scale starts from, of the shape of `pictures.content`; what leaves 0..255 is clipped.

        `coarser` is what the scale before has painted, brought to this size; it is what the scale starts from, unless an
        initializer knows more. `size` is the width and height that it had.
        """
        return coarser
