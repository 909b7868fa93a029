"""Parametrizations: how an optimizer sees the picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .definition import Definition


class Parametrization(Definition):
    """How the optimizer sees the picture: it decides on unknowns, and a linear operator makes pixels of them."""

    def operator(self, height: int, width: int) -> Callable[[Any], Any]:
        """A linear, symmetric and positive operator on pictures `[1, height, width, 3]`, float32. The step compiles it."""
        raise NotImplementedError
