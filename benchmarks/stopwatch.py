"""A plugin of the benchmark: a clock beside a run, and an optimizer that counts evaluations.

The clock is a callback of the real engine, so that it measures what a user gets.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import nstk

_counts: list[Any] = []
"""How many evaluations there were so far, in one variable for each start of a `Counted`."""


class Stopwatch(nstk.Callback):
    """Write down when each step ended, and keep pictures on the way; the time that this takes does not count."""

    name = "stopwatch"

    log: str = nstk.Field(description="The file to write, JSON.")
    keep: list[int] = nstk.Field([], description="Steps after which the picture is kept; after the last one it always is.")
    folder: str = nstk.Field("", description="Where those pictures go; empty: none are kept.")
    until: float = nstk.Field(0.0, description="End the run when the loss is this low.")
    budget: float = nstk.Field(0.0, ge=0, description="End the run after so many seconds; 0: never.")

    def on_start(self, run: nstk.Run) -> None:
        # Only the network is built by now. All memory that comes on top is taken for the picture.
        self.base, self.began, self.paused = _resident(), 0.0, 0.0
        self.rows: list[tuple[float, float, int]] = []
        self.kept: list[int] = []
        self.first = 0.0

    def on_scale(self, run: nstk.Run, scale: nstk.Scale) -> None:
        self.began = self.began or time.perf_counter()  # the compilation of the first step comes next

    def on_step(self, run: nstk.Run, step: nstk.Step) -> None:
        loss = step.loss  # once the loss is fetched, the step is over
        now = time.perf_counter()
        elapsed = now - self.began - self.paused
        self.first = self.first or time.time()
        self.rows.append((elapsed, loss, sum(int(count) for count in _counts)))
        if loss <= self.until or 0 < self.budget <= elapsed:
            run.stop("the benchmark has seen enough")
        last = bool(run.stopped) or step.index == run.total_steps
        # Losses at different sizes cannot be compared: only the last scale's pictures are the result's.
        if self.folder and step.scale.index == run.scales[-1].index and (last or step.index in self.keep):
            run.save(Path(self.folder) / f"{step.index:06}.png")
            self.kept.append(step.index)
        self.paused += time.perf_counter() - now

    def on_end(self, run: nstk.Run) -> None:
        seconds, losses, evaluations = zip(*self.rows, strict=True) if self.rows else ((), (), ())
        data = {
            "seconds": seconds,
            "losses": losses,
            "evaluations": evaluations if _counts else (),
            "kept": self.kept,
            "first_step_at": self.first,
            "base_bytes": self.base,
            # Linux counts the two in different ways, so the peak may lag a few pages behind the resident memory.
            "peak_bytes": max(self.base, _peak()),
            "sizes": [(scale.width, scale.height) for scale in run.scales],
            "device": run.device,
            "precision": run.precision,
            "optimizer": run.recipe.optimizer.name,
            "stopped": run.stopped,
        }
        Path(self.log).write_text(json.dumps(data), encoding="utf-8")


class Counted(nstk.Optimizer):
    """Another optimizer, with a count of how often it evaluates the objective: a line search may do so more than once."""

    name = "counted"

    of: Any = nstk.Field(description="The optimizer.")

    def start(self, problem: nstk.Problem, before: nstk.Stepper | None = None) -> nstk.Stepper:
        import tensorflow as tf

        count = tf.Variable(0, dtype=tf.int64, name="evaluations")
        _counts.append(count)
        counting: Any = Counting(problem, count)
        stepper: nstk.Stepper = self.of.start(counting, before)
        return stepper


class Counting:
    """A problem that counts how often an optimizer asks for its gradient."""

    def __init__(self, problem: nstk.Problem, count: Any):
        self._problem, self._count = problem, count

    def __getattr__(self, name: str) -> Any:
        return getattr(self._problem, name)

    def value_and_grad(self) -> Any:
        self._count.assign_add(1)
        return self._problem.value_and_grad()

    def pixel_gradient(self) -> Any:
        self._count.assign_add(1)
        return self._problem.pixel_gradient()


def _resident() -> int:
    """The memory that this process holds now, in bytes. Where only the peak is known, it is the peak."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return _peak()


def _peak() -> int:
    """The most memory that this process has held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@nstk.hookimpl
def nstk_callbacks() -> list[type[nstk.Callback]]:
    return [Stopwatch]


@nstk.hookimpl
def nstk_optimizers() -> list[type[nstk.Optimizer]]:
    return [Counted]
