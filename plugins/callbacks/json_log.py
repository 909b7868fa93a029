"""The run as JSON lines, for other programs to follow."""

from __future__ import annotations

import json
import time
from typing import Any

import nstk
from nstk.plugins.callbacks._template import LogName


class JsonLog(nstk.Callback):
    """Write a JSON object a line: `start`, then each `step` with its losses, then `end` with the reason."""

    name = "json_log"

    path: LogName = nstk.Field("{name}.jsonl", description="The file, in the output's folder; {name} is the output's.")

    def on_start(self, run: nstk.Run) -> None:
        path = run.beside(self.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(path, "w", encoding="utf-8")  # noqa: SIM115 (closed in on_end)
        self.began = time.perf_counter()
        scales = [{"width": scale.width, "height": scale.height, "steps": scale.steps} for scale in run.scales]
        self.say("start", output=str(run.output), scales=scales, device=run.device, precision=run.precision)

    def on_step(self, run: nstk.Run, step: nstk.Step) -> None:
        self.say("step", step=step.index, scale=step.scale.index, loss=step.loss, losses=dict(step.losses))

    def on_end(self, run: nstk.Run) -> None:
        if "file" in vars(self):
            self.say("end", stopped=run.stopped, error=str(run.error) if run.error else None)
            self.file.close()

    def say(self, event: str, **values: Any) -> None:
        seconds = round(time.perf_counter() - self.began, 3)
        self.file.write(json.dumps({"event": event, "seconds": seconds, **values}) + "\n")
        self.file.flush()


@nstk.hookimpl
def nstk_callbacks() -> list[type[nstk.Callback]]:
    return [JsonLog]
