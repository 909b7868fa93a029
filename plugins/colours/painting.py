"""The painting's colours, as Gatys, Ecker and Bethge (CVPR 2016) have them: they are a part of the style."""

from __future__ import annotations

import nstk


class Painting(nstk.Colours):
    """The colours of the painting."""

    name = "painting"


@nstk.hookimpl
def nstk_colours() -> list[type[nstk.Colours]]:
    return [Painting]
