"""The plain parametrization: the optimizer's unknowns are the pixels, as in Gatys, Ecker and Bethge (CVPR 2016)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import nstk


class Pixels(nstk.Parametrization):
    """The unknowns are the pixels themselves."""

    name = "pixels"

    def operator(self, height: int, width: int) -> Callable[[Any], Any]:
        return lambda change: change


@nstk.hookimpl
def nstk_parametrizations() -> list[type[nstk.Parametrization]]:
    return [Pixels]
