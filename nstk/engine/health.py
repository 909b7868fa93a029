"""When the numbers of a run go wrong: NaN or infinity is stepped back from once, and ends the run if it comes again."""

from __future__ import annotations

import logging
import math

from ..errors import NotFinite
from ..machine.precision import FLOAT16
from ..registry.blame import blaming
from .painting import Painting
from .steps import Moved, Work, by_label

log = logging.getLogger("nstk")

EVERY = 10
"""After how many steps on a GPU the host checks whether the numbers are finite. Between two checks the GPU never waits.

A run that has to end in time checks them after each step, for it has to know when the step was done.
"""

STALLED = "stalled: no step lowers the loss any more"


class Health:
    """Checks the numbers of one run, and decides what happens when they are not finite."""

    def __init__(self, run: Painting):
        self.run = run
        self._unseen: list[Moved] = []
        """The steps whose numbers nobody has checked yet. They may be NaN or infinite."""

    @property
    def due(self) -> bool:
        """Whether the host waits for this step and checks its numbers."""
        return self.run.device.startswith("CPU") or self.run.recipe.time is not None or self.run.steps % EVERY == 0

    def note(self, step: Moved, work: Work) -> None:
        """Note that a step is done. Raises `NotFinite` if the host checks the numbers now and the run cannot go on."""
        self._unseen.append(step)
        if self.due or work.ended:
            self.check(work)

    def check(self, work: Work) -> None:
        """Check whether the steps since the last check were finite.

        Where one was not, the optimizer is asked to make smaller moves, once a scale. Raises `NotFinite` the second time.
        """
        unseen, self._unseen = self._unseen, []
        lost = [step for step in unseen if step.lost]
        work.sound = work.sound or bool(unseen and not unseen[0].lost)
        if not lost:
            return
        if not (work.sound and not work.recovered and self._recovers(work)):
            self._give_up(lost[0], work)
        work.recovered = True
        what = f"{self._fault(lost[0], work)} {_where(lost[0])}"
        log.warning("%s: the last good picture is taken again, and optimizer `%s` makes smaller moves", what, self._optimizer)

    def stall(self, work: Work) -> None:
        """End the scale, because the optimizer finds no lower loss. With the last scale, the run ends."""
        scale = work.scale
        log.info("optimizer `%s` finds no lower loss at %d x %d", self._optimizer, scale.width, scale.height)
        work.stalled = True
        self.run.spared += scale.steps - work.done
        if scale is self.run.scales[-1]:
            self.run.stop(STALLED)

    def conclude(self, work: Work) -> None:
        """Evaluate the picture that is saved: the last step's losses belong to the picture before its move."""
        evaluation = work.rig.problem.evaluate_at(work.canvas.shown())
        losses = by_label(evaluation, self.run.labels)
        self.check(work)
        if what := _infinite(float(evaluation.loss), losses):
            work.canvas.go_back()
            work.canvas.average = None
            raise self._not_finite(what, f"after step {self.run.steps}, the last, scale {_at(work)}")
        self.run.final_losses = losses

    @property
    def _optimizer(self) -> str:
        return self.run.recipe.optimizer.name

    def _recovers(self, work: Work) -> bool:
        """Whether the optimizer can make smaller moves."""
        with blaming(f"optimizer `{self._optimizer}`, in recover,", self.run.recipe.optimizer):
            return bool(work.stepper.recover())

    def _give_up(self, step: Moved, work: Work) -> None:
        """End the run with an error that says what is not finite in a step."""
        work.canvas.go_back()
        if work.sound:
            work.stepper.finish()
        moves = self.run.moves
        while moves and moves[-1].lost:
            moves.pop()
        if not work.sound and math.isfinite(step.loss):
            moves.append(step)  # this step's losses are those of the picture that is saved
        raise self._not_finite(self._fault(step, work), _where(step))

    def _fault(self, step: Moved, work: Work) -> str:
        """What is not finite in a step."""
        losses = by_label(step.evaluation, self.run.labels)
        if what := _infinite(float(step.evaluation.loss), losses):
            return what
        label = work.objective.faulty(work.canvas.bad)
        who = f"the gradient of loss `{label}`" if label else f"the move of optimizer `{self._optimizer}`"
        return f"{who} is NaN or infinite"

    def _not_finite(self, what: str, where: str) -> NotFinite:
        hint = ", or `precision: float32`" * (self.run.plan.choice.dtype == FLOAT16)
        kept = "the last good picture is saved; " * (self.run.output is not None)
        return NotFinite(f"{what} {where}: {kept}try a smaller learning rate or weight{hint}")


def _infinite(loss: float, losses: dict[str, float]) -> str:
    """Which of the losses is NaN or infinite, as part of a sentence; empty if none is."""
    if math.isfinite(loss):
        return ""
    label = next((label for label, value in losses.items() if not math.isfinite(value)), "")
    return f"loss `{label}` is {losses[label]}" if label else f"the sum of the losses is {loss}"


def _where(step: Moved) -> str:
    return f"at step {step.index}, scale {_at(step)}"


def _at(it: Moved | Work) -> str:
    return f"{it.scale.index} ({it.scale.width} x {it.scale.height})"
