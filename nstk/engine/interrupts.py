"""Ctrl-C, SIGTERM and a closed terminal end a run after the step at hand; a second signal ends it at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

INTERRUPTED = "interrupted"


SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Stoppable(Protocol):
    """A run that can be asked to stop."""

    def stop(self, reason: str) -> None:
        """Stop soon, for this reason."""


@contextmanager
def interruptible(run: Stoppable) -> Iterator[None]:
    """Inside, the first signal asks `run` to stop, the second raises `KeyboardInterrupt`. Handlers are put back afterwards."""
    if threading.current_thread() is not threading.main_thread():
        yield  # no other thread than the main one may set handlers
        return
    seen = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal seen
        if seen:
            raise KeyboardInterrupt
        seen = True
        run.stop(INTERRUPTED)

    listened = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]  # `nohup` stays in force
    before = {number: signal.signal(number, handle) for number in listened}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
