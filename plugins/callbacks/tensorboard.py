"""The run in TensorBoard: losses by step, the picture now and then, and the recipe, beside other runs to compare it with.

A run that is resumed goes on where it was broken off: what had been written of later steps, which are painted again, is
dropped.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import nstk
from nstk.plugins.callbacks._events import Events
from nstk.plugins.callbacks._template import LogName


class TensorBoard(nstk.Callback):
    """Write losses, learning rate, pictures and the recipe for TensorBoard. `tensorboard --logdir out` shows them."""

    name = "tensorboard"

    path: LogName = nstk.Field("{name}.tensorboard", description="The folder, in the output's folder; {name} is the output's.")
    pictures: int = nstk.Field(
        50, ge=0, description="Write the picture about every so many steps, and at the end; 0 writes no pictures."
    )
    size: int = nstk.Field(512, ge=32, description="Long edge of the pictures, pixels; a smaller picture keeps its size.")

    def check_machine(self) -> None:
        if find_spec("tensorboard") is None:  # TensorFlow writes no events without it
            install = 'pip install "nstk-styletransfer[tensorboard]"'
            raise nstk.UserError(f"needs the package tensorboard, which is not installed: {install}")

    def on_start(self, run: nstk.Run) -> None:
        self.events = Events(run.beside(self.path), f".{run.output.name}.nstk" if run.output else ".nstk", run.resumed)
        self.pictured: int | None = run.resumed or None
        self.last = run.resumed
        if not run.resumed:
            self.events.text("recipe", f"```yaml\n{run.record()['recipe']}\n```", 0)
            if self.pictures:
                self.show("photograph", run.photograph(self.size), 0)
                for label, painting in run.paintings(self.size).items():
                    self.show(f"painting {label}", painting, 0)

    def on_step(self, run: nstk.Run, step: nstk.Step) -> None:
        self.last = step.index
        self.events.number("loss", step.loss, step.index)
        for label, value in step.losses.items():
            self.events.number(f"losses/{label}", value, step.index)
        rate = learning_rate(run, step)
        if rate is not None:
            self.events.number("learning rate", rate, step.index)
        if self.pictures and (self.pictured is None or step.index // self.pictures > self.pictured // self.pictures):
            self.show("picture", step.image(), step.index)
            self.pictured = step.index
        self.events.flush()

    def show(self, name: str, pixels: Any, step: int) -> None:
        """Write pixels (height x width x 3, 0..255) as a picture."""
        height, width = pixels.shape[:2]
        part = min(1.0, self.size / max(width, height))
        self.events.picture(name, nstk.resize(pixels, max(1, round(part * width)), max(1, round(part * height))), step)

    def on_end(self, run: nstk.Run) -> None:
        try:
            if self.pictures and self.last > (self.pictured or 0):
                self.show("picture", run.image(), self.last)
        finally:
            self.events.close()


def learning_rate(run: nstk.Run, step: nstk.Step) -> float | None:
    """The learning rate of a step, in levels, by the recipe; None for an optimizer that has none."""
    rate: Any = getattr(run.recipe.optimizer, "learning_rate", None)
    if rate is None:
        return None
    changes = [change for change in run.recipe.changes if change.after < step.index]
    for change in changes:
        rate = change.set.get("optimizer.learning_rate", rate)
    if isinstance(rate, (int, float)):
        return float(rate)
    begin = sum(scale.steps for scale in run.scales[: step.scale.index])
    begin = max([begin, *(change.after for change in changes)])  # with a change, the optimizer begins anew
    planned = rate.build(step.scale.steps)  # a number, or a schedule of Keras's
    return float(planned(step.index - 1 - begin) if callable(planned) else planned)


@nstk.hookimpl
def nstk_callbacks() -> list[type[nstk.Callback]]:
    return [TensorBoard]
