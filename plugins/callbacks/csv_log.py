"""The losses as a table: one row a step, readable while the run goes on."""

from __future__ import annotations

import csv
import time

import nstk
from nstk.plugins.callbacks._template import LogName


class CsvLog(nstk.Callback):
    """Write `step, scale, seconds, loss` and each loss by label as CSV."""

    name = "csv_log"

    path: LogName = nstk.Field("{name}.csv", description="The file, in the output's folder; {name} is the output's.")

    def on_start(self, run: nstk.Run) -> None:
        path = run.beside(self.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(path, "w", newline="", encoding="utf-8")  # noqa: SIM115 (closed in on_end)
        self.table = csv.writer(self.file, lineterminator="\n")
        self.table.writerow(["step", "scale", "seconds", "loss", *run.labels])
        self.began = time.perf_counter()

    def on_step(self, run: nstk.Run, step: nstk.Step) -> None:
        seconds = f"{time.perf_counter() - self.began:.3f}"
        self.table.writerow([step.index, step.scale.index, seconds, step.loss, *(step.losses[label] for label in run.labels)])
        self.file.flush()

    def on_end(self, run: nstk.Run) -> None:
        if "file" in vars(self):
            self.file.close()


@nstk.hookimpl
def nstk_callbacks() -> list[type[nstk.Callback]]:
    return [CsvLog]
