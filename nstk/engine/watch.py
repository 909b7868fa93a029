"""A callback of the caller's own: it is told each step of a run, and is no part of the recipe."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from ..api import Callback, Run, Step

Told = Callable[[Run, Step], None]
Ended = Callable[[Run], None]


class Watch(Callback):
    """Tells the steps of a run to a function."""

    name: ClassVar[str] = "watch"
    shows: ClassVar[bool] = True
    told: ClassVar[Told]
    ended: ClassVar[Ended]

    def on_end(self, run: Run) -> None:
        type(self).ended(run)

    def on_step(self, run: Run, step: Step) -> None:
        type(self).told(run, step)


def watching(told: Told, ended: Ended = lambda run: None) -> Callback:
    """A callback that calls `told` after each step, and `ended` at the end, whatever happened.

    A run makes its own copy of the callback, so what it calls belongs to its class.
    """
    made: type[Watch] = type("Watch", (Watch,), {"told": staticmethod(told), "ended": staticmethod(ended)})
    return made()
