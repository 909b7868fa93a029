"""The run as JSON lines, for other programs to follow. A resumed run begins with the lines of the steps it had."""

from __future__ import annotations

import json
from typing import Any

import nstk
from nstk.plugins.callbacks._log import close
from nstk.plugins.callbacks._template import LogName


class JsonLog(nstk.Callback):
    """Write a JSON object a line: `start`, then each `step` with its losses, then `end` with the reason."""

    name = "json_log"

    path: LogName = nstk.Field("{name}.jsonl", description="The file, in the output's folder; {name} is the output's.")

    def on_start(self, run: nstk.Run) -> None:
        path = run.beside(self.path)
        scales = [{"width": scale.width, "height": scale.height, "steps": scale.steps} for scale in run.scales]
        start = _line("start", 0.0, output=str(run.output), scales=scales, device=run.device, precision=run.precision)
        nstk.write_whole(path, "".join([start, *map(_step, self.earlier_steps(run))]))
        self.file = open(path, "a+", encoding="utf-8")  # noqa: SIM115 (`on_end` closes the file)

    def on_step(self, run: nstk.Run, step: nstk.Step) -> None:
        self.file.write(_step(step))
        self.file.flush()

    def on_end(self, run: nstk.Run) -> None:
        if "file" in vars(self):
            self.file.write(_line("end", run.seconds, stopped=run.stopped, error=str(run.error) if run.error else None))
            close(self.file)


def _step(step: nstk.Step) -> str:
    return _line("step", step.seconds, step=step.index, scale=step.scale.index, loss=step.loss, losses=dict(step.losses))


def _line(event: str, seconds: float, **values: Any) -> str:
    return json.dumps({"event": event, "seconds": round(seconds, 3), **values}) + "\n"


@nstk.hookimpl
def nstk_callbacks() -> list[type[nstk.Callback]]:
    return [JsonLog]
