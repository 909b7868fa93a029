"""End a run that has stopped getting better."""

from __future__ import annotations

import math
from typing import Any

import nstk


class EarlyStop(nstk.Callback):
    """Stop when the loss has reached a plateau."""

    name = "early_stop"

    patience: int = nstk.Field(50, ge=1, description="Steps without the least improvement after which the run ends.")
    min_improvement: float = nstk.Field(
        0.001, ge=0, lt=1, description="Least improvement that counts, as a share of the best loss so far."
    )

    def on_scale(self, run: nstk.Run, scale: nstk.Scale) -> None:
        self.best, self.since = math.inf, None  # losses of two scales cannot be compared

    def on_step(self, run: nstk.Run, step: nstk.Step) -> None:
        if self.since is None or step.loss < self.best - self.min_improvement * abs(self.best):
            self.best, self.since = step.loss, step.index
        elif step.index - self.since >= self.patience:
            run.stop(f"plateau: the loss has not fallen by {100 * self.min_improvement:g} % in {step.index - self.since} steps")

    def state(self) -> Any:
        return [self.best, self.since]

    def restore(self, run: nstk.Run, state: Any) -> None:
        self.best, self.since = state


@nstk.hookimpl
def nstk_callbacks() -> list[type[nstk.Callback]]:
    return [EarlyStop]
