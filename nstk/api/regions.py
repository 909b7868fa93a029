"""Regions: where in the photograph something counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PlainSerializer, WithJsonSchema

from .definition import Definition
from .initializers import Pictures

if TYPE_CHECKING:
    import numpy as np


class Region(Definition):
    """A soft map over the photograph: 1 where something counts, 0 where it does not, and anything between at a soft edge.

    A recipe names a region under `where` (of a painting or a loss) and under `paint`. A subclass says where the region lies.
    `grow`, `feather` and `invert` are applied to what it returns, in this order, so it need not look at them.
    """

    grow: float = Field(
        0.0, ge=-1000, le=1000, description="By how many pixels of the result the region is made wider; below 0, narrower."
    )
    feather: float = Field(
        0.0, ge=0, le=1000, description="Over how many pixels of the result the edge is made soft, half on each side of it."
    )
    invert: bool = Field(False, description="Take all that is not in the region.")

    def __call__(self, pictures: Pictures) -> np.ndarray:
        """How much each position belongs to the region: a new array, height x width, float32, 0..1.

        `pictures.content` is the photograph (height x width x 3, 0..255) at the size of a scale, so the same region is asked
        for at several sizes. `pictures.cut` gives the part of another picture that lies over it. Where nothing is found, all is
        0.
        """
        raise NotImplementedError


def _written(region: Region | None) -> Any:
    """A region as a recipe has it."""
    return region and {"use": region.name, **region.model_dump(mode="json")}


WHERE = {"anyOf": [{"type": "string"}, {"type": "object"}, {"type": "null"}]}
"""The JSON schema of a key that names a region, where it is not known which regions there are."""

Where = Annotated[Region | None, PlainSerializer(_written), WithJsonSchema(WHERE)]
"""The type of a key that names a region: the name of a region, the file of a map, or a mapping with more keys; empty: none.

In a model it is a `Region`, or None where all of the picture counts.
"""
