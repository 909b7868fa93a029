"""A plugin of the benchmark: keep the pictures on the way in memory, each with its time, and write them when all is painted."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import nstk


class Onlooker(nstk.Callback):
    """Keep a picture at every so many steps, and at the end of each scale. The time that this takes does not count."""

    name = "onlooker"

    folder: str = nstk.Field(description="Where the pictures go, with `seen.json`: the time of each.")

    def on_start(self, run: nstk.Run) -> None:
        self.seen: list[tuple[int, float, Any]] = []
        self.paused = 0.0

    def on_step(self, run: nstk.Run, step: nstk.Step) -> None:
        step.loss  # noqa: B018 (once the loss is fetched, the step is over)
        now = time.time()
        self.seen.append((step.index, now - self.paused, run.image()))
        self.paused += time.time() - now

    def on_end(self, run: nstk.Run) -> None:
        began = time.time()
        folder = Path(self.folder)
        folder.mkdir(parents=True, exist_ok=True)
        for index, _, picture in self.seen:
            nstk.write_picture(picture, folder / f"{index:06}.png")
        data = {
            "pictures": [{"step": index, "at": at} for index, at, _ in self.seen],
            "paused": self.paused + time.time() - began,
            "scales": [(scale.width, scale.height, scale.steps) for scale in run.scales],
            "precision": run.precision,
        }
        (folder / "seen.json").write_text(json.dumps(data), encoding="utf-8")


@nstk.hookimpl
def nstk_callbacks() -> list[type[nstk.Callback]]:
    return [Onlooker]
