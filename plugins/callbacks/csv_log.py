"""The losses as a table with one row a step, readable while the run goes on. A resumed run begins with the rows it had."""

from __future__ import annotations

import csv
import io
from typing import Any

import nstk
from nstk.plugins.callbacks._log import close
from nstk.plugins.callbacks._template import LogName


class CsvLog(nstk.Callback):
    """Write `step, scale, seconds, loss` and each loss by label as CSV."""

    name = "csv_log"

    path: LogName = nstk.Field("{name}.csv", description="The file, in the output's folder; {name} is the output's.")

    def on_start(self, run: nstk.Run) -> None:
        path = run.beside(self.path)
        text = io.StringIO()
        rows = [self.row(run, step) for step in self.earlier_steps(run)]
        _table(text).writerows([["step", "scale", "seconds", "loss", *run.labels], *rows])
        nstk.write_whole(path, text.getvalue())
        self.file = open(path, "a+", newline="", encoding="utf-8")  # noqa: SIM115 (`on_end` closes the file)

    def on_step(self, run: nstk.Run, step: nstk.Step) -> None:
        _table(self.file).writerow(self.row(run, step))
        self.file.flush()

    def row(self, run: nstk.Run, step: nstk.Step) -> list[Any]:
        losses = [step.losses[label] for label in run.labels]
        return [step.index, step.scale.index, f"{step.seconds:.3f}", step.loss, *losses]

    def on_end(self, run: nstk.Run) -> None:
        if "file" in vars(self):
            close(self.file)


def _table(file: Any) -> Any:
    return csv.writer(file, lineterminator="\n")


@nstk.hookimpl
def nstk_callbacks() -> list[type[nstk.Callback]]:
    return [CsvLog]
