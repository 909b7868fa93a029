"""A callback of the caller's own: it is told each step of a run, and is no part of the recipe."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from ..api import Callback, Run, Step

Told = Callable[[Run, Step], None]


class Watch(Callback):
    """Tells the steps of a run to a function."""

    name: ClassVar[str] = "watch"
    shows: ClassVar[bool] = True
    told: ClassVar[Told]

    def on_step(self, run: Run, step: Step) -> None:
        type(self).told(run, step)


def watching(told: Told) -> Callback:
    """A callback that calls `told` after each step. A run makes its own copy of it, so what it calls belongs to the class."""
    made: type[Watch] = type("Watch", (Watch,), {"told": staticmethod(told)})
    return made()
