"""A few things of many, evenly spread over the steps of a run however long it is."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Thinned(Generic[T]):
    """Keeps at most `most` things that come at steps.

    The steps are divided into stretches of `each` steps, and the first thing that comes in a stretch is kept. `each` begins so
    that `most` stretches hold the `steps` that are planned, and doubles whenever there would be more than `most` things. So
    what is kept is what would have been kept if `each` had been what it is now from the first step on.
    """

    def __init__(self, most: int, steps: int):
        self.most, self.each = most, max(1, -(-steps // most))
        self.kept: list[tuple[int, T]] = []
        """Each thing that is kept, with its step, in the order of the steps."""

    def wants(self, step: int) -> bool:
        """Whether what comes at a step will be kept: asked before the thing is made, for that may take long."""
        return not self.kept or self._stretch(step) > self._stretch(self.kept[-1][0])

    def add(self, step: int, thing: T) -> None:
        """Keep what came at a step, if it is the first of its stretch."""
        if self.wants(step):
            self.kept.append((step, thing))
        while len(self.kept) > self.most:
            self.halve()

    def halve(self) -> None:
        """Make the stretches twice as long."""
        self.each *= 2
        before, self.kept = self.kept, []
        for step, thing in before:
            if self.wants(step):
                self.kept.append((step, thing))

    def _stretch(self, step: int) -> int:
        return (step - 1) // self.each
