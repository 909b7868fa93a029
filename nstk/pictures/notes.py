"""Warnings about a picture: each is said once, however often the picture is decoded and converted."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

log = logging.getLogger("nstk")


_said: ContextVar[set[str] | None] = ContextVar("said", default=None)


def warn(sentence: str) -> None:
    """Log a sentence about a picture as a warning, unless it was said before (see `once`)."""
    said = _said.get()
    if said is None or sentence not in said:
        log.warning("%s", sentence)
    if said is not None:
        said.add(sentence)


@contextmanager
def once(said: set[str]) -> Iterator[None]:
    """Leave out the warnings that are in `said`, and put in the others as they come."""
    token = _said.set(said)
    try:
        yield
    finally:
        _said.reset(token)
