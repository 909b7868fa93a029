"""What style losses have in common that compare sums over the positions of some layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import nstk


class StyleStatistic(nstk.StatisticLoss):
    """A style loss that sums the same of the picture and of each painting, layer by layer."""

    takes_low_precision: ClassVar[bool] = True

    layers: nstk.Layers = nstk.Field(
        [f"block{block}_conv1" for block in range(1, 6)],
        description="Layers to compare: a list (equal weights that sum to 1) or layer: weight.",
    )

    def reads(self) -> Sequence[str]:
        return tuple(self.layers)

    def of_style(self, style: nstk.Features) -> Any:
        return self.statistic(style, None)
