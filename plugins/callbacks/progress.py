"""How far the run is: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import nstk

LIVE_SECONDS = 0.2
"""How many seconds lie between two looks at the losses, which have to be brought from the device."""
LONG = 30.0
"""From how many seconds on the time until the first look is more than compilation, and says how long other steps will take."""


class Progress(nstk.Callback):
    """Show step, losses by label, steps a second, time left, device and precision."""

    name = "progress"
    shows = True

    def on_start(self, run: nstk.Run) -> None:
        from rich.console import Console

        self.display = sys.stderr if isinstance(sys.stderr, nstk.Display) else nstk.Display()
        self.console = Console(file=self.display)
        self.live: Any = None
        self.shown, self.due = 0.0, 0
        self.since: tuple[int, float] | None = None
        self.looked = False
        sizes = ", ".join(f"{scale.width} x {scale.height}" for scale in run.scales)
        steps = f"{run.total_steps} steps" + f", {run.resumed} of them done," * bool(run.resumed)
        name = "".join(it if it.isprintable() else "?" for it in run.recipe.name)
        self.say(f"{name}: {sizes} px, {steps} on {run.device}, {run.precision}; {run.outlook}")

    def on_scale(self, run: nstk.Run, scale: nstk.Scale) -> None:
        self.since = self.since or (run.resumed, time.perf_counter())
        if run.preview is not None:
            done = next(it for it in reversed(run.scales[: scale.index]) if it.steps)  # others were left out
            self.say(f"{done.width} x {done.height} px are painted, to look at: {_from_here(run.preview)}")
        if self.console.is_terminal and self.live is None:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self.live = Progress(
                MofNCompleteColumn(),
                BarColumn(24),
                TimeRemainingColumn(),
                TextColumn("{task.description}"),
                console=self.console,
            )
            first = "the first step" if run.recipe.run_eagerly else "the first step is being compiled"
            self.task = self.live.add_task(first, total=run.total_steps, completed=run.resumed)
            self.live.start()

    def on_step(self, run: nstk.Run, step: nstk.Step) -> None:
        now = time.perf_counter()
        rate = self.rate(step, now)
        last = step.index == run.total_steps or bool(run.stopped)
        if self.live is not None:
            self.live.update(self.task, completed=step.index, total=run.total_steps)
            if last or now - self.shown >= LIVE_SECONDS:
                self.live.update(self.task, description=f"{_speed(rate)}  {_losses(step)}")
                self.shown = now
        elif last or step.index >= self.due:
            tenth = max(1, run.total_steps // 10)
            self.due = (step.index // tenth + 1) * tenth
            left = f", {_countdown((run.total_steps - step.index) / rate)} left" if rate and not last else ""
            self.say(f"step {step.index}/{run.total_steps}: {_losses(step)}  {_speed(rate)}{left}")

    def rate(self, step: nstk.Step, now: float) -> float:
        """How many steps a second are done; 0 where this is not known yet."""
        assert self.since is not None
        done, began = self.since
        rate = (step.index - done) / (now - began) if now > began else 0.0
        if self.looked:
            return rate
        self.looked, self.since = True, (step.index, now)  # the first step, which is compiled, no longer counts
        return rate if now - began >= LONG else 0.0

    def on_end(self, run: nstk.Run) -> None:
        if vars(self).get("live") is not None:
            self.live.stop()
        if run.stopped not in ("", "done") and run.error is None and "console" in vars(self):
            self.say(f"stopped: {run.stopped}")
        if "display" in vars(self) and self.display is not sys.stderr:
            self.display.close()

    def say(self, text: str) -> None:
        if self.console.is_terminal:
            self.console.print(text, highlight=False, markup=False)
        else:
            self.display.write(text + "\n")  # rich would wrap a log's lines at 80 columns


def _from_here(path: Path) -> Path:
    """A path as it is written in the working directory."""
    try:
        return path.relative_to(Path.cwd())
    except (OSError, ValueError):  # the working directory is gone, or the path is outside of it
        return path


def _losses(step: nstk.Step) -> str:
    return "  ".join([f"loss {step.loss:.4g}", *(f"{label} {value:.4g}" for label, value in step.losses.items())])


def _speed(rate: float) -> str:
    if not rate:
        return "-- steps/s"
    return f"{rate:.2f} steps/s" if rate >= 0.1 else f"{1 / rate:.0f} s/step"


def _countdown(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


@nstk.hookimpl
def nstk_callbacks() -> list[type[nstk.Callback]]:
    return [Progress]
