"""Any `keras.optimizers` optimizer as an nstk optimizer, with its learning-rate schedules.

A third party's optimizer is a subclass of `KerasOptimizer` with a `keras_optimizer` method, or of `nstk.Optimizer` for one that
Keras does not have.

With `levels`, the unknowns are the levels of a Laplacian pyramid, and the optimizer has moments for each of them. A coarse
level then moves as readily as a fine one, so that broad changes come sooner. STROTSS (Kolkin, Salavon and Shakhnarovich, CVPR
2019, `rmsprop` with 6) and NNST (Kolkin and others, 2022, `adam` with 9) paint in this way. nstk differs from them in that the
picture is clipped to 0..255 after each step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Tag

import nstk
from nstk.plugins.optimizers._levels import apart, sizes, together


class _Schedule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    start: float = nstk.Field(gt=0, description="Learning rate of the first step, levels.")


class Constant(_Schedule):
    """The same learning rate at every step."""

    use: Literal["constant"] = "constant"

    def build(self, steps: int) -> Any:
        return self.start


class Exponential(_Schedule):
    """`start * decay ** (step / every)`."""

    use: Literal["exponential"] = "exponential"
    decay: float = nstk.Field(0.96, gt=0, le=1, description="Factor on the learning rate.")
    every: int = nstk.Field(10, ge=1, description="Steps in which the factor is applied once.")

    def build(self, steps: int) -> Any:
        import keras

        return keras.optimizers.schedules.ExponentialDecay(self.start, self.every, self.decay)


class Cosine(_Schedule):
    """Half a cosine from `start` at the first step to `end` at the last."""

    use: Literal["cosine"] = "cosine"
    end: float = nstk.Field(0.0, ge=0, description="Learning rate of the last step, levels.")

    def build(self, steps: int) -> Any:
        import keras

        return keras.optimizers.schedules.CosineDecay(self.start, max(1, steps - 1), alpha=self.end / self.start)


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("use", "constant"))
    return str(getattr(value, "use", "number"))


LearningRate = Annotated[
    Annotated[float, nstk.Field(gt=0), Tag("number")]
    | Annotated[Constant, Tag("constant")]
    | Annotated[Exponential, Tag("exponential")]
    | Annotated[Cosine, Tag("cosine")],
    Discriminator(_kind),
]

SCHEDULES = (
    "a number, or a schedule: {use: constant, start}, {use: exponential, start, decay, every} or {use: cosine, start, end}."
)


class KerasOptimizer(nstk.Optimizer):
    """An optimizer of `keras.optimizers` on the unknowns; the picture is clipped to 0..255 after each step."""

    learning_rate: LearningRate = nstk.Field(2.0, description=f"Learning rate: {SCHEDULES}")
    levels: int = nstk.Field(
        1,
        ge=1,
        le=12,
        description="Levels of a Laplacian pyramid, each moved on its own: more of them move broad areas sooner; 1: pixels.",
    )

    def keras_optimizer(self, learning_rate: Any) -> Any:
        """The `keras.optimizers.Optimizer` to use; `learning_rate` is a number or a Keras schedule."""
        raise NotImplementedError

    def start(self, problem: nstk.Problem, before: nstk.Stepper | None = None) -> nstk.Stepper:
        # Each scale of a pyramid starts anew: with the moments of the one before, resized, Adam was slower all the way (`cafe`
        # at 256 pixels, 40 and 40 steps: a loss of 3.1 in place of 2.6). They know nothing of the details that are new.
        rate = self.learning_rate if isinstance(self.learning_rate, float) else self.learning_rate.build(problem.steps)
        return KerasStepper(self.keras_optimizer(rate), problem, self.levels)

    def pictures(self, steps: int) -> int:
        return 6 if self.levels == 1 else 9  # all levels together are a third larger than the picture


class KerasStepper(nstk.Stepper):
    """Evaluate, and move by what the optimizer does to unknowns that are 0 before each step."""

    def __init__(self, optimizer: Any, problem: nstk.Problem, levels: int = 1):
        import tensorflow as tf

        self.optimizer, self.problem = optimizer, problem
        self.changes = [
            tf.Variable(tf.zeros([1, height, width, 3])) for height, width in sizes(*problem.image.shape[1:3], levels)
        ]
        self.share = tf.Variable(1.0)  # of the optimizer's change
        optimizer.build(self.changes)

    @property
    def variables(self) -> Sequence[Any]:  # type: ignore[override]
        return [self.share, *(variable.value for variable in self.optimizer.variables)]

    def step(self) -> nstk.Evaluation:
        import tensorflow as tf

        evaluation, gradient = self.problem.value_and_grad()
        gradients = apart(gradient, len(self.changes))
        finite = tf.math.is_finite(evaluation.loss) & tf.reduce_all(tf.math.is_finite(gradient))
        # The optimizer never sees NaN or infinity, which its moments would not forget; the picture does, so that it is noticed.
        change = tf.cond(finite, lambda: self._change(gradients), lambda: tf.fill(tf.shape(gradient), math.nan))
        self.problem.move(self.share * change)
        return evaluation

    def _change(self, gradients: Sequence[Any]) -> Any:
        """What the optimizer makes of the gradient of each level."""
        import tensorflow as tf

        for change in self.changes:
            change.assign(tf.zeros_like(change))
        self.optimizer.apply([*gradients], self.changes)
        return together([change.read_value() for change in self.changes])

    def recover(self) -> bool:
        """From now on the picture moves by half."""
        self.share.assign(self.share / 2)
        return True
