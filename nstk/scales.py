"""The sizes at which a picture is painted, coarse to fine, and how many steps each of them gets."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from .api import Scale
from .images import MIN_SIDE, fit

RATIO = 2.0
MOST_LEVELS = 16


class Pyramid(BaseModel):
    """Paint coarse to fine: each scale starts from the picture of the one before, the style at the same fraction of its size.

    Differs from plain repetition of a run in that the optimizer may carry over what it has learnt.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    start: int | None = Field(
        None, ge=MIN_SIDE, le=32768, description="Least long edge of the first scale, pixels; empty: as `levels` says."
    )
    ratio: float = Field(RATIO, gt=1, le=8, description="How much larger each scale is than the one before.")
    levels: int | None = Field(
        None, ge=1, le=MOST_LEVELS, description="How many scales; empty: as many as are at least `start` pixels long."
    )

    def long_edges(self, size: int) -> list[int]:
        """The long edge of each scale in pixels, coarse to fine; the last is `size`. Raises `ValueError` with a sentence."""
        if self.start is None and self.levels is None:
            raise ValueError("`pyramid` needs `start` (pixels) or `levels`")
        if self.start is not None and self.start > size:
            raise ValueError(f"`pyramid.start` is {self.start} pixels, more than the `size` of {size}")
        edges = [round(size / self.ratio**level) for level in range(self.levels or MOST_LEVELS)]
        edges = [edge for edge in edges if edge >= (self.start or MIN_SIDE)]
        if self.levels is not None and len(edges) < self.levels:
            least = f"`pyramid.start` of {self.start}" if self.start else f"least of {MIN_SIDE}"
            raise ValueError(f"`pyramid.levels` is {self.levels}, but only {len(edges)} scales reach the {least} pixels")
        return edges[::-1]


def shares(steps: int | Sequence[int], levels: int) -> list[int]:
    """The steps of each scale. A budget is spread evenly, what is left over goes to the coarse ones.

    Raises `ValueError` with a sentence where the two disagree.
    """
    if isinstance(steps, int):
        if steps < levels:
            raise ValueError(f"`steps` is {steps}, but each of {levels} scales needs at least one")
        return [steps // levels + (level < steps % levels) for level in range(levels)]
    if len(steps) != levels:
        raise ValueError(
            f"`steps` has {len(steps)} numbers, but there {'is 1 scale' if levels == 1 else f'are {levels} scales'}"
        )
    return list(steps)


def plan(width: int, height: int, size: int, steps: int | Sequence[int], pyramid: Pyramid | None) -> list[Scale]:
    """The scales of a content picture of `width` x `height` pixels, painted with a long edge of `size` pixels at the end."""
    edges = pyramid.long_edges(size) if pyramid else [size]
    each = shares(steps, len(edges))
    return [Scale(index, *fit(width, height, edge), each[index]) for index, edge in enumerate(edges)]
