"""What moves the picture of one scale: its variables, the problem, the optimizer at work and, once compiled, the step.

A rig may serve one picture after another, if the pictures have the same size and are painted in the same way. For the next
picture, its variables get the values of a stepper that is newly made, as a resumed run gives them the values of a checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from ..api import Evaluation, Optimizer, Parametrization, Stepper
from ..errors import RunError
from ..objective.base import Objective
from ..objective.compiled import Compiled
from ..objective.loss_scale import LossScale
from ..objective.problem import PictureProblem
from ..registry.blame import blaming
from .canvas import Canvas

Move = tuple[Evaluation, Any, Any]
"""What a step returns, as tensors: the objective before it, whether all is finite, and whether the optimizer has stalled."""


@dataclass
class Rig:
    """What moves the picture of one scale. `Rig.of` makes one."""

    canvas: Canvas
    problem: PictureProblem
    optimizer: Optimizer
    stepper: Stepper
    made: list[tf.Variable]
    """The variables that the stepper made for itself."""
    step: Compiled | None = None
    forms: list[Any] = field(default_factory=list)
    """The shape and the type of each tensor that the compiled step takes, as they were in the first objective's targets."""
    beside: list[Any] = field(default_factory=list)
    """What these targets held besides tensors. The compiled step has it in its graph."""
    scaling: LossScale | None = None
    """The loss scaling of the objective that the rig was made with. The compiled step holds its variable."""
    made_from: Any = None
    """What a session finds the rig again by, as it was before any file was read for it."""

    @classmethod
    def of(
        cls,
        canvas: Canvas,
        objective: Objective,
        parametrization: Parametrization,
        optimizer: Optimizer,
        steps: int,
        before: Stepper | None,
    ) -> Rig:
        """A rig that moves what is on a canvas; `before` is the stepper of the scale before, if there was one."""
        problem = PictureProblem(canvas.picture, objective, parametrization, steps)
        stepper, made = _started(optimizer, problem, before)
        canvas.keep(stepper.good)
        return cls(canvas, problem, optimizer, stepper, made, scaling=objective.loss_scale)

    def restart(self, first: np.ndarray, objective: Objective, before: Stepper | None) -> None:
        """Begin with another picture of the same size, and the objective for it."""
        self.canvas.restart(first)
        if self.scaling:
            self.scaling.power.assign(0.0)
        objective.loss_scale, self.problem.objective = self.scaling, objective
        fresh, _ = _started(self.optimizer, self.problem, before)
        for variable, value in zip(self.stepper.variables, fresh.variables, strict=True):
            variable.assign(value)

    def rest(self) -> None:
        """Hold as little as can be until the next picture: all variables of one shape share a tensor of zeros."""
        self.problem.forget()
        self.problem.objective.targets = {}
        zeros: dict[Any, tf.Tensor] = {}
        for variable in [*self.canvas.variables().values(), *self.stepper.variables]:
            value = variable.read_value()
            key = tuple(value.shape), value.dtype
            if value.shape.num_elements():
                variable.assign(zeros.setdefault(key, tf.zeros_like(value)))

    def move(self) -> Move:
        """Move the picture once, operation by operation.

        Returns what the objective was, whether the objective and the pixels are finite, and whether the optimizer has stalled.
        Where they are not finite, the picture is the last good one again.
        """
        picture = self.problem.image.read_value()
        evaluation = self.stepper.step()
        if not isinstance(evaluation, Evaluation):
            who = f"optimizer `{self.optimizer.name}`"
            raise RunError(f"{who}: step() returned {evaluation!r}, not the Evaluation that the problem gave it")
        return evaluation, self.canvas.guard(picture, evaluation), tf.convert_to_tensor(self.stepper.stalled())

    def compiled(self, *, xla: bool, required: bool = True) -> Callable[[], Move]:
        """`move` as one compiled step, which takes the tensors of the targets as its inputs."""
        objective = self.problem.objective
        tensors = objective.target_tensors
        if self.step is None:
            self.canvas.compile()
            self.forms, self.beside = [*map(_form, tensors)], objective.other_targets

            def move(*given: tf.Tensor) -> Move:
                with objective.compared_with(given):
                    return self.move()

            self.step = Compiled(move, xla=xla, required=required)
            with blaming(f"optimizer `{self.optimizer.name}`", self.optimizer):
                self.step.trace(*tensors)
        step = self.step
        return lambda: step(*tensors)

    def serves(self, objective: Objective) -> bool:
        """Whether the compiled step may run with another objective of the same kind.

        The step may if its graph draws nothing at random, touches no variable but those that are set back, holds no picture as
        a constant, and holds only such parts of the targets as are equal in the other objective.
        """
        if self.step is None or not self.step.repeatable:
            return False
        known = [*self.canvas.all_variables(), *self.stepper.variables, *self.made, tf.random.get_global_generator().state]
        if self.scaling:
            known.append(self.scaling.power)
        ours = {variable.ref() for variable in known}
        shape = self.problem.image.shape
        return (
            all(variable.ref() in ours for variable in self.step.variables)
            and not any(tensor.shape == shape for tensor in self.step.constants)
            and self.forms == [*map(_form, objective.target_tensors)]
            and _same(self.beside, objective.other_targets)
        )


def _started(optimizer: Optimizer, problem: PictureProblem, before: Stepper | None) -> tuple[Stepper, list[tf.Variable]]:
    """An optimizer at work on a problem, and every variable that was made for it."""
    made: list[tf.Variable] = []

    def note(make: Callable[..., tf.Variable], **options: Any) -> tf.Variable:
        made.append(make(**options))
        return made[-1]

    with blaming(f"optimizer `{optimizer.name}`", optimizer), tf.variable_creator_scope(note):
        return optimizer.start(problem, before), made


def _form(tensor: tf.Tensor) -> tuple[Any, Any]:
    return tuple(tensor.shape), tensor.dtype


def _same(one: list[Any], other: list[Any]) -> bool:
    """Whether two lists hold equal things, as far as they can be compared."""
    try:
        return len(one) == len(other) and all(
            type(a) is type(b) and bool(np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b)
            for a, b in zip(one, other, strict=True)
        )
    except Exception:  # a plugin's own kind of value may refuse to be compared
        return False
