"""Save the picture while it is being painted."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import Annotated

import nstk
from nstk.plugins.callbacks._template import check_template


class Snapshots(nstk.Callback):
    """Save the picture every so many steps, and at the end of each scale."""

    name = "snapshots"

    every: int = nstk.Field(50, ge=1, description="Save at every so many steps (and at the last one of each scale).")
    path: Annotated[str, check_template("step", "scale", picture=True)] = nstk.Field(
        "{name}-{step:05}{suffix}",
        description="The files, in the output's folder: {name} and {suffix} are the output's, {step} and {scale} are numbers.",
    )

    def on_start(self, run: nstk.Run) -> None:
        ends = [*accumulate(scale.steps for scale in run.scales)]
        for step in {*range(self.every, ends[-1], self.every), *ends}:
            run.beside(self.path, step=step, scale=bisect_left(ends, step))  # no name may be bad, or be another run's

    def on_step(self, run: nstk.Run, step: nstk.Step) -> None:
        run.save(run.beside(self.path, step=step.index, scale=step.scale.index))


@nstk.hookimpl
def nstk_callbacks() -> list[type[nstk.Callback]]:
    return [Snapshots]
